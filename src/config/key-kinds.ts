import { z } from 'zod';
import { type Duration, milliseconds } from '../engine/time.ts';
import { DURATION_PATTERN, formatDuration, parseDuration } from './duration.ts';
import { Secret } from './secret.ts';

/**
 * When a changed key takes effect: `hot` at once, `drifts` with new instances (running ones are
 * replaced), `restart` once the daemon has been started again.
 */
export type Applies = 'hot' | 'drifts' | 'restart';

declare module 'zod' {
  interface GlobalMeta {
    /** Given on a section, it holds for every key below that says nothing else. */
    applies?: Applies;
    /** What may stand here, in words. */
    allowed?: string;
    /** How a good value is written in YAML. */
    example?: string;
    /** What to do when the value is wrong, where an example says too little. */
    mend?: string;
    /** How a loaded value is shown; `file`: the path of a file is written, and its content is loaded. */
    kind?: 'secret' | 'duration' | 'address' | 'file';
    /** The order of the entries matters. */
    ordered?: boolean;
  }
}

/** What is said about every key. */
export interface KeyDoc {
  readonly description: string;
  readonly applies?: Applies;
  readonly example?: string;
  readonly mend?: string;
}

/** Lets a rule over several keys run although single keys are wrong, so that all mistakes show at once. */
export const ALWAYS = { when: (): boolean => true };

/** A text that matches `pattern`; `allowed` says so in words. */
export function text(pattern: RegExp, allowed: string, doc: KeyDoc) {
  return z
    .string()
    .regex(pattern)
    .meta({ ...doc, allowed });
}

/** One of a few words. */
export function oneOf<const T extends string>(words: readonly T[], doc: KeyDoc) {
  return z.enum(words).meta({ ...doc, allowed: `one of ${words.join(', ')}` });
}

export function yesOrNo(doc: KeyDoc) {
  return z.boolean().meta({ example: 'true', ...doc, allowed: 'true or false' });
}

/** A whole number, both ends included. */
export function wholeNumber(from: number, to: number, doc: KeyDoc) {
  const allowed =
    to === Number.MAX_SAFE_INTEGER ? `a whole number from ${from}` : `a whole number from ${from} to ${to}`;
  return z
    .int()
    .min(from)
    .max(to)
    .meta({ example: String(from), ...doc, allowed });
}

/** A number that need not be whole, both ends included. */
export function decimal(from: number, to: number, doc: KeyDoc) {
  return z
    .number()
    .min(from)
    .max(to)
    .meta({ example: String(from), ...doc, allowed: `a number from ${from} to ${to}` });
}

/** A share, written as a number from 0 to 1 or as a percentage; loaded as the number. */
export function share(doc: KeyDoc) {
  return z
    .union([z.number().min(0).max(1), z.string().regex(/^(?:100|\d{1,2}(?:\.\d{1,3})?)%$/)])
    .transform((written) => (typeof written === 'number' ? written : Number(written.slice(0, -1)) / 100))
    .meta({ ...doc, allowed: "a number from 0 to 1, or a percentage in quotes such as '80%'" });
}

/** A key whose usual value has a short form, and which is a section where more has to be said. */
export function shortOrSection<Short extends z.ZodType, Section extends z.ZodObject>(
  short: Short,
  section: Section,
  doc: KeyDoc & { readonly allowed: string },
) {
  return z.union([short, section]).meta({ ...doc });
}

/** A duration, both ends included; loaded as the engine's `Duration`. */
export function duration(from: Duration, to: Duration, doc: KeyDoc) {
  const allowed =
    `a duration from ${formatDuration(from)} to ${formatDuration(to)}, ` +
    'with the unit ms, s, m, h or d, or a plain number of seconds';
  return z
    .union([
      z.string().regex(DURATION_PATTERN),
      z
        .number()
        .min(from / 1000)
        .max(to / 1000),
    ])
    .transform((written, context) => {
      const length = parseDuration(written);
      if (length !== undefined && length >= from && length <= to) return length;
      context.issues.push({ code: 'custom', input: written });
      return z.NEVER;
    })
    .meta({ example: formatDuration(from), ...doc, allowed, kind: 'duration' });
}

