import {
  type AutoScalingClient,
  type AutoScalingGroup,
  DescribeAutoScalingGroupsCommand,
  type DescribeAutoScalingGroupsCommandInput,
} from '@aws-sdk/client-auto-scaling';
import type { CallLimits } from '../aws-call.ts';
import { invalidAnswer } from '../errors.ts';
import { TAG, tagMap } from '../instance-tags.ts';
import { groupCall } from './group-call.ts';
import { type Member, readMember } from './member.ts';

/** One Auto Scaling group, as it was described. */
export interface DescribedGroup {
  readonly name: string;
  /** In instances: groups whose types have weights are refused. */
  readonly min: number;
  readonly max: number;
  readonly desired: number;
  readonly members: readonly Member[];
  readonly tags: ReadonlyMap<string, string>;
  /** All that AWS said. */
  readonly said: AutoScalingGroup;
}

/** The most names that AWS takes in one call. */
const NAMES = 50;

function read(said: AutoScalingGroup): DescribedGroup | undefined {
  const { AutoScalingGroupName: name, MinSize: min, MaxSize: max, DesiredCapacity: desired } = said;
  if (name === undefined || min === undefined || max === undefined || desired === undefined) return undefined;
  const members = (said.Instances ?? []).flatMap((one) => readMember(one) ?? []);
  return { name, min, max, desired, members, tags: tagMap(said.Tags), said };
}

/** All pages of one question. An answer without the list is none: it never reads as "no groups". */
async function readPages(
  client: AutoScalingClient,
  question: DescribeAutoScalingGroupsCommandInput,
  doing: string,
  limits: () => CallLimits,
): Promise<readonly DescribedGroup[]> {
  const all: DescribedGroup[] = [];
  let token: string | undefined;
  do {
    const input = token === undefined ? question : { ...question, NextToken: token };
    const page = await groupCall(doing, limits(), (options) =>
      client.send(new DescribeAutoScalingGroupsCommand(input), options),
    );
    const call = { system: 'auto-scaling', doing } as const;
    const { requestId } = page.$metadata;
    if (page.AutoScalingGroups === undefined) throw invalidAnswer(call, 'the list', requestId);
    for (const said of page.AutoScalingGroups) {
      const group = read(said);
      if (group === undefined) throw invalidAnswer(call, "a group's name and limits", requestId);
      all.push(group);
    }
    token = page.NextToken === '' ? undefined : page.NextToken;
  } while (token !== undefined);
  return all;
}

/** The named groups by name; those that are not there are left out. Throws `PortError`. */
export async function describeGroups(
  client: AutoScalingClient,
  names: readonly string[],
  limits: () => CallLimits,
): Promise<ReadonlyMap<string, DescribedGroup>> {
  const groups = new Map<string, DescribedGroup>();
  for (let first = 0; first < names.length; first += NAMES) {
    const some = names.slice(first, first + NAMES);
    const doing = `describing ${some.length === 1 ? `group ${some[0]}` : `${some.length} groups`}`;
    for (const group of await readPages(client, { AutoScalingGroupNames: some }, doing, limits)) {
      groups.set(group.name, group);
    }
  }
  return groups;
}

/** Every group of the region and account, whoever made it. Throws `PortError`. */
export function describeAllGroups(
  client: AutoScalingClient,
  limits: () => CallLimits,
): Promise<readonly DescribedGroup[]> {
  return readPages(client, {}, 'listing the Auto Scaling groups of the account', limits);
}

/** The installation that has taken the group; undefined: none has. */
export function ownerOf({ tags }: DescribedGroup): string | undefined {
  return tags.get(TAG.installation);
}

/** Whether the group has been taken by another installation. */
export function isForeign(group: DescribedGroup, installation: string): boolean {
  const owner = ownerOf(group);
  return owner !== undefined && owner !== installation;
}
