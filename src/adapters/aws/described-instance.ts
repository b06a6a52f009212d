import type { Instance as Description } from '@aws-sdk/client-ec2';
import type { Instance } from '../../engine/instance.ts';
import type { Offering } from '../../engine/pool.ts';
import { instant } from '../../engine/time.ts';
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

function instanceOf(id: string, described: Description): Instance {
  const { LaunchTime: launched, InstanceType: type } = described;
  const state = described.State?.Name;
  if (state === undefined || launched === undefined || type === undefined) {
    throw new Unreadable('its description lacks state, launch time or type');
  }
  const tags = tagMap(described.Tags);
  const { pool, launchId, slots, generation } = readLaunchTags(tags);
  const launchedAt = instant(launched.getTime());
  const drain = readDrain(tags, launchedAt);
  return {
    id,
    pool,
    launchId,
    state,
    launchedAt,
    slots,
    generation,
    offering: offeringOf(described, type),
    ...(drain === undefined ? {} : { drain }),
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
