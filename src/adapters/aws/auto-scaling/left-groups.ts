import { type AutoScalingClient, DeleteAutoScalingGroupCommand } from '@aws-sdk/client-auto-scaling';
import type { CallLimits } from '../aws-call.ts';
import { TAG } from '../instance-tags.ts';
import type { Examination, Leftover, Spared } from '../leftover.ts';
import { type DescribedGroup, ownerOf } from './described-group.ts';
import { groupCall, unlessGone } from './group-call.ts';

/** Whose groups are looked at, and which are still wanted. */
export interface LeftGroupsQuestion {
  readonly installation: string;
  /** Names of the groups that pools of this region have, those of the operator too. */
  readonly wanted: ReadonlySet<string>;
  /** What Runtide calls the group of a pool. */
  readonly ownName: (pool: string) => string;
}

/** Why a group stays that no pool has; undefined: it can go. */
function stays(
  { name, members, desired }: DescribedGroup,
  pool: string,
  ownName: string,
): string | undefined {
  // The operator has attached it, and made it.
  if (name !== ownName) {
    const untag = `aws autoscaling delete-tags --tags ResourceId=${name},ResourceType=auto-scaling-group,Key=${TAG.installation}`;
    return `it is yours, and pool ${pool} has let go of it: ${untag}, or delete it`;
  }
  if (members.length > 0) {
    return `${members.length} ${members.length === 1 ? 'member' : 'members'} still there`;
  }
  return desired > 0 ? `it still wants ${desired}` : undefined;
}

/** The groups of the installation, among all, that no pool has any more. One that has members stays. */
export function leftGroups(
  { installation, wanted, ownName }: LeftGroupsQuestion,
  groups: readonly DescribedGroup[],
): Examination {
  const leftovers: Leftover[] = [];
  const spared: Spared[] = [];
  for (const group of groups) {
    const { name, tags, said } = group;
    if (ownerOf(group) !== installation || wanted.has(name)) continue;
    const pool = tags.get(TAG.pool) ?? '';
    // Groups of one name may be in several regions and accounts.
    const found = { kind: 'group' as const, id: said.AutoScalingGroupARN ?? name, name };
    const because = stays(group, pool, ownName(pool));
    if (because === undefined)
      leftovers.push({ ...found, because: `pool ${pool} no longer has it, and it has no members` });
    else spared.push({ ...found, because });
  }
  return { leftovers, spared };
}

/** Deletes a group without members; AWS refuses one that has any. One that is gone is no error. Throws `PortError`. */
export async function removeGroup(
  client: AutoScalingClient,
  name: string,
  limits: CallLimits,
): Promise<void> {
  await groupCall(`deleting group ${name}`, limits, (options) =>
    client.send(
      new DeleteAutoScalingGroupCommand({ AutoScalingGroupName: name, ForceDelete: false }),
      options,
    ),
  ).catch(unlessGone);
}
