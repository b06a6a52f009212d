import {
  type Activity,
  type AutoScalingClient,
  DescribeScalingActivitiesCommand,
} from '@aws-sdk/client-auto-scaling';
import type { OrderFailure } from '../../../engine/group.ts';
import type { Market, Offering } from '../../../engine/pool.ts';
import type { Instant } from '../../../engine/time.ts';
import type { CallLimits } from '../aws-call.ts';
import { isCapacityCode } from '../error-codes.ts';
import { invalidAnswer } from '../errors.ts';
import { groupCall } from './group-call.ts';

/** What a group was asked for. */
export interface Order {
  readonly at: Instant;
  readonly offerings: readonly Offering[];
}

/** Newest first: what was tried lately is among so many. */
const LATELY = 20;
/** An activity that launches; others end, attach or detach. */
const LAUNCHING = /^Launching a new EC2 instance/;
/** "Could not launch Spot Instances. UnfulfillableCapacity - Unable to…": of groups with a policy for markets. */
const OF_MARKET = /^Could not launch (?<market>Spot|On-Demand) Instances\. (?<code>[\w.]+) - (?<why>.*)$/s;
/** "We currently do not have sufficient m7i.large capacity in the…": of all others. */
const NO_CAPACITY = /do not have sufficient .* capacity/;
const TOO_MANY = /more vCPU capacity than your current vCPU limit/;
/** What is said of every failure. */
const ENDING = /\s*Launching EC2 instance failed\.$/;

interface Reason {
  readonly code: string;
  readonly message: string;
  readonly market?: Market;
}

function codeIn(words: string): string {
  if (NO_CAPACITY.test(words)) return 'InsufficientInstanceCapacity';
  return TOO_MANY.test(words) ? 'VcpuLimitExceeded' : 'LaunchFailed';
}

/** Reads the status message of an activity that failed. */
export function reasonOf(statusMessage: string): Reason {
  const words = statusMessage.replace(ENDING, '');
  const { market, code, why } = OF_MARKET.exec(words)?.groups ?? {};
  if (market === undefined || code === undefined) return { code: codeIn(words), message: words };
  return { code, message: why ?? '', market: market === 'Spot' ? 'spot' : 'on-demand' };
}

/** The failure, and what cannot be had if it is for want of that. */
export function failureOf(statusMessage: string, offerings: readonly Offering[]): OrderFailure {
  const { code, message, market } = reasonOf(statusMessage);
  if (!isCapacityCode(code)) return { code, message };
  return {
    code,
    message,
    offerings: offerings.filter((one) => market === undefined || one.market === market),
  };
}

/** Whether the activity is over; one that goes on may still succeed. */
function isFinished({ StatusCode }: Activity): boolean {
  return StatusCode === 'Successful' || StatusCode === 'Failed' || StatusCode === 'Cancelled';
}

/** The last launch that the group has tried since the order and that is over, if it failed. */
export function lastFailure(activities: readonly Activity[], order: Order): OrderFailure | undefined {
  const [last] = activities
    .filter((activity) => LAUNCHING.test(activity.Description ?? '') && isFinished(activity))
    .filter(({ StartTime }) => StartTime !== undefined && StartTime.getTime() >= order.at)
    .toSorted((one, other) => (other.StartTime?.getTime() ?? 0) - (one.StartTime?.getTime() ?? 0));
  if (last?.StatusCode !== 'Failed') return undefined;
  return failureOf(last.StatusMessage ?? '', order.offerings);
}

/** Why the group has not launched what it was asked for; undefined while it may still come. Throws `PortError`. */
export async function failureSince(
  client: AutoScalingClient,
  group: string,
  order: Order,
  limits: CallLimits,
): Promise<OrderFailure | undefined> {
  const doing = `asking what group ${group} tried to launch`;
  const answer = await groupCall(doing, limits, (options) =>
    client.send(
      new DescribeScalingActivitiesCommand({ AutoScalingGroupName: group, MaxRecords: LATELY }),
      options,
    ),
  );
  if (answer.Activities === undefined) {
    const call = { system: 'auto-scaling', doing } as const;
    throw invalidAnswer(call, 'the activities', answer.$metadata.requestId);
  }
  return lastFailure(answer.Activities, order);
}
