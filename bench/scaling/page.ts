import { format } from 'prettier';
import { rowsOf } from './answers.ts';
import { cellName, SECONDS } from './cell.ts';
import { type CellOutcome, frontOf, LATE, MEAN, P95, placesOf, pointOf } from './outcomes.ts';
import { BASELINES, OURS } from './setting.ts';
import type { Verdict } from './verdict.ts';
import { figureLines, ROW_HEADS, rowCells } from './verdict-text.ts';

const INTRODUCTION = `# Benchmarks

How Runtide compares with other ways to scale GitLab runners, in simulated weeks. \`npm run bench -- scaling\` makes this page;
nobody edits it. [The simulator](simulator.md) says what is modelled, and what is not.

- **cost** is billed machine time over the time of scripts, for each slot: 1 would be machines that are never idle.
- **wait** is from queued to the start of the script.
- **Ours** is the explicit policy: machines for the jobs that wait, a number of idle slots, and idle machines kept for a
  while. It is always compared at the baseline's own cost, on the straight line between the two nearest of its settings;
  where its dearest setting costs less, at that one. Mean and p95 are taken from the front of each.
- All machines run (tier *hot*); stopped ones that stand by are not built.
- In brackets: 95 % of resamples of the seeds, by the percentile bootstrap.
`;

/** The page of the results, as it stands in docs/benchmarks.md. */
export async function benchmarkPage(
  base: CellOutcome,
  outcomes: readonly CellOutcome[],
  verdict: Verdict,
  seed: number,
): Promise<string> {
  const others = outcomes.filter((outcome) => outcome !== base);
  const parts = [
    INTRODUCTION,
    `## At equal cost\n\n${cellName(base.cell)}; ${seedsText(base)}.`,
    table(ROW_HEADS, verdict.rows.map(rowCells)),
    notRunning(base),
    table(['figure', 'ours'], figureLines(verdict)),
    '## Under other conditions',
    ...others.flatMap((outcome) => [
      `### ${cellName(outcome.cell)}`,
      `${seedsText(outcome)}; the clairvoyant pays ${boundText(outcome)}.`,
      table(ROW_HEADS, rowsOf(outcome, seed).map(rowCells)),
      notRunning(outcome),
    ]),
    `## Fronts\n\n${cellName(base.cell)}. Settings that another of the same kind beats in cost and mean wait are left out. The clairvoyant, who knows all jobs in advance and lets none wait, pays ${boundText(base)}.`,
    ...[OURS, ...new Set(BASELINES.map(({ family }) => family))].flatMap((family) => [
      `### ${family}`,
      frontTable(base, family),
    ]),
    `## Settings\n\n${settingsText(outcomes)}`,
  ];
  return format(parts.filter((part) => part !== '').join('\n\n'), { parser: 'markdown', printWidth: 120 });
}

function seedsText({ cell: { seeds } }: CellOutcome): string {
  return seeds.length === 1 ? `seed ${seeds[0]}` : `seeds ${seeds[0]} to ${seeds.at(-1)}`;
}

function boundText({ bounds }: CellOutcome): string {
  const mean = bounds.reduce((sum, { cost }) => sum + cost, 0) / bounds.length;
  return `${mean.toFixed(3)} for no wait at all`;
}

/** Baselines that did not run every job, and so have no row. */
function notRunning(outcome: CellOutcome): string {
  const rows = new Set(rowsOf(outcome, 0).map(({ baseline }) => baseline));
  const lame = BASELINES.filter(({ name }) => !rows.has(name)).map(({ name }) => `\`${name}\``);
  return lame.length === 0
    ? ''
    : `Without a row, because jobs were left when the simulation gave up: ${lame.join(', ')}.`;
}

function frontTable(outcome: CellOutcome, family: string): string {
  const places = placesOf(outcome);
  const front = frontOf(outcome, family, MEAN, places);
  const rows = outcome.settings.flatMap((one) => {
    const mean = one.setting.family === family ? pointOf(one, MEAN, places) : undefined;
    if (mean === undefined || !front.some(({ cost, wait }) => cost === mean.cost && wait === mean.wait))
      return [];
    const p95 = pointOf(one, P95, places)?.wait ?? Number.NaN;
    const late = pointOf(one, LATE, places)?.wait ?? Number.NaN;
    return [{ name: one.setting.contender.name, cost: mean.cost, mean: mean.wait, p95, within: 1 - late }];
  });
  return table(
    ['setting', 'cost', 'mean', 'p95', 'within 1 s'],
    rows
      .toSorted((one, other) => one.cost - other.cost)
      .map(({ name, cost, mean, p95, within }) => [
        name,
        cost.toFixed(2),
        `${mean.toFixed(1)} s`,
        `${p95.toFixed(1)} s`,
        `${(within * 100).toFixed(0)} %`,
      ]),
  );
}

function settingsText(outcomes: readonly CellOutcome[]): string {
  const delays = Object.entries(SECONDS).map(([name, seconds]) => `${name} ${seconds} s`);
  const swept = BASELINES.map(
    ({ name, sweep }) => `- \`${name}\`: ${sweep.map((one) => `\`${one}\``).join(', ')}`,
  );
  const count = outcomes.reduce((sum, { settings, cell }) => sum + settings.length * cell.seeds.length, 0);
  return [
    `${count} simulated weeks. This is a designed fraction of the grid sizes × start delays (${delays.join(', ')}) × slots × use: ` +
      'one cell with every knob swept, each factor alone, and two corners where factors are likely to act together. ' +
      'Single use has one slot in GitLab, so several slots with single use are left out.',
    'What is swept of the baselines:',
    swept.join('\n'),
  ].join('\n\n');
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const rule = heads.map((_, index) => (index === 0 ? '---' : '--:'));
  return [heads, rule, ...rows].map(line).join('\n');
}
