import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from '@babel/parser';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** What each layer may import of the others; its own folder is always allowed. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  'src/engine': [],
  'src/controller': ['src/engine'],
  'src/offers': ['src/engine'],
  'src/config': ['src/offers', 'src/engine'],
  'src/adapters/gitlab': ['src/controller', 'src/engine'],
  'src/adapters/aws': ['src/controller', 'src/engine'],
  'src/adapters/sqlite': ['src/controller', 'src/engine'],
  'src/adapters/memory': ['src/controller', 'src/engine'],
  'src/simulator': ['src/adapters/memory', 'src/controller', 'src/engine'],
  'src/status': ['src/controller', 'src/engine'],
  'src/permissions': [],
  'src/bootstrap': [],
  'src/image': ['src/bootstrap', 'src/engine'],
  'src/sandbox/runner': [],
  'src/sandbox/gitlab': ['src/adapters/memory', 'src/controller', 'src/engine'],
  'src/sandbox/aws': ['src/adapters/memory', 'src/controller', 'src/engine'],
  'src/sandbox': [
    'src/sandbox/gitlab',
    'src/sandbox/aws',
    'src/adapters/memory',
    'src/status',
    'src/controller',
    'src/engine',
    'src/version.ts',
  ],
  'src/version.ts': [],
  'src/compose': [
    'src/adapters',
    'src/bootstrap',
    'src/config',
    'src/offers',
    'src/controller',
    'src/engine',
  ],
  'src/runtimes': ['src/compose', 'src/adapters', 'src/config', 'src/controller', 'src/engine', 'src/status'],
  'src/cli': [
    'src/runtimes',
    'src/permissions',
    'src/bootstrap',
    'src/image',
    'src/sandbox',
    'src/simulator',
    'src/compose',
    'src/adapters',
    'src/config',
    'src/offers',
    'src/controller',
    'src/engine',
    'src/status',
    'src/version.ts',
  ],
};

/** Files and folders that run in a browser as well: no Node module, only globals that both have. */
const ANYWHERE = [
  'src/engine',
  'src/controller',
  'src/offers',
  'src/adapters/memory',
  'src/simulator',
  'src/status/model.ts',
];

/** Where what is banned elsewhere may stand. */
const ALLOWED = {
  'process.env': ['src/config/environment.ts', 'src/sandbox'],
  'Date.now': ['src/runtimes/system-clock.ts', 'src/sandbox'],
  'process.exit': ['src/runtimes', 'src/cli/main.ts', 'src/sandbox'],
} as const;

/** Words that name no thing. */
const NO_NAMES = /^(utils?|helpers?|common|types|interfaces|lib|misc|shared)(\.|$)/;

interface Source {
  readonly path: string;
  readonly imports: readonly string[];
  readonly members: readonly string[];
}

function filesUnder(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
}

type Tree = Readonly<Record<string, unknown>>;

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null;
}

/** The text of a name in the syntax tree: `a`, or `a.b` for a member. */
function nameOf(tree: unknown): string | undefined {
  if (!isTree(tree)) return undefined;
  if (tree['type'] === 'Identifier' && typeof tree['name'] === 'string') return tree['name'];
  if (tree['type'] !== 'MemberExpression' && tree['type'] !== 'OptionalMemberExpression') return undefined;
  const property = tree['property'];
  const key = tree['computed'] === true && isTree(property) ? property['value'] : nameOf(property);
  const object = nameOf(tree['object']);
  return object === undefined || typeof key !== 'string' ? undefined : `${object}.${key}`;
}

function importedBy(tree: Tree): string | undefined {
  const source =
    tree['type'] === 'ImportExpression' || isImportCall(tree) ? firstArgument(tree) : tree['source'];
  const kinds = [
    'ImportDeclaration',
    'ExportNamedDeclaration',
    'ExportAllDeclaration',
    'ImportExpression',
    'CallExpression',
  ];
  if (!kinds.includes(String(tree['type'])) || !isTree(source)) return undefined;
  return typeof source['value'] === 'string' ? source['value'] : undefined;
}

function isImportCall(tree: Tree): boolean {
  return tree['type'] === 'CallExpression' && isTree(tree['callee']) && tree['callee']['type'] === 'Import';
}

function firstArgument(tree: Tree): unknown {
  const all = tree['arguments'];
  return Array.isArray(all) ? all[0] : tree['source'];
}

function walk(tree: unknown, visit: (tree: Tree) => void): void {
  if (Array.isArray(tree)) for (const item of tree) walk(item, visit);
  if (!isTree(tree) || Array.isArray(tree)) return;
  if (typeof tree['type'] === 'string') visit(tree);
  for (const [key, child] of Object.entries(tree)) if (key !== 'loc' && isTree(child)) walk(child, visit);
}

/** What a file imports, each relative import as a path from the root, and the members that it names. */
function read(path: string, text = readFileSync(join(ROOT, path), 'utf8')): Source {
  const tree = parse(text, { sourceType: 'module', plugins: ['typescript'] });
  const imports: string[] = [];
  const members = new Set<string>();
  walk(tree.program, (part) => {
    const imported = importedBy(part);
    if (imported !== undefined)
      imports.push(imported.startsWith('.') ? join(dirname(path), imported) : imported);
    const name = nameOf(part);
    if (name !== undefined) members.add(name);
  });
  return { path, imports, members: [...members] };
}

const isIn = (path: string, place: string): boolean => path === place || path.startsWith(`${place}/`);

function layerOf(path: string): string | undefined {
  return Object.keys(LAYERS)
    .filter((layer) => isIn(path, layer))
    .toSorted((a, b) => b.length - a.length)[0];
}

