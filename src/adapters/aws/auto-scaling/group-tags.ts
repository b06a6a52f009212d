import {
  type AutoScalingClient,
  CreateOrUpdateTagsCommand,
  DeleteTagsCommand,
} from '@aws-sdk/client-auto-scaling';
import type { CallLimits } from '../aws-call.ts';
import { memberTags, TAG } from '../instance-tags.ts';
import type { DescribedGroup } from './described-group.ts';
import { groupCall } from './group-call.ts';
import type { GroupPool, Ownership } from './group-pool.ts';

/** A tag of a group that its members get at their launch. */
export interface GroupTag {
  readonly Key: string;
  readonly Value: string;
  readonly PropagateAtLaunch: true;
}

/**
 * The tags of a pool's group. Members get theirs from the group, and not from the launch template: that works alike
 * for a template of the operator's, and a pool's own template stays what it is for fleets. An attached group gets
 * none but those that Runtide cannot do without.
 */
export function groupTags(
  pool: string,
  settings: GroupPool,
  { installation, tags }: Ownership,
): readonly GroupTag[] {
  const { attached, group, slots, maxJobs, generation } = settings;
  const member = { installation, pool, group, slots, generation, ...(maxJobs !== undefined && { maxJobs }) };
  const all = new Map(memberTags(member, attached ? {} : tags));
  if (attached) all.delete(TAG.name);
  return Array.from(all, ([Key, Value]) => ({ Key, Value, PropagateAtLaunch: true as const }));
}

function lacks({ said }: DescribedGroup, wanted: GroupTag): boolean {
  const found = said.Tags?.find(({ Key }) => Key === wanted.Key);
  return found?.Value !== wanted.Value || found.PropagateAtLaunch !== true;
}

const ofGroup = (group: string) => ({ ResourceId: group, ResourceType: 'auto-scaling-group' });

/** Sets those of the tags that the group lacks. Throws `PortError`. */
export async function mendTags(
  client: AutoScalingClient,
  group: DescribedGroup,
  wanted: readonly GroupTag[],
  limits: CallLimits,
): Promise<void> {
  const missing = wanted
    .filter((tag) => lacks(group, tag))
    .map((tag) => ({ ...tag, ...ofGroup(group.name) }));
  if (missing.length > 0) {
    await groupCall(`tagging group ${group.name}`, limits, (options) =>
      client.send(new CreateOrUpdateTagsCommand({ Tags: missing }), options),
    );
  }
  // Members would go on being counted.
  if (!group.tags.has(TAG.maxJobs) || wanted.some(({ Key }) => Key === TAG.maxJobs)) return;
  await groupCall(`removing a tag of group ${group.name}`, limits, (options) =>
    client.send(new DeleteTagsCommand({ Tags: [{ Key: TAG.maxJobs, ...ofGroup(group.name) }] }), options),
  );
}
