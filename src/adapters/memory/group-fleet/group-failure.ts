import type { OrderFailure } from '../../../engine/group.ts';
import type { Market, Offering } from '../../../engine/pool.ts';
import { elapsed, type Instant } from '../../../engine/time.ts';
import type { MixedInstancesPolicy, ScalingActivity } from '../auto-scaling/group-requests.ts';

/** Where an order was to be launched. */
export interface OrderedWhere {
  /** When it was made; absent: not by this process. */
  readonly since: Instant | undefined;
  readonly subnets: readonly string[];
  readonly policy: MixedInstancesPolicy | undefined;
}

/** What of a message says that the cloud has none to give. */
const SHORT =
  /InsufficientInstanceCapacity|UnfulfillableCapacity|MaxSpotInstanceCountExceeded|VcpuLimitExceeded|sufficient \S+ capacity/;

/** How a failure begins of a group with a policy for markets. */
const OF_MARKET = /^Could not launch (?<market>Spot|On-Demand) Instances\. (?<code>[\w.]+) - /;

function marketOf(message: string): Market {
  return OF_MARKET.exec(message)?.groups?.['market'] === 'Spot' ? 'spot' : 'on-demand';
}

function offeringsOf(message: string, { subnets, policy }: OrderedWhere): readonly Offering[] {
  const market = marketOf(message);
  return (policy?.overrides ?? []).flatMap(({ instanceType }) =>
    subnets.map((subnet) => ({ instanceType, subnet, market })),
  );
}

/** Why a group could not launch what it was asked for, by its last activity that ended; activities come newest first. */
export function failureOf(
  activities: readonly ScalingActivity[],
  where: OrderedWhere,
): OrderFailure | undefined {
  const launches = activities.filter(({ description }) => description.startsWith('Launching'));
  const last = launches.find(({ endedAt }) => endedAt !== undefined);
  if (last?.status !== 'Failed') return undefined;
  if (where.since !== undefined && elapsed(where.since, last.startedAt) < 0) return undefined;
  const message = last.statusMessage ?? 'it does not say why';
  const short = SHORT.exec(message);
  if (short === null) {
    return { code: OF_MARKET.exec(message)?.groups?.['code'] ?? 'LaunchFailed', message };
  }
  const [found] = short;
  const code = /^[A-Z]\w+$/.test(found) ? found : 'InsufficientInstanceCapacity';
  return { code, message, offerings: offeringsOf(message, where) };
}
