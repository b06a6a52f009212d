import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import process from 'node:process';
import { Command, InvalidArgumentError } from 'commander';
import { ec2Client } from '../../adapters/aws/clients.ts';
import { pricingClient, readOnDemandPrices, readSpotPrices } from '../../adapters/aws/prices.ts';
import { REGION } from '../../config/instances-schema.ts';
import type { Config } from '../../config/schema.ts';
import { minutes } from '../../engine/time.ts';
import { instanceType } from '../../offers/instance-types.ts';
import { bundledRegion, mergedPrices, type Prices, type Quote, quote } from '../../offers/price.ts';
import { type PriceBook, priceDocument, readPriceBook } from '../../offers/price-book.ts';
import { loadDaemonConfig } from '../../runtimes/daemon/run.ts';
import { systemClock } from '../../runtimes/system-clock.ts';
import { complain, configCommand, type ConfigOptions, counted } from '../options.ts';

/** Longer than any refresh takes. */
const TIMEOUT = minutes(10);

interface RefreshOptions extends ConfigOptions {
  readonly output: string;
  readonly region?: string;
}

interface ShowOptions extends ConfigOptions {
  readonly prices?: string;
}

/** Every type that the configuration may buy, once. */
function typesIn({ pools }: Config): readonly string[] {
  return [...new Set(Object.values(pools).flatMap(({ instances }) => instances.types))].toSorted();
}

async function readFromAws({ aws }: Config, region: string, types: readonly string[]): Promise<PriceBook> {
  const { endpoints, timeout } = aws;
  const question = { region, types };
  const signal = AbortSignal.timeout(TIMEOUT);
  // The endpoints of the file are those of its own region.
  const ec2Url = region === aws.region ? endpoints?.ec2 : undefined;
  const ec2 = ec2Client({ region, endpoints: ec2Url === undefined ? {} : { ec2: ec2Url } });
  const readAt = systemClock.now();
  const spot = await readSpotPrices(ec2, question, readAt, signal, timeout);
  const onDemand = await readOnDemandPrices(pricingClient({ region }), question, signal, timeout);
  return { region, readAt, onDemand, spot };
}

