import { readFile as readFromDisk } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { type Finding, findingsIn, mistakeAt } from './diagnosis.ts';
import { readDocument } from './document.ts';
import { lookupIn, type ParameterStore, type Sources, whyUnreadable } from './lookup.ts';
import { ConfigError, type Mistake } from './mistakes.ts';
import { type Resolved, resolveReferences } from './references.ts';
import { rotationFindings } from './rotation-rule.ts';
import { partAt } from './schema-tree.ts';
import { type Config, configSchema } from './schema.ts';
import { type Path, valueAt } from './tree.ts';

type DiskSources = Sources & Required<Pick<Sources, 'readFile'>>;

/**
 * Loads the configuration: reads `file` (YAML), resolves references, fills in defaults, validates.
 * The answer is deeply frozen. Throws `ConfigError` with every mistake at once, and nothing else.
 */
export async function loadConfig(file: string, sources: Sources): Promise<Config> {
  const path = resolve(file);
  const disk = { ...sources, readFile: sources.readFile ?? readFromDisk };
  const document = readDocument(await read(file, path, disk));
  if (!('tree' in document)) throw new ConfigError(file, document.mistakes);
  const resolved = await resolveAll(document.tree, path, disk);
  const parsed = configSchema.safeParse(resolved.tree);
  const findings = [
    ...resolved.broken,
    ...unbroken(findingsIn(parsed.error?.issues ?? []), resolved),
    ...rotationFindings(document.tree, resolved.tree),
  ];
  const mistakes = [...document.mistakes, ...findings.map((finding) => mistakeAt(document, finding))];
  if (!parsed.success || mistakes.length > 0) throw new ConfigError(file, inOrder(mistakes));
  return frozen({ ...parsed.data, state: resolve(dirname(path), parsed.data.state) });
}

async function read(file: string, path: string, { readFile }: DiskSources): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new ConfigError(file, [
      {
        path: '',
        value: `it ${whyUnreadable(error)}`,
        allowed: 'a readable YAML file',
        mend: 'name the file that holds the configuration; examples/runtide.yaml is one to start from',
      },
    ]);
  }
}

/** SSM can be asked only where region and endpoint are known, so those are resolved before the rest. */
async function resolveAll(tree: unknown, path: string, sources: DiskSources): Promise<Resolved> {
  const aws = { region: valueAt(tree, REGION), endpoints: { ssm: valueAt(tree, ENDPOINT) } };
  const first = await resolveReferences({ aws }, lookupIn(path, sources, 'write the value itself here'));
  return resolveReferences(tree, lookupIn(path, sources, parameterStore(first.tree)));
}

const REGION: Path = ['aws', 'region'];
const ENDPOINT: Path = ['aws', 'endpoints', 'ssm'];

function parameterStore(tree: unknown): ParameterStore {
  const region = validAt(tree, REGION);
  if (region === undefined) return 'mend `aws.region`, and write it without ${ssm:…}';
  if (valueAt(tree, ENDPOINT) === undefined) return { region };
  const endpoint = validAt(tree, ENDPOINT);
  return endpoint === undefined
    ? 'mend `aws.endpoints.ssm`, and write it without ${ssm:…}'
    : { region, endpoint };
}

function validAt(tree: unknown, path: Path): string | undefined {
  const part = partAt(path);
  const parsed = part && z.safeParse(part, valueAt(tree, path));
  return typeof parsed?.data === 'string' ? parsed.data : undefined;
}

/** Leaves out what follows from a broken reference: that one is reported itself. */
function unbroken(findings: readonly Finding[], { broken }: Resolved): readonly Finding[] {
  const paths = broken.map(({ path }) => JSON.stringify(path));
  return findings.filter(({ path }) => !paths.includes(JSON.stringify(path)));
}

/** In the order of the file, each mistake once. */
function inOrder(mistakes: readonly Mistake[]): readonly Mistake[] {
  const once = new Map(mistakes.map((mistake) => [JSON.stringify(mistake), mistake]));
  return [...once.values()].toSorted((one, other) => (one.line ?? 0) - (other.line ?? 0));
}

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const below of Object.values(value)) frozen(below);
  return Object.freeze(value);
}
