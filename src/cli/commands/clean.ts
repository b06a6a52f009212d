import process from 'node:process';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Examination, Leftover } from '../../adapters/aws/leftover.ts';
import { type Cleaning, composeCleaning } from '../../compose/cleaning.ts';
import { minutes } from '../../engine/time.ts';
import { systemClock } from '../../runtimes/system-clock.ts';
import { loadNames } from '../named-config.ts';
import { configCommand, type ConfigOptions, counted } from '../options.ts';

/** Longer than any clean-up takes. */
const TIMEOUT = minutes(30);

interface CleanOptions extends ConfigOptions {
  readonly keep: number;
  readonly yes?: boolean;
}

/** What became of one leftover; without `yes` nothing does. */
type Fate = Leftover & { readonly deleted: boolean; readonly error?: string };

/** What was found, and done, in one region with one role. */
interface Report {
  readonly region: string;
  readonly role?: string;
  readonly leftovers: readonly Fate[];
  readonly spared: Examination['spared'];
  /** Present where the place could not be examined. */
  readonly error?: string;
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function fateOf(
  leftover: Leftover,
  place: Cleaning,
  really: boolean,
  signal: AbortSignal,
): Promise<Fate> {
  if (!really) return { ...leftover, deleted: false };
  try {
    await place.remove(leftover, signal);
    return { ...leftover, deleted: true };
  } catch (error) {
    return { ...leftover, deleted: false, error: words(error) };
  }
}

/** Two roles may lead into one account: what is seen from one is left out for the other. */
function unseenOf<T extends { readonly id: string }>(found: readonly T[], seen: Set<string>): readonly T[] {
  return found.filter(({ id }) => {
    const isNew = !seen.has(id);
    seen.add(id);
    return isNew;
  });
}

async function clean(
  place: Cleaning,
  { keep, yes = false }: { readonly keep: number; readonly yes?: boolean },
  seen: Set<string>,
  signal: AbortSignal,
): Promise<Report> {
  const { region, role } = place;
  const named = { region, ...(role !== undefined && { role }) };
  try {
    const found = await place.find(keep, signal);
    const leftovers: Fate[] = [];
    for (const leftover of unseenOf(found.leftovers, seen)) {
      leftovers.push(await fateOf(leftover, place, yes, signal));
    }
    return { ...named, leftovers, spared: unseenOf(found.spared, seen) };
  } catch (error) {
    return { ...named, leftovers: [], spared: [], error: words(error) };
  }
}

function verdict({ deleted, error }: Fate, yes: boolean): string {
  if (error !== undefined) return 'FAILED';
  if (deleted) return 'deleted';
  return yes ? 'stays' : 'would go';
}

function lines({ region, role, leftovers, spared, error }: Report, yes: boolean): readonly string[] {
  const line = (what: string, { kind, id, name, because }: Report['spared'][number]): string =>
    `  ${what.padEnd(9)} ${kind} ${id} (${name}): ${because}`;
  return [
    role === undefined ? region : `${region}, as ${role}`,
    ...(error === undefined ? [] : [`  FAILED    ${error}`]),
    ...leftovers.map((fate) =>
      line(verdict(fate, yes), fate.error === undefined ? fate : { ...fate, because: fate.error }),
    ),
    ...spared.map((one) => line('stays', one)),
  ];
}

function summary(reports: readonly Report[], yes: boolean): string {
  const all = reports.flatMap(({ leftovers }) => leftovers);
  const unseen = reports.filter(({ error }) => error !== undefined).length;
  const partly = unseen === 0 ? '' : `; ${counted(unseen, 'place')} could not be looked at`;
  return `${inWords(all, yes)}${partly}`;
}

function inWords(all: readonly Fate[], yes: boolean): string {
  if (yes) return `${counted(all.filter(({ deleted }) => deleted).length, 'leftover')} deleted`;
  if (all.length === 0) return 'nothing to delete';
  return `${counted(all.length, 'leftover')}; nothing was deleted: run it again with --yes`;
}

function failed({ error, leftovers }: Report): boolean {
  return error !== undefined || leftovers.some((fate) => fate.error !== undefined);
}

function count(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('It is a number from 1 to 9999.');
  return Number(text);
}

/** `runtide clean`: deletes what Runtide made and nothing needs any more. */
export function cleanCommand(): Command {
  return configCommand(
    'clean',
    'List, or delete, Auto Scaling groups and launch templates of pools that are gone, and old images of "runtide image"',
  )
    .option('--keep <number>', 'how many of the newest images of each kind stay', count, 3)
    .addOption(new Option('--dry-run', 'only list it; so it is where nothing is said').conflicts('yes'))
    .option('--yes', 'delete it')
    .action(async ({ config: file, json, keep, yes = false }: CleanOptions) => {
      const { config } = await loadNames(file);
      const signal = AbortSignal.timeout(TIMEOUT);
      const seen = new Set<string>();
      const reports: Report[] = [];
      for (const place of composeCleaning(config, systemClock)) {
        reports.push(await clean(place, { keep, yes }, seen, signal));
      }
      const text = [...reports.flatMap((report) => lines(report, yes)), summary(reports, yes), ''].join('\n');
      process.stdout.write(
        json === true ? `${JSON.stringify({ deleting: yes, places: reports }, null, 2)}\n` : text,
      );
      if (reports.some(failed)) process.exitCode = 1;
    });
}
