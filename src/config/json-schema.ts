import { z } from 'zod';
import { configSchema } from './schema.ts';
import { isMap } from './tree.ts';

/** What references look like, for an editor: `${env:NAME}`, `${file:PATH}`, `${ssm:NAME}`, anywhere in a text. */
const REFERENCE = { type: 'string', pattern: String.raw`\$\{(env|file|ssm):[^{}]+\}` };

const APPLIES: Readonly<Record<string, string>> = {
  hot: 'A change applies at once.',
  drifts: 'A change replaces the instances, once their jobs have ended.',
  restart: 'A change applies when the daemon has been started again.',
};

/** Beside the type of a value, and said for people. */
const NOTES = new Set(['description', 'default', 'examples', 'title', '$schema']);

/** Said for Runtide alone. */
const OURS = new Set(['applies', 'allowed', 'example', 'mend', 'kind', 'ordered']);

type Json = Readonly<Record<string, unknown>>;

/**
 * The JSON Schema (draft 7) of the configuration file, for editors. It knows the shapes, the defaults
 * and the limits of single keys; the rules over several keys are known to `loadConfig` alone.
 */
export function jsonSchema(): Json {
  return forEditors(z.toJSONSchema(configSchema, { io: 'input', target: 'draft-07' }));
}

/** Turns what the schema says for Runtide into what editors show, and lets references stand for values. */
function forEditors(schema: Json): Json {
  const edited = mapValues(withoutOurs(schema), (value, key) => editedBelow(key, value));
  const noted = { ...edited, ...notesOf(schema) };
  return schema['type'] === 'object' || schema['type'] === 'array' ? noted : orReference(noted);
}

function editedBelow(key: string, value: unknown): unknown {
  if (key === 'anyOf' && Array.isArray(value)) return value.map(alternative);
  if (!isMap(value)) return value;
  if (key === 'properties') return mapValues(value, (below) => (isMap(below) ? forEditors(below) : below));
  if (key === 'items' || key === 'additionalProperties') return forEditors(value);
  return key === 'propertyNames' ? withoutOurs(value) : value;
}

/** One of several forms; references stand for the short ones beside them. */
function alternative(schema: unknown): unknown {
  if (!isMap(schema)) return schema;
  const isLong = schema['type'] === 'object' || schema['type'] === 'array';
  return isLong ? forEditors(schema) : { ...withoutOurs(schema), ...notesOf(schema) };
}

function notesOf({ description, allowed, applies }: Json): Json {
  const allows = typeof allowed === 'string' ? `Allowed: ${allowed}.` : undefined;
  const changes = typeof applies === 'string' ? APPLIES[applies] : undefined;
  const lines = [description, allows, changes].filter((line) => typeof line === 'string');
  return lines.length === 0 ? {} : { description: lines.join('\n') };
}

/** Any text is allowed already where only the type is said. */
function orReference(schema: Json): Json {
  const entries = Object.entries(schema);
  const notes = Object.fromEntries(entries.filter(([key]) => NOTES.has(key)));
  const value = Object.fromEntries(entries.filter(([key]) => !NOTES.has(key)));
  if (JSON.stringify(value) === '{"type":"string"}') return schema;
  const choices: readonly unknown[] = Array.isArray(value['anyOf']) ? value['anyOf'] : [value];
  return { ...notes, anyOf: [...choices, REFERENCE] };
}

function withoutOurs(schema: Json): Json {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => !OURS.has(key)));
}

function mapValues(map: Json, change: (value: unknown, key: string) => unknown): Json {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value, key)]));
}
