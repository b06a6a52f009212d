import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Coordinator, ended, eventually, job, Runner, step } from './test-coordinator.ts';

const TOKENS = ['glrt-web_of-the-test', 'glrt-app_of-the-test'];

/** The process of one machine that serves several runners. */
function runnerOfSeveral(gitlab: Coordinator, concurrent: number): Runner {
  const runner = new Runner(gitlab);
  const entries = TOKENS.map(
    (token, index) =>
      `[[runners]]\nname = "r ${String(index + 1)}"\nurl = "${gitlab.url}"\ntoken = "${token}"\nexecutor = "shell"\n`,
  );
  const global = `concurrent = ${String(concurrent)}\ncheck_interval = 0.05\n`;
  writeFileSync(runner.config, global + entries.join(''));
  writeFileSync(runner.path('.runner_system_id'), 'r_0123456789ab');
  return runner;
}

/** The tokens in the bodies of some calls, in their order. */
function tokensIn(gitlab: Coordinator, route: string): unknown[] {
  return gitlab.to(route).map(({ text }) => /"token":"([^"]*)"/.exec(text)?.[1]);
}

/** Gives each runner jobs of its own, as GitLab does for runners of several projects. */
function giveEach(gitlab: Coordinator, jobs: Readonly<Record<string, object[]>>): void {
  gitlab.script = ({ route, text }) => {
    if (route !== 'POST jobs/request') return undefined;
    const token = TOKENS.find((one) => text.includes(one)) ?? '';
    const next = jobs[token]?.shift();
    return next === undefined ? { status: 204 } : { status: 201, body: JSON.stringify(next) };
  };
}

describe.concurrent('several runners in one process', { timeout: 40_000 }, () => {
  it('all get jobs, as the same machine', async () => {
    await using gitlab = await new Coordinator().start();
    await using runner = runnerOfSeveral(gitlab, 2);
    const [web = '', app = ''] = TOKENS;
    const note = (name: string): object => step(`echo ${name} >>${runner.path(name)}`);
    giveEach(gitlab, {
      [web]: [job({ steps: [note('web')] }, 1)],
      [app]: [job({ steps: [note('app')] }, 2)],
    });
    const child = runner.run();
    await eventually(() => {
      expect(['web', 'app'].map((name) => existsSync(runner.path(name)))).toEqual([true, true]);
      expect([1, 2].map((id) => gitlab.updates(id).at(-1))).toMatchObject([
        { state: 'success' },
        { state: 'success' },
      ]);
    });
    const asked = gitlab.to('POST jobs/request').map(({ text }) => /"system_id":"([^"]*)"/.exec(text)?.[1]);
    expect(new Set(asked)).toEqual(new Set(['r_0123456789ab']));
    expect(await ended(child, 'SIGQUIT')).toBe(0);
  });

  it('run no more jobs at once than the machine has slots', async () => {
    await using gitlab = await new Coordinator().start();
    await using runner = runnerOfSeveral(gitlab, 1);
    const wait = step(`while [ ! -e ${runner.path('go')} ]; do sleep 0.02; done`);
    giveEach(
      gitlab,
      Object.fromEntries(TOKENS.map((token, index) => [token, [job({ steps: [wait] }, index + 1)]])),
    );
    const child = runner.run();
    await eventually(() => expect([1, 2].flatMap((id) => gitlab.updates(id))).toHaveLength(1));
    const before = gitlab.to('POST jobs/request').length;
    child.kill('SIGQUIT');
    await eventually(() => expect(runner.log).toContain('running jobs finish'));
    writeFileSync(runner.path('go'), '');
    expect(await ended(child)).toBe(0);
    expect(gitlab.to('POST jobs/request')).toHaveLength(before);
    expect([1, 2].flatMap((id) => gitlab.updates(id))).toHaveLength(2);
  });

  it('are all unregistered; what GitLab did not let go stays in the configuration', async () => {
    await using gitlab = await new Coordinator().start();
    await using runner = runnerOfSeveral(gitlab, 2);
    const [web = '', app = ''] = TOKENS;
    const args = ['unregister', '--config', runner.config, '--all-runners'];
    gitlab.script = ({ text }) =>
      text.includes(app) && gitlab.calls.length < 3 ? { status: 403 } : undefined;
    expect(await ended(runner.start(...args))).toBe(0);
    expect(readFileSync(runner.config, 'utf8')).not.toContain(web);
    expect(readFileSync(runner.config, 'utf8')).toContain(app);
    expect(await ended(runner.start(...args))).toBe(0);
    expect(readFileSync(runner.config, 'utf8')).not.toContain('[[runners]]');
    expect(tokensIn(gitlab, 'DELETE runners/managers')).toEqual([web, app, app]);
  });
});
