import type { Contender } from '../../simulator/autoscalers.ts';
import type { Comparison } from '../../simulator/comparison.ts';
import type { Conditions } from '../../simulator/conditions.ts';
import { clairvoyantBound } from '../../simulator/clairvoyant.ts';
import type { Workload } from '../../simulator/workload.ts';
import { progressBar } from '../progress-bar.ts';
import { conditionsOf } from './own-conditions.ts';
import { tryAll } from './trial-workers.ts';

export interface ComparisonRequest {
  readonly workload: Workload;
  readonly contenders: readonly Contender[];
  readonly conditions: Conditions;
}

/** Tries every contender over the workload, on all cores, with a bar on the terminal. */
export async function compare({ workload, contenders, conditions }: ComparisonRequest): Promise<Comparison> {
  using bar = progressBar();
  const trials = contenders.map((contender) => () => ({
    contender,
    workload,
    conditions: conditionsOf(conditions, contender),
  }));
  const compared = await tryAll(trials, {
    progress: (share, done) => bar.show(share, `${done} of ${trials.length} policies simulated`),
  });
  const bound = clairvoyantBound(workload, conditions);
  return {
    workload: workload.name,
    start: workload.start,
    length: workload.length,
    pipelines: workload.pipelines.length,
    jobs: workload.pipelines.reduce((sum, { jobs }) => sum + jobs.length, 0),
    conditions,
    compared,
    ...(bound !== undefined && { bound: { name: 'clairvoyant', cost: bound.cost } }),
  };
}
