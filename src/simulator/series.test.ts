import { describe, expect, it } from 'vitest';
import { billedOf, jobOf, RUN_START, runOf } from '../../test/support/simulated-runs.ts';
import { after, minutes } from '../engine/time.ts';
import { seriesOf } from './series.ts';

const TWO_HOURS = { end: after(RUN_START, minutes(120)) };

describe('the series of a run', () => {
  it('average machines over each step', () => {
    const billed = [billedOf(0, 600), billedOf(300, 900)];
    expect(seriesOf(runOf({ billed })).alive).toEqual({
      from: RUN_START,
      step: minutes(10),
      values: [1.5, 0.5, 0, 0, 0, 0],
    });
  });

  it('average waiting jobs, and busy slots by the machine', () => {
    const { waiting, busy } = seriesOf(runOf({ jobs: [jobOf(0, 300, 600), jobOf(0, 600, 600)], slots: 2 }));
    expect(waiting.values.slice(0, 3)).toEqual([1.5, 0, 0]);
    expect(busy.values.slice(0, 3)).toEqual([0.25, 0.75, 0]);
  });

  it('have the 95th percentile by the hour in which jobs were queued, and nothing for hours without jobs', () => {
    const jobs = Array.from({ length: 20 }, (_, index) => jobOf(3500, index, 60));
    expect(seriesOf(runOf({ ...TWO_HOURS, jobs })).wait95).toEqual({
      from: RUN_START,
      step: minutes(60),
      values: [18_000, undefined],
    });
  });

  it('divide what a machine cost among the hours', () => {
    const billed = [billedOf(1800, 5400, 2)];
    expect(seriesOf(runOf({ ...TWO_HOURS, billed })).dollars.values).toEqual([1, 1]);
  });

  it('have one step at least', () => {
    expect(seriesOf(runOf({ end: RUN_START })).alive.values).toEqual([0]);
  });
});
