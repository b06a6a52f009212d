import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Coordinator, ended, eventually, job, Runner, step } from './test-coordinator.ts';

const short = (id: number, ...script: readonly string[]): object =>
  job({ steps: [step('true', ...script)] }, id);

describe.concurrent('run-single', { timeout: 40_000 }, () => {
  it('runs its number of jobs, one after the other, and ends by itself', async () => {
    await using gitlab = await new Coordinator().start();
    await using runner = new Runner(gitlab);
    gitlab.queue.push(...[1, 2, 3].map((id) => short(id, `echo ${id} >>${runner.path('order')}`)));
    const child = runner.runSingle(2);
    expect(await ended(child)).toBe(0);
    expect(readFileSync(runner.path('order'), 'utf8')).toBe('1\n2\n');
    expect(gitlab.queue).toHaveLength(1);
    expect(gitlab.to('POST jobs/request')).toHaveLength(2);
    expect(runner.log).toContain('This runner has processed its build limit, so now exiting');
  });

  it('waits for its open request when it is stopped, and runs the job that comes', async () => {
    await using gitlab = await new Coordinator().start();
    await using runner = new Runner(gitlab);
    gitlab.holdJobs();
    const child = runner.runSingle(5);
    await eventually(() => expect(gitlab.to('POST jobs/request')).toHaveLength(1));
    child.kill('SIGQUIT');
    await eventually(() => expect(runner.log).toContain('running jobs finish'));
    child.kill('SIGQUIT');
    gitlab.handOver(short(1));
    expect(await ended(child)).toBe(0);
    expect(gitlab.updates()[1]).toMatchObject({ state: 'success' });
    expect(gitlab.to('POST jobs/request')).toHaveLength(1);
  });

  it('ends when its open request brings none', async () => {
    await using gitlab = await new Coordinator().start();
    await using runner = new Runner(gitlab);
    gitlab.holdJobs();
    const child = runner.runSingle(1);
    await eventually(() => expect(gitlab.to('POST jobs/request')).toHaveLength(1));
    child.kill('SIGQUIT');
    await eventually(() => expect(runner.log).toContain('running jobs finish'));
    gitlab.handOver();
    expect(await ended(child)).toBe(0);
    expect(gitlab.to('POST jobs/request')).toHaveLength(1);
  });

  it('does not count a job that GitLab does not confirm', async () => {
    await using gitlab = await new Coordinator().start();
    await using runner = new Runner(gitlab);
    gitlab.queue.push(short(1, `touch ${runner.path('one')}`), short(2, `touch ${runner.path('two')}`));
    gitlab.script = ({ route }) => (route === 'PUT jobs/1' ? { status: 409 } : undefined);
    expect(await ended(runner.runSingle(1))).toBe(0);
    expect([existsSync(runner.path('one')), existsSync(runner.path('two'))]).toEqual([false, true]);
  });

  it('on TERM fails the running job and asks for no other', async () => {
    await using gitlab = await new Coordinator().start();
    await using runner = new Runner(gitlab);
    gitlab.queue.push(job({ steps: [step('sleep 600')] }), short(2));
    const child = runner.runSingle(2);
    await eventually(() => expect(gitlab.trace).toContain('$ sleep 600'));
    expect(await ended(child, 'SIGTERM')).toBe(0);
    expect(gitlab.updates().at(-1)).toMatchObject({ state: 'failed', failure_reason: 'runner_interrupted' });
    expect(gitlab.queue).toHaveLength(1);
  });

  it.for([
    [['--runner', 'r'], 2, 'usage:'],
    [['--runner', 'r', '--max-builds', '0'], 2, 'usage:'],
    [['--runner', 'other', '--max-builds', '1'], 1, 'has none of that name'],
  ] as const)('refuses %j', async ([words, code, said]) => {
    await using gitlab = await new Coordinator().start();
    await using runner = new Runner(gitlab);
    expect(await ended(runner.start('run-single', '--config', runner.config, ...words))).toBe(code);
    expect(runner.log).toContain(said);
    expect(gitlab.calls).toEqual([]);
  });

  it('says that it knows a user for its jobs', async () => {
    await using gitlab = await new Coordinator().start();
    await using runner = new Runner(gitlab);
    expect(await ended(runner.start('run-single', '--help'))).toBe(0);
    expect(runner.log).toMatch(/^ *--user /m);
  });
});
