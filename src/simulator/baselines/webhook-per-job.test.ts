import { describe, expect, it } from 'vitest';
import { minutes, seconds } from '../../engine/time.ts';
import { billed, runJobs, waits, withoutWebhooks } from '../../../test/support/simulated-jobs.ts';
import { webhookPerJob } from './webhook-per-job.ts';

const JOBS = [1, 20].map((at) => ({ at: minutes(at), count: 4, duration: minutes(2) }));

describe('a webhook for each job', () => {
  it('gives each a machine of its own, which ends with it', async () => {
    const run = await runJobs(webhookPerJob(), JOBS);
    expect([run.launched, run.calls['CreateFleet'], run.peak]).toEqual([8, 8, 4]);
    expect(waits(run)).toEqual(Array.from({ length: 8 }, () => 30));
    for (const time of billed(run)) expect(time).toBeLessThan(20 + 120 + 10);
  });

  it('launches a burst as fast as EC2 lets the account call', async () => {
    const run = await runJobs(webhookPerJob(), [{ at: minutes(1), count: 45, duration: minutes(2) }]);
    // Five calls at once, then two a second.
    expect(waits(run).at(-1)).toBeCloseTo(30 + 40 / 2, 0);
    expect(run.throttled).toBeLessThan(5);
  });

  it('never starts a job whose webhook was lost', async () => {
    const run = await runJobs(withoutWebhooks(webhookPerJob()), [
      { at: seconds(5), count: 1, duration: minutes(1) },
    ]);
    expect([run.launched, run.unfinished]).toEqual([0, 1]);
  });
});
