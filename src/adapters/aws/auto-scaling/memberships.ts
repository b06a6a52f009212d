import { type AutoScalingClient, DescribeAutoScalingInstancesCommand } from '@aws-sdk/client-auto-scaling';
import type { Membership } from '../../../engine/group.ts';
import type { CallLimits } from '../aws-call.ts';
import { invalidAnswer } from '../errors.ts';
import { groupCall } from './group-call.ts';
import { membershipOf, readMember } from './member.ts';

/** The most ids that AWS takes in one call. */
const IDS = 50;

/** Where each of the instances stands with its group; those that are no members are left out. Throws `PortError`. */
export async function membershipsOf(
  client: AutoScalingClient,
  ids: readonly string[],
  limits: () => CallLimits,
): Promise<ReadonlyMap<string, Membership>> {
  const memberships = new Map<string, Membership>();
  for (let first = 0; first < ids.length; first += IDS) {
    const InstanceIds = ids.slice(first, first + IDS);
    const doing = `asking for the groups of ${InstanceIds.length === 1 ? InstanceIds[0] : `${InstanceIds.length} instances`}`;
    const answer = await groupCall(doing, limits(), (options) =>
      client.send(new DescribeAutoScalingInstancesCommand({ InstanceIds }), options),
    );
    if (answer.AutoScalingInstances === undefined) {
      const call = { system: 'auto-scaling', doing } as const;
      throw invalidAnswer(call, 'the instances', answer.$metadata.requestId);
    }
    for (const { AutoScalingGroupName: group, ...described } of answer.AutoScalingInstances) {
      const member = readMember(described);
      if (group !== undefined && member !== undefined)
        memberships.set(member.id, membershipOf(group, member));
    }
  }
  return memberships;
}
