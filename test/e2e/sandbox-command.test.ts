import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { CliRun } from '../support/cli-run.ts';
import { eventually } from '../support/eventually.ts';

const count = z.int().nonnegative();

/** The one line that a run prints, and nothing beside it. */
const summaryShape = z.strictObject({
  jobs: z.strictObject({ submitted: count, succeeded: count, failed: count }),
  instances: z.strictObject({ launched: count, running: count }),
  wait: z.strictObject({ p50: z.number().positive(), p95: z.number().positive() }),
  webhooks: z.strictObject({ delivered: count, rejected: count }),
  passes: z.int().positive(),
});

/** One pipeline of the workload: 2 jobs, then 4 of which one is for large machines, then 2. */
const JOBS = 8;
/**
 * The most that may be bought for it. Within a stage the demand only falls, so a stage never buys more
 * than all of its jobs at once need with two slots an instance, however late it is seen and however often
 * the daemon dies; at worst everything has left between two stages. That is 1, then 2 and a large one,
 * then 1. One purchase made twice would be beyond what a stage needs.
 */
const MOST_INSTANCES = 5;

async function runToEnd(...flags: readonly string[]) {
  await using run = await CliRun.start(
    'sandbox',
    '--jobs',
    String(JOBS),
    '--exit-when-done',
    '--json',
    ...flags,
  );
  const ending = await run.ended(120_000);
  const lines = run.out.trimEnd().split('\n');
  return {
    ending,
    err: run.err,
    lines: lines.length,
    summary: summaryShape.parse(JSON.parse(lines.at(-1) ?? '')),
    left: [...run.processes(), ...(await run.files())],
  };
}

describe.concurrent('runtide sandbox --exit-when-done', () => {
  it.for([
    ['--drop-webhooks', { delivered: 0, rejected: 0 }],
    ['--kill-daemon', { delivered: expect.any(Number), rejected: expect.any(Number) }],
  ] as const)(
    '%s: every job succeeds, nothing is bought twice, nothing is left',
    async ([flag, webhooks]) => {
      const { ending, err, lines, summary, left } = await runToEnd(flag);
      expect({ ending, err, lines }).toEqual({ ending: { code: 0, signal: null }, err: '', lines: 1 });
      expect(summary.jobs).toEqual({ submitted: JOBS, succeeded: JOBS, failed: 0 });
      expect(summary.webhooks).toEqual(webhooks);
      expect(summary.instances.running).toBe(0);
      expect(summary.instances.launched).toBeGreaterThanOrEqual(2);
      expect(summary.instances.launched).toBeLessThanOrEqual(MOST_INSTANCES);
      expect(left).toEqual([]);
    },
  );
});

/** Starts the sandbox as a person does, and waits until machines run and work. */
async function startBusy(): Promise<CliRun> {
  const run = await CliRun.start('sandbox');
  await eventually('a job has run', () => /job \d+ .*: success/.test(run.out));
  expect(run.processes().length).toBeGreaterThan(3);
  return run;
}

describe.concurrent('runtide sandbox', () => {
  it('ends at Ctrl-C and leaves nothing behind', async () => {
    await using run = await startBusy();
    run.send('SIGINT');
    expect(await run.ended(30_000)).toEqual({ code: 0, signal: null });
    expect(run.err).toBe('');
    expect([...run.processes(), ...(await run.files())]).toEqual([]);
  });

  it('takes all its processes along when it is killed', async () => {
    await using run = await startBusy();
    run.send('SIGKILL');
    expect(await run.ended(30_000)).toEqual({ code: null, signal: 'SIGKILL' });
    await eventually('no process is left', () => run.processes().length === 0, 20_000);
    expect(run.processes()).toEqual([]);
  });
});
