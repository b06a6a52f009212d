import { type Duration, instant, milliseconds, minutes, seconds } from '../../src/engine/time.ts';
import type { Autoscaler } from '../../src/simulator/autoscaler.ts';
import { type Conditions, STANDARD } from '../../src/simulator/conditions.ts';
import type { Run } from '../../src/simulator/result.ts';
import { simulate } from '../../src/simulator/simulate.ts';
import type { Workload } from '../../src/simulator/workload.ts';

/** Fifty jobs of five minutes at once, to a fleet that was started 100 s before; all is watched for 2,600 s. */
const BURST: Workload = {
  name: 'burst',
  start: instant(Date.UTC(2026, 0, 5, 8)),
  length: seconds(2600),
  pipelines: [
    {
      at: seconds(100),
      project: 'web',
      stages: ['test'],
      jobs: Array.from({ length: 50 }, (_, index) => ({
        name: `job-${index}`,
        stage: 'test',
        tags: [],
        duration: seconds(300),
      })),
    },
  ],
};

/** One row of the burst table: seconds, hours, machines. */
export interface BurstRow {
  readonly p50: number;
  readonly p95: number;
  readonly hours: number;
  readonly peak: number;
}

/** Machines that are billed from their launch, single-use, without limits of EC2's API: as the table was made. */
export async function burst(autoscaler: Autoscaler, boot: Duration): Promise<BurstRow> {
  const startDelay = { pending: milliseconds(0), boot };
  const run = await simulate(BURST, autoscaler, { ...STANDARD, startDelay, maxJobs: 1, apiLimits: 'none' });
  const waits = run.jobs.map(({ queuedAt, scriptAt }) => (scriptAt - queuedAt) / 1000);
  waits.sort((one, other) => one - other);
  const billed = run.billed.reduce((sum, { from, to }) => sum + to - from, 0);
  return { p50: waits[25] ?? NaN, p95: waits[47] ?? NaN, hours: billed / minutes(60), peak: run.peak };
}

/** The figures by which a row differs from the published one by more than a tenth. */
export function differences(measured: BurstRow, published: BurstRow): readonly string[] {
  const figures = ['p50', 'p95', 'hours', 'peak'] as const;
  return figures
    .filter((figure) => Math.abs(measured[figure] / published[figure] - 1) > 0.1)
    .map((figure) => `${figure} ${measured[figure]} for ${published[figure]}`);
}

/** Two bursts with a lull between them, in which idle machines grow old: of three stages each, of odd lengths. */
export const LULL: Workload = {
  name: 'lull',
  start: instant(Date.UTC(2026, 0, 5, 8)),
  length: minutes(120),
  pipelines: [37_123, 61_456, 62_000, 4_200_000, 4_207_001].map((at, pipeline) => ({
    at: milliseconds(at),
    project: 'web',
    stages: ['build', 'test', 'deploy'],
    jobs: ['build', 'test', 'test', 'test', 'test', 'deploy'].map((stage, index) => ({
      name: `job-${index}`,
      stage,
      tags: [],
      duration: milliseconds(2_000 + ((index * 7919 + pipeline * 104_729) % 200_000)),
    })),
  })),
};

/** What a baseline makes of both lulls under conditions with API limits and spread start times. */
export function lull(autoscaler: Autoscaler, conditions: Partial<Conditions> = {}): Promise<Run> {
  return simulate(LULL, autoscaler, { ...STANDARD, ...conditions });
}
