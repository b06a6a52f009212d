import { z } from 'zod';
import { DOCKER_KEYS, GLOBAL_KEYS, RUNNER_KEYS, type TomlKeys, type TomlKind } from './config-toml-keys.ts';
import { ALWAYS } from './key-kinds.ts';
import { type Breach, keeps, type Rule } from './rules.ts';
import { isMap, type Path } from './tree.ts';

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function isFlag(value: unknown): boolean {
  return typeof value === 'boolean';
}

function areTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every(isText);
}

function isMapOf(holds: (value: unknown) => boolean): (value: unknown) => boolean {
  return (value) => isMap(value) && Object.values(value).every(holds);
}

interface Kind {
  readonly holds: (value: unknown) => boolean;
  readonly allowed: string;
  readonly example: string;
}

const KINDS: Readonly<Record<TomlKind, Kind>> = {
  text: { holds: isText, allowed: 'a text (numbers in quotes)', example: "'text'" },
  number: { holds: Number.isSafeInteger, allowed: 'a whole number', example: '3' },
  flag: { holds: isFlag, allowed: 'true or false', example: 'true' },
  texts: { holds: areTexts, allowed: 'a list of texts', example: "['text']" },
  'text map': { holds: isMapOf(isText), allowed: 'a map of texts', example: "{name: 'text'}" },
  'flag map': { holds: isMapOf(isFlag), allowed: 'a map of true and false', example: '{FF_NAME: true}' },
  table: { holds: isMap, allowed: 'a map', example: '{}' },
  duration: {
    holds: (value) => typeof value === 'string' && /^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/.test(value),
    allowed: 'a duration as Go writes it, such as 1h30m',
    example: "'90s'",
  },
};

/** The runner finds keys whatever their case. */
function spelled(key: string): string {
  return key.toLowerCase();
}

/** What no key of the table may hold, whether it is known or not. */
function unfit(value: unknown, path: Path, nested: boolean): readonly Breach[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => unfit(item, [...path, index], true));
  if (isMap(value))
    return Object.entries(value).flatMap(([key, below]) => unfit(below, [...path, key], true));
  if (typeof value === 'string') {
    if (!nested || !/\$\{(?:env|file|ssm):/.test(value)) return [];
    return [
      {
        path,
        allowed: 'no reference inside of a list or a map',
        mend: 'write the value itself',
      },
    ];
  }
  const fits = typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value));
  return fits
    ? []
    : [{ path, allowed: 'a text, a number, true or false, a list or a map', mend: 'remove the key' }];
}

function decidedElsewhere({ decided }: TomlKeys): Rule {
  return (table) =>
    Object.keys(isMap(table) ? table : {})
      .filter((key) => Object.hasOwn(decided, spelled(key)))
      .map((key) => {
        const own = decided[spelled(key)];
        return {
          path: [key],
          value: 'a key that Runtide writes itself',
          allowed: 'only keys of config.toml that Runtide does not decide',
          mend: own === undefined ? 'remove it' : `remove it and use \`${own}\``,
        };
      });
}

function ofTheirKinds({ decided, kinds }: TomlKeys): Rule {
  return (table) =>
    Object.entries(isMap(table) ? table : {}).flatMap(([key, value]): readonly Breach[] => {
      if (Object.hasOwn(decided, spelled(key))) return [];
      const name = spelled(key);
      const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
      if (kind === undefined || KINDS[kind].holds(value)) return unfit(value, [key], false);
      return [
        { path: [key], allowed: KINDS[kind].allowed, mend: `write \`${key}: ${KINDS[kind].example}\`` },
      ];
    });
}

/** The runner takes the first of two keys that it finds alike, or the last. */
function eachOnce(table: unknown): readonly Breach[] {
  const keys = Object.keys(isMap(table) ? table : {});
  return keys
    .filter((key, index) => keys.findIndex((other) => spelled(other) === spelled(key)) !== index)
    .map((key) => ({
      path: [key],
      value: 'a key that stands twice, in another case',
      allowed: 'every key once',
      mend: 'remove one of the two',
    }));
}

/** The same order whatever that of the file: it is no change. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (!isMap(value)) return value;
  return tableInOrder(value);
}

function tableInOrder(table: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const entries = Object.entries(table).map(([key, below]) => [key, inOrder(below)] as const);
  return Object.fromEntries(entries.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

function tableSchema(keys: TomlKeys, description: string, example: string) {
  const value = z.unknown().meta({
    description: 'A key as GitLab Runner names it.',
    allowed: 'what GitLab Runner takes there',
    mend: 'see the advanced configuration in the documentation of GitLab Runner',
  });
  return z
    .record(z.string(), value)
    .superRefine(keeps([decidedElsewhere(keys), ofTheirKinds(keys), eachOnce]), ALWAYS)
    .transform(tableInOrder)
    .meta({ description, allowed: 'a map of keys of config.toml', example });
}

/** Keys of config.toml that are handed through. */
export const configTomlSchema = z
  .strictObject({
    global: tableSchema(
      GLOBAL_KEYS,
      'Keys of the whole file.',
      "{sentry_dsn: 'https://key@sentry.example.com/1'}",
    ).exactOptional(),
    runner: tableSchema(
      RUNNER_KEYS,
      'Keys of every `[[runners]]`.',
      '{feature_flags: {FF_NETWORK_PER_BUILD: true}}',
    ).exactOptional(),
    docker: tableSchema(
      DOCKER_KEYS,
      'Keys of `[runners.docker]`; only with `executor: docker`. Some give jobs the instance, such as `cap_add`, `devices` and `security_opt`: see docs/security.md.',
      '{cap_drop: [NET_RAW]}',
    ).exactOptional(),
  })
  .meta({
    description:
      'Further keys of the config.toml of the runner, by their own names, as they are. What Runtide decides is refused here. No secrets: whoever may describe an instance can read them.',
    example: '{runner: {builds_dir: /builds}}',
  });
