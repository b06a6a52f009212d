import { after, instant, seconds } from '../../src/engine/time.ts';
import type { Billed, JobResult, Run } from '../../src/simulator/result.ts';

/** When runs made by hand begin. */
export const RUN_START = instant(Date.UTC(2026, 0, 5));

/** A job that was queued so many seconds after the start, waited, and then ran. */
export function jobOf(
  queued: number,
  waited: number,
  ran: number,
  more: Partial<Pick<JobResult, 'pipeline' | 'succeeded'>> = {},
): JobResult {
  const queuedAt = after(RUN_START, seconds(queued));
  const scriptAt = after(queuedAt, seconds(waited));
  return {
    queuedAt,
    scriptAt,
    endedAt: after(scriptAt, seconds(ran)),
    pipeline: 1,
    succeeded: true,
    ...more,
  };
}

/** A machine that is billed from one second after the start to another, at a dollar an hour. */
export function billedOf(from: number, to: number, price = 1, slots = 1): Billed {
  return { from: after(RUN_START, seconds(from)), to: after(RUN_START, seconds(to)), price, slots };
}

/** A run of one hour in which nothing happens but what is given. */
export function runOf(facts: Partial<Run> = {}): Run {
  return {
    autoscaler: 'by hand',
    about: 'made for a test',
    workload: 'by hand',
    seed: 1,
    slots: 1,
    start: RUN_START,
    end: after(RUN_START, seconds(3600)),
    jobs: [],
    unfinished: 0,
    cutOff: 0,
    billed: [],
    launched: 0,
    calls: {},
    throttled: 0,
    peak: 0,
    ...facts,
  };
}
