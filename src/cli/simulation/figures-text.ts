import type { Compared, Comparison } from '../../simulator/comparison.ts';
import { medianStart } from '../../simulator/conditions.ts';
import { caveats, COLUMNS } from '../../simulator/report/columns.ts';
import { countText } from '../../simulator/report/wording.ts';

/** A comparison for the terminal: what it is over, and a line for each policy. */
export function figuresText(comparison: Comparison): string {
  const { workload, jobs, pipelines, conditions, compared, bound } = comparison;
  const over = `${workload}: ${countText(jobs)} jobs of ${countText(pipelines)} ${pipelines === 1 ? 'pipeline' : 'pipelines'}; a machine starts in ${medianStart(conditions.startDelay) / 1000} s; seed ${conditions.seed}`;
  const rows = [['policy', ...COLUMNS.map(({ head }) => head)], ...compared.map(cells)];
  const notes = compared.flatMap(({ name, summary }) =>
    (summary === undefined ? ['it ran no job'] : caveats(summary)).map((caveat) => `${name}: ${caveat}`),
  );
  const least =
    bound === undefined
      ? []
      : [`${bound.name}: cost ${bound.cost.toFixed(3)} and no wait, for whoever knows all jobs in advance`];
  return [over, '', ...aligned(rows), '', ...least, ...notes, ''].join('\n');
}

function cells({ name, summary }: Compared): readonly string[] {
  return [name, ...COLUMNS.map(({ cell }) => (summary === undefined ? '–' : cell(summary)))];
}

/** The first column to the left, figures to the right. */
function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd(),
  );
}
