import { elapsed, milliseconds, seconds } from '../engine/time.ts';
import { percentile } from './percentile.ts';
import type { Billed, JobResult, Run, Summary } from './result.ts';

/** What GitLab.com calls a satisfied job: its script begins so soon. */
const AT_ONCE = seconds(1);
const HOUR = 3_600_000;

/** The actions by which machines are bought or started. */
const BUYING: ReadonlySet<string> = new Set(['CreateFleet', 'RunInstances', 'StartInstances']);

/** The figures of a run; undefined where no job ran, because then there is nothing to compare. */
export function summarise(run: Run): Summary | undefined {
  const { jobs, billed, calls, launched, throttled, peak, cutOff, unfinished } = run;
  if (jobs.length === 0) return undefined;
  const waits = jobs.map(({ queuedAt, scriptAt }) => elapsed(queuedAt, scriptAt)).toSorted((a, b) => a - b);
  const at = (share: number) => milliseconds(percentile(waits, share));
  const buying = Object.entries(calls).filter(([action]) => BUYING.has(action));
  return {
    jobs: jobs.length,
    cost: sum(billed.map((one) => lengthOf(one) * one.slots)) / usefulTime(jobs),
    dollars: sum(billed.map(dollarsOf)),
    mean: milliseconds(mean(waits)),
    p50: at(0.5),
    p90: at(0.9),
    p95: at(0.95),
    p99: at(0.99),
    longest: at(1),
    withinOneSecond: waits.filter((wait) => wait <= AT_ONCE).length / waits.length,
    makespan: milliseconds(mean(makespans(jobs))),
    launched,
    launchCallsPerJob: sum(buying.map(([, count]) => count)) / jobs.length,
    throttled,
    peak,
    cutOff,
    unfinished,
  };
}

/** Milliseconds in which scripts ran. */
export function usefulTime(jobs: readonly JobResult[]): number {
  return sum(jobs.map(({ scriptAt, endedAt }) => elapsed(scriptAt, endedAt)));
}

function lengthOf({ from, to }: Billed): number {
  return elapsed(from, to);
}

function dollarsOf(billed: Billed): number {
  return (lengthOf(billed) / HOUR) * billed.price;
}

/** From the creation of each pipeline, when its first jobs begin to wait, to the end of its last job. */
function makespans(jobs: readonly JobResult[]): readonly number[] {
  const spans = new Map<number, { from: number; to: number }>();
  for (const { pipeline, queuedAt, endedAt } of jobs) {
    const span = spans.get(pipeline) ?? { from: queuedAt, to: endedAt };
    span.from = Math.min(span.from, queuedAt);
    span.to = Math.max(span.to, endedAt);
    spans.set(pipeline, span);
  }
  return [...spans.values()].map(({ from, to }) => to - from);
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
