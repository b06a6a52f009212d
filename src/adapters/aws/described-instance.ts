import type { Instance as Description } from '@aws-sdk/client-ec2';
import type { Instance } from '../../engine/instance.ts';
import type { Offering } from '../../engine/pool.ts';
import { type Instant, instant } from '../../engine/time.ts';
import { readDrain, readLaunchTags, tagMap, Unreadable } from './instance-tags.ts';

/** An instance, or why the description is not one of ours. */
export type Reading = { readonly instance: Instance } | { readonly id: string; readonly unreadable: string };

function offeringOf(described: Description, instanceType: string): Offering {
  return {
    instanceType,
    ...(described.SubnetId === undefined ? {} : { subnet: described.SubnetId }),
    market: described.InstanceLifecycle === 'spot' ? 'spot' : 'on-demand',
  };
}

/** The tag that AWS itself keeps on the members of a group, and takes off those that leave it alive. */
const MEMBER_OF = 'aws:autoscaling:groupName';

function membershipOf(tags: ReadonlyMap<string, string>): Pick<Instance, 'membership'> {
  const group = tags.get(MEMBER_OF);
  return group === undefined || group === '' ? {} : { membership: { group } };
}

/** EC2's codes for a spot instance that it has taken back. */
const TAKEN_BACK: ReadonlySet<string | undefined> = new Set([
  'Server.SpotInstanceTermination',
  'Server.SpotInstanceShutdown',
]);

/** An instance that is gone by now was taken: its offering is to be avoided although no notice was seen. */
function interruptionOf(
  { StateReason: reason, StateTransitionReason: how = '' }: Description,
  launchedAt: Instant,
): Pick<Instance, 'interruption'> {
  if (!TAKEN_BACK.has(reason?.Code)) return {};
  const [, day, time] = /\((\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) GMT\)/.exec(how) ?? [];
  return {
    interruption: {
      kind: 'interruption',
      at: day === undefined ? launchedAt : instant(Date.parse(`${day}T${time}Z`)),
    },
  };
}

function instanceOf(id: string, described: Description): Instance {
  const { LaunchTime: launched, InstanceType: type } = described;
  const state = described.State?.Name;
  if (state === undefined || launched === undefined || type === undefined) {
    throw new Unreadable('its description lacks state, launch time or type');
  }
  const tags = tagMap(described.Tags);
  const { installation: _ours, ...launch } = readLaunchTags(tags);
  const launchedAt = instant(launched.getTime());
  const drain = readDrain(tags, launchedAt);
  return {
    id,
    ...launch,
    state,
    launchedAt,
    offering: offeringOf(described, type),
    ...(drain === undefined ? {} : { drain }),
    ...interruptionOf(described, launchedAt),
    ...membershipOf(tags),
  };
}

/** Reads one instance of a DescribeInstances answer. */
export function readDescription(described: Description): Reading {
  const id = described.InstanceId ?? 'without an id';
  try {
    return { instance: instanceOf(id, described) };
  } catch (error) {
    if (error instanceof Unreadable) return { id, unreadable: error.message };
    throw error;
  }
}
