import { readFileSync, writeFileSync } from 'node:fs';
import { parse, stringify, type TomlTable } from 'smol-toml';

/** One `[[runners]]` table: a registration that this process serves. */
export interface RunnerEntry {
  readonly name: string;
  /** GitLab's address, without `/api/v4`. */
  readonly url: string;
  readonly token: string;
  /** Jobs at a time of this entry; 0: as many as the process takes. */
  readonly limit: number;
  /** Bytes of a job's log that are kept. */
  readonly outputLimit: number;
}

/** What a runner's `config.toml` says. */
export interface RunnerConfig {
  /** Jobs at a time, over all entries. */
  readonly concurrent: number;
  /** Milliseconds between two polls. */
  readonly checkInterval: number;
  /** Milliseconds that aborted jobs have for their last words. */
  readonly shutdownTimeout: number;
  readonly runners: readonly RunnerEntry[];
}

/** Reads a runner's configuration. Throws, without any value of the file, when it cannot be used. */
export function readConfig(file: string): RunnerConfig {
  const table = readTable(file);
  const concurrent = table['concurrent'];
  if (typeof concurrent !== 'number' || concurrent < 1) {
    throw new Error(`reading ${file}: concurrent is missing or less than 1; set it to the instance's slots`);
  }
  return {
    concurrent,
    checkInterval: secondsOf(table, 'check_interval', 3),
    shutdownTimeout: secondsOf(table, 'shutdown_timeout', 30),
    runners: entryTables(table).map((entry, index) => readEntry(entry, index, file)),
  };
}

/** Writes the configuration again without the entries for which `isGone` answers true. */
export function removeEntries(file: string, isGone: (token: string) => boolean): void {
  const { runners: _, ...rest } = readTable(file);
  const kept = entryTables(readTable(file)).filter((entry) => !isGone(textOf(entry, 'token')));
  writeFileSync(file, `${stringify(kept.length === 0 ? rest : { ...rest, runners: kept })}\n`);
}

function readTable(file: string): TomlTable {
  const text = readFileSync(file, 'utf8');
  const table = parsed(text);
  if (typeof table === 'string') throw new Error(`reading ${file}: ${table}; write it anew`);
  return table;
}

/** The table, or the parser's words: only their first line, because the others quote the file and its token. */
function parsed(text: string): TomlTable | string {
  try {
    return parse(text);
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  }
}

function entryTables(table: TomlTable): TomlTable[] {
  const entries = table['runners'];
  return Array.isArray(entries) ? entries.filter(isTable) : [];
}

function isTable(value: unknown): value is TomlTable {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readEntry(entry: TomlTable, index: number, file: string): RunnerEntry {
  const url = textOf(entry, 'url');
  const token = textOf(entry, 'token');
  const at = `reading ${file}: [[runners]] ${String(index + 1)}`;
  if (!URL.canParse(url)) throw new Error(`${at}: url is no address; set GitLab's`);
  if (token === '') throw new Error(`${at}: token is missing; set the runner's`);
  if (textOf(entry, 'executor') !== 'shell') {
    throw new Error(`${at}: executor is not "shell", and the built-in runner has no other; set it`);
  }
  return {
    name: textOf(entry, 'name'),
    url: url.replace(/\/+$/, '').replace(/\/ci$/, ''),
    token,
    limit: numberOf(entry, 'limit', 0),
    outputLimit: numberOf(entry, 'output_limit', 4096) * 1024,
  };
}

function textOf(table: TomlTable, key: string): string {
  const value = table[key];
  return typeof value === 'string' ? value : '';
}

/** A number of the table; absent and 0 mean the usual value, as GitLab's runner has it. */
function numberOf(table: TomlTable, key: string, usual: number): number {
  const value = table[key];
  return typeof value === 'number' && value > 0 ? value : usual;
}

function secondsOf(table: TomlTable, key: string, usual: number): number {
  return numberOf(table, key, usual) * 1000;
}
