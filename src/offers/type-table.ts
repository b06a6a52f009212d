import { gpusOf } from './families.ts';

/** The architecture of a processor, as container images spell it. */
export const ARCHITECTURES = ['amd64', 'arm64'] as const;
export type Architecture = (typeof ARCHITECTURES)[number];

/** How much of a type's spot capacity AWS took back in a month, the rarest first. */
export const INTERRUPTION_BANDS = ['<5%', '5-10%', '10-15%', '15-20%', '>20%'] as const;
export type InterruptionBand = (typeof INTERRUPTION_BANDS)[number];

/** What is known of one instance type. Prices are those of the table's region and date. */
export interface InstanceType {
  readonly vcpu: number;
  readonly memoryMiB: number;
  readonly arch: Architecture;
  readonly currentGeneration: boolean;
  /** Whether it can be bought on the spot market. */
  readonly spot: boolean;
  readonly burstable: boolean;
  /** GPUs, a fraction where several instances share one; absent where there are none. */
  readonly gpu?: number;
  readonly onDemandUsdPerHour?: number;
  /** What spot typically costs less than on-demand, from 0 to 100. */
  readonly spotSavingPercent?: number;
  readonly interruptionBand?: InterruptionBand;
}

/** Where some of the facts come from. */
export interface TableSource {
  readonly name: string;
  readonly repository: string;
  readonly licence: string;
  /** The day that the facts are from: `2026-07-20`. */
  readonly date: string;
  /** The region that the facts hold for; absent where they hold everywhere. */
  readonly region?: string;
  readonly gives: readonly string[];
}

/** Instance types by name, and where the facts come from. */
export interface TypeTable {
  readonly types: ReadonlyMap<string, InstanceType>;
  readonly sources: readonly TableSource[];
}

/** The cells of one row by the names of their columns; throws, with that name, when a cell is not what it must be. */
interface Row {
  number(column: string, least: number, most?: number): number;
  flag(column: string): boolean;
  oneOf<T extends string>(column: string, allowed: readonly T[]): T;
  knows(column: string): boolean;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fail(what: string, why: string): never {
  throw new Error(`reading ${what} of the instance types: ${why}; make data/instance-types.json anew`);
}

function row(name: string, columns: readonly unknown[], cells: readonly unknown[]): Row {
  const cell = (column: string): unknown => cells[columns.indexOf(column)] ?? null;
  const refuse = (column: string): never => fail(`${column} of ${name}`, `${String(cell(column))} is none`);
  return {
    number: (column, least, most = Number.MAX_SAFE_INTEGER) => {
      const value = cell(column);
      return typeof value === 'number' && value >= least && value <= most ? value : refuse(column);
    },
    flag: (column) => {
      const value = cell(column);
      return typeof value === 'boolean' ? value : refuse(column);
    },
    oneOf: (column, allowed) => allowed.find((word) => word === cell(column)) ?? refuse(column),
    knows: (column) => cell(column) !== null,
  };
}

function typeOf(name: string, cells: Row): InstanceType {
  const gpu = gpusOf(name);
  return {
    vcpu: cells.number('vcpu', 1),
    memoryMiB: cells.number('memoryMiB', 1),
    arch: cells.oneOf('arch', ARCHITECTURES),
    currentGeneration: cells.flag('currentGeneration'),
    spot: cells.flag('spot'),
    burstable: cells.flag('burstable'),
    ...(gpu > 0 && { gpu }),
    ...(cells.knows('onDemandUsdPerHour') && {
      onDemandUsdPerHour: cells.number('onDemandUsdPerHour', Number.MIN_VALUE),
    }),
    ...(cells.knows('spotSavingPercent') && {
      spotSavingPercent: cells.number('spotSavingPercent', 0, 100),
    }),
    ...(cells.knows('interruptionBand') && {
      interruptionBand: cells.oneOf('interruptionBand', INTERRUPTION_BANDS),
    }),
  };
}

function sourceOf(value: unknown): TableSource {
  if (!isMap(value)) return fail('a source', 'it is no map');
  const text = (key: string): string => {
    const found = value[key];
    return typeof found === 'string' && found !== '' ? found : fail('a source', `${key} is missing`);
  };
  const gives = value['gives'];
  return {
    name: text('name'),
    repository: text('repository'),
    licence: text('licence'),
    date: /^\d{4}-\d{2}-\d{2}$/.exec(text('date'))?.[0] ?? fail('a source', 'its date is none'),
    ...(value['region'] !== undefined && { region: text('region') }),
    gives: Array.isArray(gives) ? gives.map(String) : fail('a source', 'it gives nothing'),
  };
}

/** Reads the document that data/instance-types.json holds. Throws when it is not what it must be. */
export function readTypeTable(document: unknown): TypeTable {
  if (!isMap(document)) return fail('the table', 'it is no map');
  const { sources, columns, types } = document;
  if (!Array.isArray(sources) || !Array.isArray(columns) || !isMap(types))
    return fail('the table', 'it lacks sources, columns or types');
  const entries = Object.entries(types).map(([name, cells]): [string, InstanceType] => {
    if (!Array.isArray(cells) || cells.length !== columns.length)
      return fail(name, 'its row does not fit the columns');
    return [name, typeOf(name, row(name, columns, cells))];
  });
  return { types: new Map(entries), sources: sources.map(sourceOf) };
}
