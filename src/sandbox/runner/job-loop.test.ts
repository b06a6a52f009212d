import { existsSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Coordinator, ended, eventually, job, Runner, step, TOKEN } from './test-coordinator.ts';

describe.concurrent('job loop', { timeout: 40_000 }, () => {
  it('runs two jobs at a time, each in its slot', async () => {
    await using gitlab = await new Coordinator().start();
    await using runner = new Runner(gitlab);
    const meet = (mine: string, other: string): string[] => [
      `touch ${runner.path(mine)}`,
      `while [ ! -e ${runner.path(other)} ]; do sleep 0.02; done`,
    ];
    gitlab.queue.push(
      job({ steps: [step(...meet('one', 'two'))] }),
      job({ steps: [step(...meet('two', 'one'))] }, 2),
    );
    gitlab.script = (call) => (call.route.startsWith('PATCH') ? { status: 202 } : undefined);
    runner.run();
    await eventually(() => expect([gitlab.updates(1).length, gitlab.updates(2).length]).toEqual([2, 2]));
    expect(gitlab.updates(1)[1]).toMatchObject({ state: 'success' });
    expect(readdirSync(runner.path('builds/abcdefghi')).toSorted()).toEqual(['0', '1']);
  });

  it('does not run a job that GitLab does not confirm', async () => {
    await using gitlab = await new Coordinator().start();
    await using runner = new Runner(gitlab);
    gitlab.queue.push(job({ steps: [step(`touch ${runner.path('ran')}`)] }));
    gitlab.script = ({ route }) => (route.startsWith('PUT') ? { status: 409 } : undefined);
    const child = runner.run();
    await eventually(() => expect(runner.log).toContain('Job dropped'));
    expect(await ended(child, 'SIGQUIT')).toBe(0);
    expect(existsSync(runner.path('ran'))).toBe(false);
    expect(gitlab.updates()).toHaveLength(1);
  });

  it('stops asking when GitLab has refused it three times', async () => {
    await using gitlab = await new Coordinator().start();
    await using runner = new Runner(gitlab);
    gitlab.script = () => ({ status: 403 });
    const child = runner.run();
    await eventually(() => expect(runner.log).toContain('disabled for 1h0m0s'));
    expect(await ended(child, 'SIGQUIT')).toBe(0);
    expect(gitlab.calls).toHaveLength(3);
    expect(runner.log).not.toContain(TOKEN);
  });
});