/** The longest duration that any key takes. */
export const TEN_YEARS = milliseconds(3650 * 86_400_000);

/** A secret. `whyNot` names what is wrong with one, in words that do not show it. */
export function secret(allowed: string, whyNot: (value: string) => string | undefined, doc: KeyDoc) {
  return z
    .string()
    .transform((value, context) => {
      const why = whyNot(value);
      if (why === undefined) return new Secret(value);
      context.issues.push({ code: 'custom', input: value, params: { why } });
      return z.NEVER;
    })
    .meta({ ...doc, allowed, kind: 'secret' });
}

/** The content of a file that is named by its path, relative to the configuration. `read` makes of it what is loaded. */
export function fileContent<T>(
  allowed: string,
  read: (content: string) => { readonly value: T } | { readonly why: string },
  doc: KeyDoc,
) {
  return z
    .string()
    .transform((content, context) => {
      const answer = read(content);
      if ('value' in answer) return answer.value;
      context.issues.push({ code: 'custom', input: content, params: { why: answer.why } });
      return z.NEVER;
    })
    .meta({ ...doc, allowed, kind: 'file' });
}

const PORT = String.raw`(?:[1-9]\d{0,4}|0)`;
const HOST = String.raw`(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)`;
const ADDRESS_PATTERN = new RegExp(`^${HOST}:${PORT}$`);

/** Where to listen, as `host:port`; port 0 lets the system choose. */
export function listenAddress(doc: KeyDoc) {
  return z
    .string()
    .regex(ADDRESS_PATTERN)
    .transform((written, context) => {
      const colon = written.lastIndexOf(':');
      const port = Number(written.slice(colon + 1));
      if (port > 65_535) context.issues.push({ code: 'custom', input: written });
      return { host: written.slice(0, colon).replaceAll(/[[\]]/g, ''), port };
    })
    .meta({
      ...doc,
      allowed: 'host:port, with a port from 0 to 65535 (0 lets the system choose) and IPv6 in brackets',
      kind: 'address',
    });
}

/** What `listenAddress` was made of. */
export function addressText({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** An http(s) address without credentials, query or fragment; loaded without a slash at its end. */
export function address(
  allowed: string,
  doc: KeyDoc,
  mendOf: (url: URL) => string | undefined = () => undefined,
) {
  return z
    .string()
    .transform((written, context) => {
      const url = URL.canParse(written) ? new URL(written) : undefined;
      const mend = url === undefined ? undefined : mendOf(url);
      if (url !== undefined && mend === undefined && isPlain(url)) return url.href.replace(/\/+$/, '');
      context.issues.push({ code: 'custom', input: written, params: { mend } });
      return z.NEVER;
    })
    .meta({ ...doc, allowed });
}

function isPlain(url: URL): boolean {
  const http = url.protocol === 'http:' || url.protocol === 'https:';
  return http && url.username === '' && url.password === '' && url.search === '' && url.hash === '';
}

/** A list of at least `fewest` different items; `identity` says what makes two items the same. */
export function listOf<Item extends z.ZodType>(
  item: Item,
  fewest: 0 | 1,
  what: string,
  doc: KeyDoc,
  identity: (item: unknown) => unknown = (given) => given,
) {
  const size = fewest === 0 ? 'a list of' : 'a list of one or more';
  return z
    .array(item)
    .min(fewest)
    .superRefine((items, context) => {
      for (const index of repeated(items, identity)) {
        context.addIssue({
          code: 'custom',
          path: [index],
          params: { allowed: `${what}, each once`, mend: 'remove it: it stands earlier in the list' },
        });
      }
    }, ALWAYS)
    .meta({ ...doc, allowed: `${size} ${what}, each once`, uniqueItems: true });
}

/** The places of items that stand earlier as well. */
function repeated(items: unknown, identity: (item: unknown) => unknown): readonly number[] {
  if (!Array.isArray(items)) return [];
  const seen = new Set<unknown>();
  return items.flatMap((item: unknown, index) => {
    const before = seen.size;
    return seen.add(identity(item)).size === before ? [index] : [];
  });
}
