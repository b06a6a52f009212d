import process from 'node:process';
import { tryAll } from '../../src/cli/simulation/trial-workers.ts';
import { type ProgressBar, progressBar } from '../../src/cli/progress-bar.ts';
import { clairvoyantBound } from '../../src/simulator/clairvoyant.ts';
import { generateWorkload } from '../../src/simulator/generator.ts';
import type { Trial } from '../../src/simulator/trial.ts';
import type { Workload } from '../../src/simulator/workload.ts';
import { type Cell, cellName, conditionsOf } from './cell.ts';
import type { CellOutcome, SeedBound } from './outcomes.ts';
import { type Setting, settingsOf } from './setting.ts';

/** Tries everything in every cell, on all cores. */
export async function measure(cells: readonly Cell[]): Promise<readonly CellOutcome[]> {
  const generated = new Generated();
  using bar = progressBar();
  const outcomes: CellOutcome[] = [];
  for (const cell of cells) outcomes.push(await measureCell(cell, generated, bar));
  return outcomes;
}

async function measureCell(cell: Cell, generated: Generated, bar: ProgressBar): Promise<CellOutcome> {
  const begun = performance.now();
  const settings = settingsOf(cell);
  // By seed first, so that a workload is made once.
  const trials = cell.seeds.flatMap((seed) =>
    settings.map((setting) => (): Trial => trialOf(cell, setting, seed, generated)),
  );
  const results = await tryAll(trials, { progress: (share) => bar.show(share, cellName(cell)) });
  const seconds = (performance.now() - begun) / 1000;
  process.stderr.write(`${cellName(cell)}: ${trials.length} simulations in ${seconds.toFixed(0)} s\n`);
  return {
    cell,
    bounds: cell.seeds.map((seed) => boundOf(cell, seed, generated)),
    settings: settings.map((setting, index) => ({
      setting,
      bySeed: cell.seeds.map((_, place) => results[place * settings.length + index]?.summary),
    })),
  };
}

function trialOf(cell: Cell, { contender }: Setting, seed: number, generated: Generated): Trial {
  return { contender, workload: generated.of(cell.jobs, seed), conditions: conditionsOf(cell, seed) };
}

function boundOf(cell: Cell, seed: number, generated: Generated): SeedBound {
  const bound = clairvoyantBound(generated.of(cell.jobs, seed), conditionsOf(cell, seed));
  return { cost: bound?.cost ?? Number.NaN, useful: bound?.useful ?? 0 };
}

/** The workload that was asked for last; all of them would not fit. */
class Generated {
  #last: { readonly jobs: number; readonly seed: number; readonly workload: Workload } | undefined;

  of(jobsPerWeek: number, seed: number): Workload {
    if (this.#last?.jobs !== jobsPerWeek || this.#last.seed !== seed) {
      const workload = generateWorkload({ jobsPerWeek, weeks: 1, seed });
      this.#last = { jobs: jobsPerWeek, seed, workload };
    }
    return this.#last.workload;
  }
}
