import {
  type AutoScalingClient,
  TerminateInstanceInAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import type { CallLimits } from '../aws-call.ts';
import { awsCode, awsWords } from '../errors.ts';
import type { DescribedGroup } from './described-group.ts';
import { setDesired } from './desired-capacity.ts';
import { groupCall, unlessGone } from './group-call.ts';
import { answerHook } from './lifecycle-hooks.ts';
import { isAtGate, isCounted, isEnding, isRetained, type Member } from './member.ts';

/** How many instances the group has and should have, while some are ended one after the other. */
interface Balance {
  desired: number;
  members: number;
}

export interface Ending {
  readonly client: AutoScalingClient;
  readonly group: DescribedGroup;
  /** What the group was asked for last. */
  readonly desired: number;
  readonly limits: CallLimits;
  /** Hears what the group is asked for from now on. */
  readonly told: (desired: number) => void;
}

const AT_MINIMUM = /min size constraint/i;

async function end(id: string, decrement: boolean, ending: Ending): Promise<boolean> {
  const { client, group, limits } = ending;
  const input = { InstanceId: id, ShouldDecrementDesiredCapacity: decrement };
  const doing = `having group ${group.name} end ${id}${decrement ? ', and want one fewer' : ''}`;
  try {
    await groupCall(doing, limits, (options) =>
      client.send(new TerminateInstanceInAutoScalingGroupCommand(input), options),
    );
    return decrement;
  } catch (error) {
    const atMinimum = decrement && awsCode(error) === 'ValidationError' && AT_MINIMUM.test(awsWords(error));
    if (atMinimum) return end(id, false, ending);
    unlessGone(error);
    return false;
  }
}

/** Nothing takes the place of an instance that goes, unless the group would be left with fewer than its minimum. */
function mayShrink({ desired, members }: Balance, { group }: Ending): boolean {
  return desired > group.min && members <= desired;
}

/** One that waits at the launch gate is not ended but given up; first, so that none is launched in its place. */
async function giveUp(member: Member, balance: Balance, ending: Ending): Promise<void> {
  const { client, group, limits, told } = ending;
  if (mayShrink(balance, ending)) {
    await setDesired(client, group.name, balance.desired - 1, limits);
    balance.desired -= 1;
    told(balance.desired);
  }
  await answerHook(client, { group: group.name, instance: member.id, hook: 'launch' }, 'ABANDON', limits);
}

/**
 * Ends members of one group, one after the other: a group takes one change at a time. Those that the group ends
 * already are left to its hook; those that are gone are no error.
 */
export async function endMembers(members: readonly Member[], ending: Ending): Promise<void> {
  const balance: Balance = {
    desired: ending.desired,
    members: ending.group.members.filter(isCounted).length,
  };
  for (const member of members) {
    if (isEnding(member) && !isRetained(member)) continue;
    if (isAtGate(member)) await giveUp(member, balance, ending);
    else {
      const shrinks = isCounted(member) && mayShrink(balance, ending);
      if (await end(member.id, shrinks, ending)) {
        balance.desired -= 1;
        ending.told(balance.desired);
      }
    }
    if (isCounted(member)) balance.members -= 1;
  }
}
