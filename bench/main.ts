import { parseArgs } from 'node:util';
import type { Bench, Figure, Report } from './bench.ts';
import { planBench } from './plan.ts';
import { referenceTableBench } from './reference-table.ts';
import { scalingBench } from './scaling.ts';
import { simulateBench } from './simulate.ts';
import { webhookBench } from './webhook.ts';

const BENCHES: readonly Bench[] = [planBench, referenceTableBench, scalingBench, simulateBench, webhookBench];

const write = (line: string): void => void process.stdout.write(`${line}\n`);

/** What can be run, for whoever named nothing that can. */
function usage(why: string): string {
  const width = Math.max(...BENCHES.map(({ name }) => name.length));
  const list = BENCHES.map(({ name, about }) => `  ${name.padEnd(width)}  ${about}`);
  return [why, 'usage: npm run bench -- <name> [--quick] [--json] [--seed N]', 'benches:', ...list].join(
    '\n',
  );
}

function shown({ value, unit }: Figure): string {
  const digits = unit === 'per second' ? 0 : unit === 'times' ? 3 : 1;
  const number = value.toLocaleString('en', { maximumFractionDigits: digits, minimumFractionDigits: digits });
  return `${number} ${unit}`;
}

function settingsLine({ settings }: Report): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name} ${typeof value === 'number' ? value.toLocaleString('en') : value}`)
    .join(', ');
}

function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map(
    (row) =>
      `  ${row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd()}`,
  );
}

function asJson(bench: Bench, { settings, figures, document }: Report): string {
  if (document !== undefined) return JSON.stringify(document);
  const measured = figures.map(({ name, value, unit }) => ({ name, value: Number(value.toFixed(3)), unit }));
  return JSON.stringify({ bench: bench.name, node: process.version, settings, figures: measured });
}

interface Request {
  readonly bench: Bench;
  readonly seed: number;
  readonly json: boolean;
  readonly quick: boolean;
}

/** What the arguments ask for, or why they ask for nothing that can be run. */
function read(args: readonly string[]): Request | string {
  const { positionals, values, tokens } = parseArgs({
    args: [...args],
    strict: false,
    tokens: true,
    allowPositionals: true,
    options: {
      json: { type: 'boolean' },
      quick: { type: 'boolean' },
      seed: { type: 'string', default: '1' },
    },
  });
  const stranger = tokens.find(
    (token) => token.kind === 'option' && !['json', 'quick', 'seed'].includes(token.name),
  );
  if (stranger?.kind === 'option') return `there is no option ${stranger.rawName}`;
  const [name, ...more] = positionals;
  const bench = BENCHES.find((one) => one.name === name);
  if (name === undefined) return 'no bench is named';
  if (bench === undefined || more.length > 0) return `there is no bench ${positionals.join(' ')}`;
  const quick = values.quick === true;
  if (quick && bench.quick !== true) return `${name} has no --quick`;
  const seed = Number(values.seed);
  if (values.seed === '' || !Number.isSafeInteger(seed))
    return `${values.seed} is no seed: give a whole number`;
  return { bench, seed, quick, json: values.json === true };
}

/** Runs the bench that the arguments name; answers the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const request = read(args);
  if (typeof request === 'string') {
    process.stderr.write(`${usage(request)}\n`);
    return 2;
  }
  const { bench, seed, quick, json } = request;
  const report = await bench.run({ seed, quick });
  write(`${bench.name}: ${bench.about}`);
  write(`settings: ${settingsLine(report)}; node ${process.version}`);
  for (const rows of report.tables ?? []) for (const line of ['', ...aligned(rows)]) write(line);
  const width = Math.max(0, ...report.figures.map((figure) => figure.name.length));
  for (const figure of report.figures) write(`  ${figure.name.padEnd(width)}  ${shown(figure)}`);
  if (json) write(asJson(bench, report));
  return 0;
}

process.exitCode = await main(process.argv.slice(2));
