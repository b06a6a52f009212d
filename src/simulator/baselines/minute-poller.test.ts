import { describe, expect, it } from 'vitest';
import { minutes, seconds } from '../../engine/time.ts';
import { START_DELAYS } from '../conditions.ts';
import { minutePoller } from './minute-poller.ts';
import { billed, runJobs, waits } from '../../../test/support/simulated-jobs.ts';

describe('a minute poller with an alarm', () => {
  it('launches for all that wait, a minute after the reading that counted them', async () => {
    const run = await runJobs(minutePoller(), [{ at: seconds(90), count: 20, duration: minutes(5) }]);
    expect(run.peak).toBe(20);
    const all = waits(run);
    // 30 s until the reading, 60 s until the alarm, 30 s to boot, and up to one poll.
    expect(all[0]).toBeGreaterThanOrEqual(120);
    expect(all.at(-1)).toBeLessThan(124);
  });

  it('keeps machines until ten readings in a row needed fewer', async () => {
    const run = await runJobs(minutePoller(), [{ at: seconds(90), count: 1, duration: minutes(5) }]);
    const [time = 0] = billed(run);
    expect(time).toBeGreaterThan(60 * 15);
    expect(time).toBeLessThan(60 * 18);
  });

  it('keeps as many as the most of these readings needed', async () => {
    const jobs = [5, 14, 23].map((at) => ({ at: minutes(at), count: 3, duration: minutes(2) }));
    const run = await runJobs(minutePoller(), jobs, { startDelay: START_DELAYS.fast });
    expect(run.launched).toBe(3);
    expect(waits(run)[5]).toBeLessThanOrEqual(3);
  });
});
