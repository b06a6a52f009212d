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

/** Whether a resource passes all filters; `valuesOf` knows the filters, and answers undefined for others. */
export function passes(
  filters: readonly Filter[],
  valuesOf: (filter: string) => readonly string[] | undefined,
): boolean {
  return filters.every(({ name, values }) => {
    const own = valuesOf(name);
    if (own === undefined) throw invalidValue(`The filter '${name}' is invalid.`);
    return values.some((value) => own.some((one) => wildcard(value).test(one)));
  });
}

/** The values that an instance has under a filter's name. */
export function instanceValues({
  record,
  shown,
}: ListedInstance): (filter: string) => readonly string[] | undefined {
  return (filter) => {
    if (filter.startsWith('tag:')) return present(record.tags.get(filter.slice('tag:'.length)));
    return plainValues(record, shown).get(filter);
  };
}

function plainValues(record: InstanceRecord, shown: StateChange): ReadonlyMap<string, readonly string[]> {
  return new Map([
    ['tag-key', [...record.tags.keys()]],
    ['instance-state-name', [shown.state]],
    ['instance-id', [record.id]],
    ['image-id', present(record.data.imageId)],
    ['instance-type', [record.instanceType]],
    ['instance-lifecycle', record.market === 'spot' ? ['spot'] : []],
    ['subnet-id', shown.state === 'terminated' ? [] : [record.subnet]],
    ['availability-zone', [record.zone]],
    ['client-token', present(record.clientToken)],
  ]);
}

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
