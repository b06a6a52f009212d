import { type Contender, autoscalerOf } from './autoscalers.ts';
import type { Compared } from './comparison.ts';
import type { Conditions } from './conditions.ts';
import { seriesOf } from './series.ts';
import { type Progress, simulate } from './simulate.ts';
import { summarise } from './summary.ts';
import type { Workload } from './workload.ts';

/** One policy over one workload, as plain data, so that it can be sent to a thread. */
export interface Trial {
  readonly contender: Contender;
  readonly workload: Workload;
  readonly conditions: Conditions;
}

/** Carries a trial out. The same trial gives the same result, to the byte. */
export async function tryOut(
  { contender, workload, conditions }: Trial,
  progress: Progress,
): Promise<Compared> {
  const run = await simulate(workload, autoscalerOf(contender), conditions, progress);
  const summary = summarise(run);
  return {
    name: contender.name,
    about: run.about,
    own: contender.kind === 'own',
    ...(summary !== undefined && { summary }),
    series: seriesOf(run),
  };
}
