import { existsSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Coordinator, eventually, job, Runner, step } from './test-coordinator.ts';

describe.concurrent('job report', { timeout: 40_000 }, () => {
  it('sends the log again from where GitLab has it', async () => {
    await using gitlab = await new Coordinator().start();
    await using runner = new Runner(gitlab);
    const wait = `while [ ! -e ${runner.path('go')} ]; do sleep 0.02; done`;
    gitlab.queue.push(job({ steps: [step('echo hello', wait, 'echo bye')] }));
    gitlab.script = ({ route }) => {
      if (!route.startsWith('PATCH') || existsSync(runner.path('go'))) return undefined;
      return { status: 202 };
    };
    runner.run();
    await eventually(() => expect(gitlab.to('PATCH jobs/1/trace').at(-1)?.text).toContain('while'));
    writeFileSync(runner.path('go'), '');
    await eventually(() => expect(gitlab.updates()).toHaveLength(2));
    expect(gitlab.trace).toMatch(/^Running with .*\n[^]*hello\n[^]*bye\n[^]*Job succeeded/);
  });

  it('sends the whole log again when GitLab finds it damaged', async () => {
    await using gitlab = await new Coordinator().start();
    await using runner = new Runner(gitlab);
    gitlab.queue.push(job({ steps: [step('echo hello')] }));
    gitlab.script = ({ route, text }) => {
      if (!route.startsWith('PUT') || !text.includes('success') || gitlab.updates().length > 2)
        return undefined;
      gitlab.trace = '';
      return { status: 412 };
    };
    runner.run();
    await eventually(() => expect(gitlab.updates()).toHaveLength(3));
    expect(gitlab.trace).toContain('Job succeeded');
  });

  it('tries again while GitLab fails', async () => {
    await using gitlab = await new Coordinator().start();
    await using runner = new Runner(gitlab);
    gitlab.queue.push(job({ steps: [step('echo hello')] }));
    const failures = new Map<string, number>();
    gitlab.script = ({ route }) => {
      const failed = failures.get(route) ?? 0;
      failures.set(route, failed + 1);
      return failed === 0 ? { status: 500 } : undefined;
    };
    runner.run();
    await eventually(() => expect(gitlab.updates().at(-1)).toMatchObject({ state: 'success' }));
    expect(gitlab.trace).toContain('Job succeeded');
  });
});
