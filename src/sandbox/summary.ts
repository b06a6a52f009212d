import { elapsed } from '../engine/time.ts';
import type { Sandbox } from './sandbox.ts';

/** What a run came to; waits in seconds from queued to started. */
export interface Summary {
  readonly jobs: { readonly submitted: number; readonly succeeded: number; readonly failed: number };
  readonly instances: { readonly launched: number; readonly running: number };
  readonly wait: { readonly p50: number; readonly p95: number };
  readonly webhooks: { readonly delivered: number; readonly rejected: number };
  readonly passes: number;
}

/** The smallest value that at least this share of the values does not exceed; 0 where there are none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

/** Counts what happened so far. */
export function summarize(sandbox: Sandbox, passes: number): Summary {
  const jobs = sandbox.gitlab.jobsOfProject(sandbox.project);
  const having = (status: string): number => jobs.filter((job) => job.status === status).length;
  const waits = jobs.flatMap(({ queuedAt, startedAt }) =>
    queuedAt === undefined || startedAt === undefined ? [] : [elapsed(queuedAt, startedAt) / 1000],
  );
  const { delivered, rejected } = sandbox.double.deliveries.counts();
  return {
    jobs: { submitted: jobs.length, succeeded: having('success'), failed: having('failed') },
    instances: { launched: sandbox.ec2.instances().length, running: sandbox.running() },
    wait: { p50: percentile(waits, 0.5), p95: percentile(waits, 0.95) },
    webhooks: { delivered, rejected },
    passes,
  };
}
