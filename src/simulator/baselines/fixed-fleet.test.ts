import { expect, it } from 'vitest';
import { minutes, seconds } from '../../engine/time.ts';
import { fixedFleet } from './fixed-fleet.ts';
import { runJobs } from '../../../test/support/simulated-jobs.ts';

it('a fixed fleet has so many machines from the first minute to the last', async () => {
  const run = await runJobs(fixedFleet(7), [{ at: seconds(60), count: 20, duration: minutes(2) }]);
  expect([run.launched, run.peak, run.jobs.length]).toEqual([7, 7, 20]);
  for (const { from, to } of run.billed) expect([from - run.start, to]).toEqual([10_000, run.end]);
});
