import type { Duration } from '../../engine/time.ts';
import type { Compared, Comparison } from '../../simulator/comparison.ts';
import { medianStart } from '../../simulator/conditions.ts';

/** A comparison for programs; lengths of time in seconds. */
export function figuresDocument(comparison: Comparison) {
  const { workload, start, length, jobs, pipelines, conditions, bound, compared } = comparison;
  const { seed, slots, maxJobs, startDelay } = conditions;
  return {
    workload: {
      name: workload,
      start: new Date(start).toISOString(),
      lengthSeconds: inSeconds(length),
      pipelines,
      jobs,
    },
    conditions: {
      seed,
      startSeconds: inSeconds(medianStart(startDelay)),
      slots,
      ...(maxJobs !== undefined && { maxJobs }),
    },
    ...(bound !== undefined && { bound }),
    policies: compared.map(policyDocument),
  };
}

function policyDocument({ name, about, own, summary }: Compared) {
  if (summary === undefined) return { name, about, own, jobs: 0 };
  const { mean, p50, p90, p95, p99, longest, makespan, withinOneSecond, ...figures } = summary;
  const waits = { mean, p50, p90, p95, p99, longest };
  const { jobs, cost, dollars, launched, peak, launchCallsPerJob, throttled, cutOff, unfinished } = figures;
  return {
    name,
    about,
    own,
    jobs,
    cost,
    dollars,
    waitSeconds: Object.fromEntries(Object.entries(waits).map(([key, wait]) => [key, inSeconds(wait)])),
    withinOneSecond,
    makespanSeconds: inSeconds(makespan),
    machines: launched,
    peak,
    launchCallsPerJob,
    throttled,
    cutOff,
    unfinished,
  };
}

function inSeconds(duration: Duration): number {
  return duration / 1000;
}
