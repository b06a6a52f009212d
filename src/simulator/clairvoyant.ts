import { medianOf } from '../adapters/memory/ec2/life-times.ts';
import { type Duration, milliseconds } from '../engine/time.ts';
import type { Conditions } from './conditions.ts';
import { type Span, unhinderedJobs } from './unhindered.ts';
import type { Workload } from './workload.ts';

/** The least machine time with which no job waits. */
export interface ClairvoyantBound {
  /** Of all machines, boots included. */
  readonly billed: Duration;
  /** Of the scripts that ran. */
  readonly useful: Duration;
  /** Billed machine time over the time of scripts, per slot. */
  readonly cost: number;
}

/**
 * What somebody would pay who knows every push beforehand and lets no job wait: a lower bound for every autoscaler with
 * which no job waits (who lets jobs wait may pay less, down to 1). Undefined where no script runs.
 *
 * Each job starts when it is queued, on the machine that became idle last, or on one that was booted just in time. An
 * idle machine is kept where that costs no more than its billed boot. This is the optimum: what a gap costs is concave
 * in its length, so that gaps within each other never cost more than gaps that cross.
 *
 * With several slots it is the optimum for jobs that may move between machines while they run, and with `maxJobs` no
 * fewer machines boot than the jobs need: no real fleet pays less, and one whose machines have a single slot, and are
 * used again or for a single job, pays exactly this. Boots take their median. The 60 seconds that EC2 bills at least are
 * left out.
 */
export function clairvoyantBound(
  workload: Workload,
  { startDelay, slots, maxJobs = Infinity }: Pick<Conditions, 'startDelay' | 'slots' | 'maxJobs'>,
): ClairvoyantBound | undefined {
  const jobs = unhinderedJobs(workload);
  const useful = jobs.reduce((sum, { from, to }) => sum + to - from, 0);
  if (useful === 0) return undefined;
  const boot = medianOf(startDelay.boot);
  const { busy, spent } = leastMachineTime(jobs, slots, boot);
  const billed = busy + Math.max(spent, Math.ceil(jobs.length / maxJobs) * boot);
  return {
    billed: milliseconds(billed),
    useful: milliseconds(useful),
    cost: (billed * slots) / useful,
  };
}

/** The time of machines that must be there for their jobs, and what is spent on idling and boots between. */
function leastMachineTime(jobs: readonly Span[], slots: number, boot: Duration) {
  const idleSince: Duration[] = [];
  let running = 0;
  let last = 0;
  let busy = 0;
  let spent = 0;
  for (const { at, by } of changesOf(jobs)) {
    const before = Math.ceil(running / slots);
    busy += before * (at - last);
    last = at;
    running += by;
    const machines = Math.ceil(running / slots);
    if (machines < before) idleSince.push(at);
    if (machines > before) spent += Math.min(boot, at - (idleSince.pop() ?? -Infinity));
  }
  return { busy, spent };
}

interface Change {
  readonly at: Duration;
  /** How many jobs more run. */
  readonly by: 1 | -1;
}

/** Ends before beginnings of the same time, so that a machine goes from one job to the next. */
function changesOf(jobs: readonly Span[]): readonly Change[] {
  return jobs
    .flatMap(({ from, to }): readonly Change[] => [
      { at: from, by: 1 },
      { at: to, by: -1 },
    ])
    .toSorted((one, other) => one.at - other.at || one.by - other.by);
}
