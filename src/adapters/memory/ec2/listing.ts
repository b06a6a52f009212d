import { type Duration, elapsed, type Instant } from '../../../engine/time.ts';
import { Ec2Error, invalidValue } from './error.ts';
import type { InstanceRecord, StateChange } from './instance-record.ts';

/** What a call names: values of one filter are alternatives, filters add up; `*` and `?` are wildcards. */
export interface Filter {
  readonly name: string;
  readonly values: readonly string[];
}

/** A page of a long answer: 5 to 1,000 results at once. */
export interface Paging {
  readonly maxResults?: number | undefined;
  readonly nextToken?: string | undefined;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextToken?: string | undefined;
}

/** Which instances are asked for; nothing: all. Ids and `maxResults` exclude each other. */
export interface DescribeInstancesRequest extends Paging {
  readonly ids?: readonly string[];
  readonly filters?: readonly Filter[];
}

/** An instance as EC2's listings show it: its state may lag behind the truth. */
export interface ListedInstance {
  readonly record: InstanceRecord;
  readonly shown: StateChange;
}

/** What listings that lag by `lag` show of an instance; undefined where they do not know it yet. */
export function listed(record: InstanceRecord, now: Instant, lag: Duration): ListedInstance | undefined {
  const shown = record.life.findLast((change) => elapsed(change.at, now) >= lag);
  return shown === undefined ? undefined : { record, shown };
}

/** The values that a resource has under a filter's name; undefined where there is no such filter. */
export type Values = (filter: string) => readonly string[] | undefined;

/** Tells of one resource after the other whether it passes all filters; a filter that none knows is refused. */
export function passing(filters: readonly Filter[]): (valuesOf: Values) => boolean {
  const tests = filters.map(({ name, values }) => ({ name, test: matching(values) }));
  return (valuesOf) =>
    tests.every(({ name, test }) => {
      const own = valuesOf(name);
      if (own === undefined) throw invalidValue(`The filter '${name}' is invalid.`);
      return own.some(test);
    });
}

/** Whether one resource passes all filters. */
export function passes(filters: readonly Filter[], valuesOf: Values): boolean {
  return passing(filters)(valuesOf);
}

/** Whether a text is one of the values, or like one with wildcards. */
function matching(values: readonly string[]): (text: string) => boolean {
  const plain = new Set(values.filter((value) => !/[*?]/.test(value)));
  const patterns = values.filter((value) => !plain.has(value)).map(wildcard);
  return (text) => plain.has(text) || patterns.some((pattern) => pattern.test(text));
}

/** The values that an instance has under a filter's name. */
export function instanceValues({ record, shown }: ListedInstance): Values {
  return (filter) => {
    if (filter.startsWith('tag:')) return present(record.tags.get(filter.slice('tag:'.length)));
    return PLAIN_VALUES.get(filter)?.(record, shown);
  };
}

type PlainValue = (record: InstanceRecord, shown: StateChange) => readonly string[];

const PLAIN_VALUES: ReadonlyMap<string, PlainValue> = new Map<string, PlainValue>([
  ['tag-key', ({ tags }) => [...tags.keys()]],
  ['instance-state-name', (_record, { state }) => [state]],
  ['instance-id', ({ id }) => [id]],
  ['image-id', ({ data }) => present(data.imageId)],
  ['instance-type', ({ instanceType }) => [instanceType]],
  ['instance-lifecycle', ({ market }) => (market === 'spot' ? ['spot'] : [])],
  ['subnet-id', ({ subnet }, { state }) => (state === 'terminated' ? [] : [subnet])],
  ['availability-zone', ({ zone }) => [zone]],
  ['client-token', ({ clientToken }) => present(clientToken)],
]);

/** One page of `all`, which must keep its order between calls; `keyOf` names an item for good. */
export function page<T>(all: readonly T[], keyOf: (item: T) => string, paging: Paging): Page<T> {
  const { maxResults, nextToken } = paging;
  if (maxResults !== undefined && (maxResults < 5 || maxResults > 1000)) {
    throw invalidValue(`Value ( ${maxResults} ) for parameter maxResults is invalid: expecting 5 to 1000.`);
  }
  const start = nextToken === undefined ? 0 : all.findIndex((item) => keyOf(item) === fromToken(nextToken));
  if (start === -1) throw new Ec2Error('InvalidNextToken', 'The next token is invalid or has expired.');
  const end = maxResults === undefined ? all.length : start + maxResults;
  const following = all[end];
  const items = all.slice(start, end);
  return following === undefined ? { items } : { items, nextToken: btoa(keyOf(following)) };
}

function fromToken(token: string): string | undefined {
  try {
    return atob(token);
  } catch {
    return undefined;
  }
}

function present(value: string | undefined): readonly string[] {
  return value === undefined ? [] : [value];
}

function wildcard(pattern: string): RegExp {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
}
