import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Bench, BenchOptions, Report } from './bench.ts';
import { type Cell, cellName, fullGrid, quickGrid } from './scaling/cell.ts';
import { measure } from './scaling/measure.ts';
import type { CellOutcome } from './scaling/outcomes.ts';
import { benchmarkPage } from './scaling/page.ts';
import { verdictDocument, verdictOf } from './scaling/verdict.ts';
import { figureLines, ROW_HEADS, rowCells } from './scaling/verdict-text.ts';

const PAGE = fileURLToPath(new URL('../docs/benchmarks.md', import.meta.url));

async function run({ seed, quick = false }: BenchOptions): Promise<Report> {
  const cells = quick ? quickGrid(seed) : fullGrid(seed);
  const outcomes = await measure(cells);
  const base = outcomes.find(({ cell }) => isBase(cell));
  if (base === undefined) throw new Error('measuring: no cell is the base of all others');
  const verdict = verdictOf(
    base,
    outcomes.filter(({ cell }) => isBase({ ...cell, jobs: base.cell.jobs })),
    seed,
  );
  if (!quick) await writeFile(PAGE, await benchmarkPage(base, outcomes, verdict, seed));
  return {
    settings: {
      seed,
      grid: quick ? 'quick' : 'full',
      tier: 'hot (stopped machines that stand by are not built)',
      ours: 'the explicit policy, swept over idle slots and idle time',
      ...Object.fromEntries(
        cells.map((cell, index) => [`cell ${index + 1}`, cellText(cell, outcomes[index])]),
      ),
    },
    figures: [],
    tables: [[ROW_HEADS, ...verdict.rows.map(rowCells)], figureLines(verdict)],
    document: verdictDocument(verdict),
  };
}

function isBase({ jobs, startDelay, slots, singleUse }: Cell): boolean {
  return jobs === 20_000 && startDelay === 'standard' && slots === 1 && !singleUse;
}

function cellText(cell: Cell, outcome: CellOutcome | undefined): string {
  return `${cellName(cell)}, ${outcome?.settings.length ?? 0} settings, seeds ${cell.seeds.join(' ')}`;
}

/** What waits and machines cost under Runtide and under every baseline. */
export const scalingBench: Bench = {
  name: 'scaling',
  about: 'cost against waits, ours and every baseline; --quick for a small part in under a minute',
  quick: true,
  run,
};