function why(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Puts the book in the place of the file at once, so that whoever reads it never sees half of it. */
async function save(file: string, book: PriceBook): Promise<void> {
  const beside = `${file}.${process.pid}`;
  try {
    await writeFile(beside, `${JSON.stringify(priceDocument(book), null, 2)}\n`);
    await rename(beside, file);
  } catch (error) {
    await rm(beside, { force: true });
    throw new Error(`writing the prices to ${file}: ${why(error)}; name another file with --output`, {
      cause: error,
    });
  }
}

function regionNamed(name: string): string {
  if (REGION.test(name)) return name;
  throw new InvalidArgumentError('It is no AWS region, such as eu-west-1.');
}

function refreshCommand(): Command {
  return configCommand(
    'refresh',
    'Read the prices of every type in the configuration from AWS, and write them to a file',
  )
    .option('-o, --output <file>', 'the file to write', 'prices.json')
    .option('--region <name>', 'the region of the prices; `aws.region` where nothing is said', regionNamed)
    .action(async ({ config: file, output, region, json }: RefreshOptions) => {
      const config = await loadDaemonConfig(file);
      const types = typesIn(config);
      const book = await readFromAws(config, region ?? config.aws.region, types);
      await save(output, book);
      const missing = {
        onDemand: types.filter((name) => !book.onDemand.has(name)),
        spot: types.filter((name) => !book.spot.has(name)),
      };
      for (const [market, names] of Object.entries({ 'on-demand': missing.onDemand, spot: missing.spot })) {
        if (names.length > 0)
          complain(
            `${book.region} has no ${market} price of ${names.join(', ')}; the bundled one stays in use`,
          );
      }
      const answer = { file: output, region: book.region, readAt: new Date(book.readAt).toISOString() };
      process.stdout.write(
        json === true
          ? `${JSON.stringify({ ...answer, types, missing }, null, 2)}\n`
          : `${output}: prices of ${counted(types.length, 'type')} in ${book.region}, read ${answer.readAt}\n`,
      );
    });
}

async function readBook(file: string): Promise<PriceBook> {
  try {
    const document: unknown = JSON.parse(await readFile(file, 'utf8'));
    return readPriceBook(document);
  } catch (error) {
    throw new Error(`reading the prices in ${file}: ${why(error)}`, { cause: error });
  }
}

interface Subject {
  readonly types: readonly string[];
  readonly region: string;
  readonly book: PriceBook | undefined;
}

/** What is asked about: the types that are named, else those of the configuration, by the prices that it names. */
async function subjectOf(
  named: readonly string[],
  file: string,
  given: PriceBook | undefined,
): Promise<Subject> {
  if (named.length > 0) return { types: named, region: given?.region ?? bundledRegion, book: given };
  const config = await loadDaemonConfig(file);
  const { region } = config.aws;
  const book = given ?? (config.prices === undefined ? undefined : readPriceBook(config.prices));
  if (book !== undefined && book.region !== region)
    complain(`the file holds prices of ${book.region}, and \`aws.region\` is ${region}: it is left out`);
  return { types: typesIn(config), region, book };
}

function told(known: Quote | undefined) {
  return known === undefined ? null : { ...known, asOf: new Date(known.asOf).toISOString().slice(0, 10) };
}

/** What is known of one type, for people and programs. */
function entryOf(prices: Prices, name: string) {
  return {
    instanceType: name,
    facts: instanceType(name, prices.table) ?? null,
    onDemand: told(quote(prices, { instanceType: name, market: 'on-demand' })),
    spot: told(quote(prices, { instanceType: name, market: 'spot' })),
  };
}

type Entry = ReturnType<typeof entryOf>;

function priceCell(known: Entry['spot']): string {
  if (known === null) return 'unknown';
  const { usdPerHour, basis, region, asOf } = known;
  const reckoned = basis === 'typical-saving' ? 'estimated, ' : '';
  return `${usdPerHour.toFixed(5)} (${reckoned}${region}, ${asOf})`;
}

function rowOf({ instanceType: name, facts, onDemand, spot }: Entry): readonly string[] {
  const size = facts === null ? ['?', '?', '?'] : [facts.vcpu, facts.memoryMiB / 1024, facts.arch];
  return [name, ...size.map(String), priceCell(onDemand), priceCell(spot), facts?.interruptionBand ?? '?'];
}

function table(entries: readonly Entry[]): string {
  const head = ['type', 'vCPU', 'GiB', 'arch', 'on-demand $/h', 'spot $/h', 'interrupted a month'];
  const rows = [head, ...entries.map(rowOf)];
  const widths = head.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  return rows
    .map(
      (cells) =>
        `${cells
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

function showCommand(): Command {
  return configCommand(
    'show',
    'Show what is known of the prices of the named types, or of those in the configuration; asks nobody',
  )
    .argument('[types...]', 'instance types; then no configuration is read')
    .option(
      '-p, --prices <file>',
      'a file that "prices refresh" wrote; the one in the configuration where nothing is said',
    )
    .action(async (named: readonly string[], { config, prices: file, json }: ShowOptions) => {
      const given = file === undefined ? undefined : await readBook(file);
      const { types, region, book } = await subjectOf(named, config, given);
      const prices = mergedPrices(region, book === undefined ? [] : [book]);
      const entries = types.map((name) => entryOf(prices, name));
      process.stdout.write(
        json === true ? `${JSON.stringify({ region, types: entries }, null, 2)}\n` : table(entries),
      );
    });
}

/** `runtide prices`: what instances cost, as far as it is known, and reading it anew. */
export function pricesCommand(): Command {
  return new Command('prices')
    .description('Show what instances cost, and read it anew from AWS')
    .addCommand(showCommand())
    .addCommand(refreshCommand());
}