/** Every import of the file that its layer does not allow, in words. */
function forbiddenImports({ path, imports }: Source): readonly string[] {
  const layer = layerOf(path);
  if (layer === undefined)
    return [`${path} is in no layer: add it to the table in test/architecture.test.ts`];
  const allowed = [layer, ...(LAYERS[layer] ?? [])];
  return imports.flatMap((imported) => {
    if (!imported.startsWith('src/')) return forbiddenPackage(path, imported);
    const target = layerOf(imported) ?? imported;
    const fine = target === layer || allowed.some((place) => place !== layer && isIn(imported, place));
    return fine ? [] : [`${path} must not import ${imported}`];
  });
}

function forbiddenPackage(path: string, imported: string): readonly string[] {
  const anywhere = ANYWHERE.some((place) => isIn(path, place));
  if (anywhere && imported.startsWith('node:'))
    return [`${path} must not import ${imported}: it runs in browsers`];
  if (isIn(imported, 'data'))
    return isIn(path, 'src/offers') ? [] : [`${path} must not import ${imported}: only src/offers reads it`];
  if (anywhere && !imported.startsWith('.'))
    return [`${path} must not import ${imported}: it stands on nothing`];
  const aws = imported.startsWith('@aws-sdk/') && !isIn(path, 'src/adapters/aws');
  return aws ? [`${path} must not import ${imported}: only src/adapters/aws speaks to AWS`] : [];
}

function forbiddenMembers({ path, members }: Source): readonly string[] {
  return Object.entries(ALLOWED).flatMap(([member, places]) =>
    members.includes(member) && !places.some((place) => isIn(path, place))
      ? [`${path} must not use ${member}`]
      : [],
  );
}

function badName(path: string): readonly string[] {
  const name = path.split('/').at(-1) ?? '';
  return NO_NAMES.test(name) ? [`${path} must be named after the thing it holds`] : [];
}

/** Files that import each other in a circle. */
function circles(sources: readonly Source[]): readonly string[] {
  const imports = new Map(sources.map((source) => [source.path, source.imports]));
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) found.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
    if (done.has(path) || trail.includes(path)) return;
    for (const next of imports.get(path) ?? []) if (imports.has(next)) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of imports.keys()) visit(path, []);
  return found;
}

const sources = filesUnder('src').map((path) => read(path));

describe('the architecture', () => {
  it('holds files at all', () => {
    expect(sources.length).toBeGreaterThan(100);
  });

  it('imports go down only', () => {
    expect(sources.flatMap(forbiddenImports)).toEqual([]);
  });

  it('the environment, the clock and the exit each have one place', () => {
    expect(sources.flatMap(forbiddenMembers)).toEqual([]);
  });

  it('files are named after things', () => {
    expect(sources.flatMap(({ path }) => badName(path))).toEqual([]);
  });

  it('nothing imports in a circle', () => {
    expect(circles(sources)).toEqual([]);
  });
});

function said(path: string, text: string): readonly string[] {
  const source = read(path, text);
  return [...forbiddenImports(source), ...forbiddenMembers(source), ...badName(path)];
}

describe('the architecture test itself fails by name', () => {
  it.each([
    [
      'src/engine/plan.ts',
      "import { x } from '../controller/ports.ts';",
      'src/engine/plan.ts must not import src/controller/ports.ts',
    ],
    [
      'src/engine/plan.ts',
      "import type { x } from '../controller/ports.ts';",
      'src/engine/plan.ts must not import src/controller/ports.ts',
    ],
    [
      'src/engine/plan.ts',
      "const x = await import('../controller/ports.ts');",
      'src/engine/plan.ts must not import src/controller/ports.ts',
    ],
    [
      'src/engine/plan.ts',
      "import 'node:fs';",
      'src/engine/plan.ts must not import node:fs: it runs in browsers',
    ],
    [
      'src/adapters/aws/x.ts',
      "export * from '../gitlab/client.ts';",
      'src/adapters/aws/x.ts must not import src/adapters/gitlab/client.ts',
    ],
    [
      'src/cli/x.ts',
      "import { EC2 } from '@aws-sdk/client-ec2';",
      'src/cli/x.ts must not import @aws-sdk/client-ec2: only src/adapters/aws speaks to AWS',
    ],
    [
      'src/offers/x.ts',
      "import { z } from 'zod';",
      'src/offers/x.ts must not import zod: it stands on nothing',
    ],
    [
      'src/config/x.ts',
      "import table from '../../data/instance-types.json' with { type: 'json' };",
      'src/config/x.ts must not import data/instance-types.json: only src/offers reads it',
    ],
    ['src/cli/x.ts', 'const x = process.env.HOME;', 'src/cli/x.ts must not use process.env'],
    ['src/cli/x.ts', "const x = process['env'];", 'src/cli/x.ts must not use process.env'],
    ['src/engine/x.ts', 'const x = Date.now();', 'src/engine/x.ts must not use Date.now'],
    ['src/engine/x.ts', 'process.exit(1);', 'src/engine/x.ts must not use process.exit'],
    ['src/engine/utils.ts', '', 'src/engine/utils.ts must be named after the thing it holds'],
    [
      'src/elsewhere/x.ts',
      '',
      'src/elsewhere/x.ts is in no layer: add it to the table in test/architecture.test.ts',
    ],
  ])('%s with %s', (path, text, expected) => {
    expect(said(path, text)).toContain(expected);
  });

  it('names circles', () => {
    const circle = [read('src/engine/a.ts', "import './b.ts';"), read('src/engine/b.ts', "import './a.ts';")];
    expect(circles(circle)).toEqual(['src/engine/a.ts → src/engine/b.ts → src/engine/a.ts']);
  });
});
