import { describe, expect, it } from 'vitest';
import { minutes, seconds } from '../../engine/time.ts';
import { billed, runJobs, waits, withoutWebhooks } from '../../../test/support/simulated-jobs.ts';
import { webhookReuse } from './webhook-reuse.ts';

describe('webhooks with machines that are used again', () => {
  it('launches a machine for a job that still waits after 30 s, one every half second', async () => {
    const run = await runJobs(webhookReuse(), [{ at: minutes(1), count: 4, duration: minutes(2) }]);
    const all = waits(run);
    expect([run.launched, run.calls['CreateFleet']]).toEqual([4, 4]);
    expect([all[0], all.at(-1)]).toEqual([60, 61.5]);
  });

  it('launches none for jobs that a free machine takes before', async () => {
    const jobs = [10, 250].map((at) => ({ at: seconds(at), count: 3, duration: minutes(2) }));
    const run = await runJobs(webhookReuse(), jobs);
    expect(run.launched).toBe(3);
    expect(
      waits(run)
        .slice(0, 3)
        .every((wait) => wait <= 3),
    ).toBe(true);
  });

  it('ends idle machines at the first sweep of five minutes after their first five', async () => {
    const run = await runJobs(webhookReuse(), [{ at: seconds(10), count: 1, duration: minutes(1) }]);
    // Launched at 0:40, it is younger than five minutes at 5:00 and leaves at 10:00, up to one look at its tags later.
    const [time = 0] = billed(run);
    expect(time).toBeGreaterThanOrEqual(600 - 50);
    expect(time).toBeLessThan(600 - 50 + 4);
  });

  it('never starts a job whose webhook was lost', async () => {
    const run = await runJobs(withoutWebhooks(webhookReuse()), [
      { at: seconds(5), count: 1, duration: minutes(1) },
    ]);
    expect([run.launched, run.unfinished]).toEqual([0, 1]);
  });
});
