import type { Instant } from '../../../engine/time.ts';
import { Ec2Error } from './error.ts';
import type { InstanceRecord, StateChange } from './instance-record.ts';
import { type Filter, type ListedInstance, type Page, page, type Paging, passing } from './listing.ts';

/** The request behind one spot instance. */
export interface SpotRequest {
  readonly id: string;
  readonly instance: string;
  readonly instanceType: string;
  readonly zone: string;
  readonly createdAt: Instant;
  readonly state: 'active' | 'closed';
  readonly status: { readonly code: string; readonly message: string; readonly updatedAt: Instant };
}

/** Which requests are asked for; nothing: all. */
export interface DescribeSpotRequests extends Paging {
  readonly ids?: readonly string[];
  readonly filters?: readonly Filter[];
}

/**
 * What became of the request. One for capacity that EC2 needs back says at once that its instance was
 * terminated, although that still runs for the time of its notice (note to the status table in AWS's page
 * "Spot request status").
 */
function statusOf(
  { interruption }: InstanceRecord,
  shown: StateChange,
): Omit<SpotRequest['status'], 'message'> {
  if (interruption !== undefined) {
    return { code: 'instance-terminated-no-capacity', updatedAt: interruption.noticedAt };
  }
  return shown.state === 'shutting-down' || shown.state === 'terminated'
    ? { code: 'instance-terminated-by-user', updatedAt: shown.at }
    : { code: 'fulfilled', updatedAt: shown.at };
}

const MESSAGES: Readonly<Record<string, string>> = {
  fulfilled: 'Your Spot request is fulfilled.',
  'instance-terminated-by-user': 'Spot Instance terminated due to user-initiated termination.',
  'instance-terminated-no-capacity':
    'There is no Spot capacity available that matches your request. Your instance was terminated.',
};

/** The request of an instance as listings show it; undefined for one that is no spot instance. */
function spotRequestOf({ record, shown }: ListedInstance): SpotRequest | undefined {
  if (record.spotRequestId === undefined) return undefined;
  const status = statusOf(record, shown);
  return {
    id: record.spotRequestId,
    instance: record.id,
    instanceType: record.instanceType,
    zone: record.zone,
    createdAt: record.life[0].at,
    state: status.code === 'fulfilled' ? 'active' : 'closed',
    status: { ...status, message: MESSAGES[status.code] ?? '' },
  };
}

/** The named ones of all; an id that is not known refuses all. */
function namedRequests(all: readonly SpotRequest[], ids: readonly string[]): readonly SpotRequest[] {
  const missing = ids.filter((id) => !all.some((request) => request.id === id));
  if (missing.length === 0) return all.filter(({ id }) => ids.includes(id));
  throw new Ec2Error(
    'InvalidSpotInstanceRequestID.NotFound',
    `The spot instance request ID '${missing.join(', ')}' does not exist`,
  );
}

/** The values that a request has under a filter's name. */
function requestValues(request: SpotRequest): (filter: string) => readonly string[] | undefined {
  const values = new Map([
    ['spot-instance-request-id', [request.id]],
    ['instance-id', [request.instance]],
    ['state', [request.state]],
    ['status-code', [request.status.code]],
    ['status-message', [request.status.message]],
    ['launched-availability-zone', [request.zone]],
    ['launch.instance-type', [request.instanceType]],
    ['type', ['one-time']],
  ]);
  return (filter) => values.get(filter);
}

/** What a call answers: the requests behind the instances that are asked for, in pages. */
export function describeSpotRequests(
  listed: readonly ListedInstance[],
  request: DescribeSpotRequests,
): Page<SpotRequest> {
  const { ids = [], filters = [] } = request;
  const known = listed.flatMap((one) => spotRequestOf(one) ?? []);
  const named = ids.length === 0 ? known : namedRequests(known, ids);
  const passes = passing(filters);
  const chosen = named.filter((one) => passes(requestValues(one)));
  return page(chosen, (one) => one.id, request);
}
