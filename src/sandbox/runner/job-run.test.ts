import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { CLEANUP, Coordinator, ended, eventually, job, Runner, step, TOKEN } from './test-coordinator.ts';

describe.concurrent('job', { timeout: 40_000 }, () => {
  it('runs a job and reports it', async () => {
    await using gitlab = await new Coordinator().start();
    await using runner = new Runner(gitlab);
    const variables = [
      { key: 'GIT_STRATEGY', value: 'none' },
      { key: 'NAME', value: 'hunter2', masked: true },
    ];
    gitlab.queue.push(job({ steps: [step('echo "hello $NAME"', 'pwd')], variables }));
    runner.run();
    await eventually(() => expect(gitlab.updates()).toHaveLength(2));

    const id = readFileSync(runner.path('.runner_system_id'), 'utf8');
    expect(JSON.parse(gitlab.to('POST jobs/request')[0]?.text ?? '')).toMatchObject({
      token: TOKEN,
      system_id: id,
      info: { executor: 'shell', features: { two_phase_job_commit: true, return_exit_code: true } },
    });
    expect(gitlab.calls[0]?.headers).toMatchObject({ 'runner-token': TOKEN });
    expect(gitlab.trace).toContain('$ echo "hello $NAME"\u001B[0;m\nhello [MASKED]\n');
    expect(gitlab.trace).toContain(`${runner.folder}/builds/abcdefghi/0/acme/web\n`);
    expect(gitlab.trace).toContain('Job succeeded');
    const checksum = `crc32:${crc32(gitlab.trace).toString(16).padStart(8, '0')}`;
    const output = { checksum, bytesize: gitlab.trace.length };
    expect(gitlab.updates()[0]).toMatchObject({ token: 'job-token-1', state: 'running' });
    expect(gitlab.updates()[1]).toMatchObject({ token: 'job-token-1', state: 'success', checksum, output });
    expect(gitlab.to('PUT jobs/1')[0]?.headers['job-token']).toBe('job-token-1');
    await eventually(() =>
      expect(gitlab.to('POST jobs/request').at(-1)?.text).toContain('"last_update":"version-7"'),
    );
    expect(runner.log).not.toContain(TOKEN);
    await eventually(() => expect(readdirSync(runner.path('builds/abcdefghi/0/acme'))).toEqual(['web']));
  });

  it.for([
    ['exit 7', 7],
    ['false | true', 1],
    ['kill -KILL $$', 137],
  ] as const)('reports the exit code of %j', async ([line, code]) => {
    await using gitlab = await new Coordinator().start();
    await using runner = new Runner(gitlab);
    gitlab.queue.push(job({ steps: [step(line, 'echo never'), CLEANUP] }));
    runner.run();
    await eventually(() => expect(gitlab.updates()).toHaveLength(2));
    expect(gitlab.updates()[1]).toMatchObject({
      state: 'failed',
      failure_reason: 'script_failure',
      exit_code: code,
    });
    expect(gitlab.trace).toContain('cleaned\n');
    expect(gitlab.trace).not.toContain('never\n');
  });

  it('ends a canceled job in order', async () => {
    await using gitlab = await new Coordinator().start();
    await using runner = new Runner(gitlab);
    gitlab.queue.push(job({ steps: [step('echo started; sleep 600'), CLEANUP] }));
    gitlab.script = ({ route, text }) =>
      route.startsWith('PATCH') && text.includes('started\n')
        ? { status: 202, headers: { 'job-status': 'canceling' } }
        : route.startsWith('PATCH')
          ? { status: 202 }
          : undefined;
    runner.run();
    await eventually(() => expect(gitlab.updates()).toHaveLength(2));
    expect(gitlab.updates()[1]).toMatchObject({ state: 'failed', failure_reason: 'job_canceled' });
    expect(
      gitlab
        .to('PATCH jobs/1/trace')
        .map(({ text }) => text)
        .join(''),
    ).toContain('cleaned\n');
  });

  it('drops a job at once that GitLab has canceled', async () => {
    await using gitlab = await new Coordinator().start();
    await using runner = new Runner(gitlab);
    gitlab.queue.push(job({ steps: [step(`touch ${runner.path('up')}; sleep 600`), CLEANUP] }));
    gitlab.script = ({ route }) =>
      route.startsWith('PATCH') && existsSync(runner.path('up'))
        ? { status: 202, headers: { 'job-status': 'canceled' } }
        : undefined;
    const child = runner.run();
    await eventually(() => expect(runner.log).toContain('Job ended: failed'));
    expect(await ended(child, 'SIGQUIT')).toBe(0);
    expect(gitlab.updates()).toHaveLength(1);
  });

  it('fails a job that outlasts its time', async () => {
    await using gitlab = await new Coordinator().start();
    await using runner = new Runner(gitlab);
    gitlab.queue.push(job({ steps: [step('sleep 600')], runner_info: { timeout: 0.2 } }));
    runner.run();
    await eventually(() => expect(gitlab.updates()).toHaveLength(2));
    expect(gitlab.updates()[1]).toMatchObject({ state: 'failed', failure_reason: 'job_execution_timeout' });
  });
});
