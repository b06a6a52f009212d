import type { z } from 'zod';
import { publicPath, shown } from './masking.ts';
import type { Mistake } from './mistakes.ts';
import { about, child, keysOf, mayBeMissing, type Part, partAt } from './schema-tree.ts';
import { closest } from './spelling.ts';
import { isMap, type Path, pathKey, pathText, valueAt } from './tree.ts';

type Issue = z.core.$ZodIssue;

/** The file as it is written, before references were resolved. */
export interface Written {
  readonly tree: unknown;
  readonly lineOf: (path: Path) => number | undefined;
}

/** What is wrong, before it is placed and shown. */
export interface Finding {
  readonly path: Path;
  /** What to say stands there, in place of the value itself. */
  readonly value?: string;
  readonly allowed: string;
  readonly mend: string;
}

/** The mistake at `path`, showing what is written there and never what a reference stands for. */
export function mistakeAt(file: Written, { path, value, allowed, mend }: Finding): Mistake {
  const seen = publicPath(path);
  const line = file.lineOf(seen);
  return {
    path: pathText(seen),
    value: value ?? shown(valueAt(file.tree, path), path),
    allowed,
    mend,
    ...(line === undefined ? {} : { line }),
  };
}

/** What the schema complains about; one finding for one value, what is wrong with it alone first. */
export function findingsIn(issues: readonly Issue[]): readonly Finding[] {
  const findings = issues.flatMap(withinUnions).flatMap((issue) => {
    const path = issue.path.filter((key) => typeof key !== 'symbol');
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(path, key));
    return [wrongValue(path, issue)];
  });
  return [...Map.groupBy(findings, ({ path, value }) => pathKey([...path, value ?? ''])).values()].flatMap(
    (alike) => alike.slice(0, 1),
  );
}

/** Whether the value has the shape of the alternative, so that these issues are what is wrong with it. */
function isMeant(issues: readonly Issue[]): boolean {
  return issues.every(
    ({ code, path }) => path.length > 0 || code === 'unrecognized_keys' || code === 'custom',
  );
}

/** Where a key has a short form and a long one: the issues of the form that is meant. */
function withinUnions(issue: Issue): readonly Issue[] {
  const meant = issue.code === 'invalid_union' ? issue.errors.find(isMeant) : undefined;
  if (meant === undefined) return [issue];
  return meant.flatMap((below) => withinUnions({ ...below, path: [...issue.path, ...below.path] }));
}

function unknownKey(path: Path, key: string): Finding {
  const part = partAt(path);
  const keys = (part && keysOf(part)) ?? [];
  const meant = closest(key, keys);
  return {
    path: [...path, key],
    value: 'unknown key',
    allowed: `the keys ${keys.join(', ')}`,
    mend: meant === undefined ? 'remove it' : `did you mean \`${meant}\`?`,
  };
}

function wrongValue(path: Path, issue: Issue): Finding {
  const part = partAt(path);
  const params: unknown = issue.code === 'custom' ? issue.params : undefined;
  const said = (key: string): string | undefined => {
    const text = isMap(params) ? params[key] : undefined;
    return typeof text === 'string' ? text : undefined;
  };
  const why = said('why');
  const allowed = said('allowed') ?? allowedAt(part);
  const value = said('value');
  return {
    path,
    ...(value === undefined ? {} : { value }),
    allowed: why === undefined ? allowed : `${allowed}, but ${why}`,
    mend: said('mend') ?? mendAt(part, path),
  };
}

function allowedAt(part: Part | undefined): string {
  if (part === undefined) return 'nothing';
  const keys = keysOf(part);
  return about(part).allowed ?? (keys === undefined ? 'a map' : `a map with the keys ${keys.join(', ')}`);
}

function mendAt(part: Part | undefined, path: Path): string {
  if (part === undefined) return 'remove it';
  const { mend, example } = about(part);
  if (mend !== undefined) return mend;
  if (example === undefined) return mendSection(part);
  const key = path.at(-1);
  return typeof key === 'string' ? `write \`${key}: ${example}\`` : `write an item such as \`${example}\``;
}

function mendSection(part: Part): string {
  const needed = (keysOf(part) ?? []).filter((key) => {
    const below = child(part, key);
    return below !== undefined && !mayBeMissing(below);
  });
  const keys = needed.length === 0 ? 'its keys' : needed.map((key) => `\`${key}\``).join(', ');
  return `write ${keys} below it, one a line and indented`;
}
