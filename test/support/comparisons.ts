import { minutes } from '../../src/engine/time.ts';
import type { Compared, Comparison } from '../../src/simulator/comparison.ts';
import { STANDARD } from '../../src/simulator/conditions.ts';
import { seriesOf } from '../../src/simulator/series.ts';
import { summarise } from '../../src/simulator/summary.ts';
import type { Run } from '../../src/simulator/result.ts';
import { billedOf, jobOf, RUN_START, runOf } from './simulated-runs.ts';

/** What a policy did whose run was this. */
export function comparedOf(name: string, facts: Partial<Run> = {}, own = false): Compared {
  const run = runOf(facts);
  const summary = summarise(run);
  return {
    name,
    about: `about ${name}`,
    own,
    ...(summary !== undefined && { summary }),
    series: seriesOf(run),
  };
}

/** Two policies over two jobs: an own one that is dear and quick, and one that is cheap and slow. */
export function comparisonOf(more: Partial<Comparison> = {}): Comparison {
  const quick = { jobs: [jobOf(0, 0, 600), jobOf(60, 1, 600)], billed: [billedOf(0, 1800, 0.1)] };
  const slow = { jobs: [jobOf(0, 30, 600), jobOf(60, 90, 600)], billed: [billedOf(0, 1320, 0.1)] };
  return {
    workload: 'two jobs',
    start: RUN_START,
    length: minutes(60),
    pipelines: 1,
    jobs: 2,
    conditions: STANDARD,
    compared: [comparedOf('yours', quick, true), comparedOf('theirs', slow)],
    ...more,
  };
}
