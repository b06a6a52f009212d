import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  Coordinator,
  ended,
  eventually,
  job,
  livingOf,
  REASONS,
  Runner,
  step,
  TOKEN,
} from './test-coordinator.ts';

describe.concurrent('built-in runner', { timeout: 40_000 }, () => {
  it('on QUIT gives up its open poll and finishes the running job', async () => {
    await using gitlab = await new Coordinator().start();
    await using runner = new Runner(gitlab);
    gitlab.queue.push(job({ steps: [step(`while [ ! -e ${runner.path('go')} ]; do sleep 0.02; done`)] }));
    gitlab.script = ({ route }) =>
      route.startsWith('POST') && gitlab.queue.length === 0 ? 'hold' : undefined;
    const child = runner.run();
    await eventually(() => expect(gitlab.to('POST jobs/request')).toHaveLength(2));
    await eventually(() => expect(gitlab.updates()).toHaveLength(1));
    child.kill('SIGQUIT');
    await eventually(() => expect(runner.log).toContain('Stopping'));
    child.kill('SIGQUIT');
    writeFileSync(runner.path('go'), '');
    expect(await ended(child)).toBe(0);
    expect(gitlab.updates()[1]).toMatchObject({ state: 'success' });
    expect(gitlab.to('POST jobs/request')).toHaveLength(2);
  });

  it('on QUIT without a job is gone at once', async () => {
    await using gitlab = await new Coordinator().start();
    await using runner = new Runner(gitlab);
    gitlab.script = () => 'hold';
    const child = runner.run();
    await eventually(() => expect(gitlab.calls).toHaveLength(1));
    expect(await ended(child, 'SIGQUIT')).toBe(0);
  });

  it.for([
    [REASONS, 'runner_interrupted'],
    [['script_failure'], 'unknown_failure'],
  ] as const)('on TERM fails the running job, where GitLab knows %j', async ([reasons, reported]) => {
    await using gitlab = await new Coordinator().start();
    await using runner = new Runner(gitlab);
    gitlab.queue.push(
      job({
        steps: [step(`echo $$ >${runner.path('pid')}`, 'sleep 600')],
        features: { failure_reasons: reasons },
      }),
    );
    const child = runner.run();
    await eventually(() => expect(gitlab.trace).toContain('$ sleep 600'));
    expect(await ended(child, 'SIGTERM')).toBe(0);
    expect(gitlab.updates().at(-1)).toMatchObject({ state: 'failed', failure_reason: reported });
    const pid = Number(readFileSync(runner.path('pid'), 'utf8'));
    expect(livingOf(pid)).toEqual([]);
  });

  it('unregisters its manager and leaves the configuration without it', async () => {
    await using gitlab = await new Coordinator().start();
    await using runner = new Runner(gitlab);
    writeFileSync(runner.path('.runner_system_id'), 'r_0123456789ab');
    const args = ['unregister', '--config', runner.config, '--all-runners'];
    gitlab.script = () => (gitlab.calls.length === 1 ? { status: 403 } : undefined);
    expect(await ended(runner.start(...args))).toBe(0);
    expect(readFileSync(runner.config, 'utf8')).toContain('[[runners]]');
    expect(await ended(runner.start(...args))).toBe(0);
    expect(readFileSync(runner.config, 'utf8')).not.toContain('runners');
    const asked = gitlab.to('DELETE runners/managers').map(({ text }): unknown => JSON.parse(text));
    expect(asked).toEqual([
      { token: TOKEN, system_id: 'r_0123456789ab' },
      { token: TOKEN, system_id: 'r_0123456789ab' },
    ]);
  });

  it('says its version, and how it is called', async () => {
    await using gitlab = await new Coordinator().start();
    await using runner = new Runner(gitlab);
    expect(await ended(runner.start('--version'))).toBe(0);
    await eventually(() => expect(runner.log).toMatch(/Version: +\d+\.\d+/));
    expect(await ended(runner.start('register'))).toBe(2);
    await eventually(() => expect(runner.log).toContain('usage:'));
  });
});
