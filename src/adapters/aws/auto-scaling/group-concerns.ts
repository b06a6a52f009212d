import type { InstanceRefresh } from '@aws-sdk/client-auto-scaling';
import type { Concern } from '../../../engine/concern.ts';
import { type DescribedGroup } from './described-group.ts';
import { lacksOf, missingProcesses, resuming, type WholeGroup } from './group-needs.ts';
import type { GroupPool } from './group-pool.ts';

/** One group, and how it is called in concerns. */
export interface NamedGroup {
  readonly group: DescribedGroup;
  /** Its name and where it is. */
  readonly called: string;
}

/** The most that is spelled out. */
const NAMED = 3;

function some(ids: readonly string[]): string {
  if (ids.length <= NAMED) return ids.join(', ');
  return `${ids.slice(0, NAMED).join(', ')} and ${ids.length - NAMED} more`;
}

/** Members that carry no tags of Runtide. */
export function strangerConcern(
  { group, called }: NamedGroup,
  strangers: readonly string[],
): readonly Concern[] {
  const [first] = strangers;
  if (first === undefined) return [];
  return [
    {
      about: `members of ${called}`,
      why: `members without tags of Runtide, which are left alone: ${some(strangers)}; they count in the group and serve no pool`,
      next: `once their work is done: aws autoscaling detach-instances --auto-scaling-group-name ${group.name} --should-decrement-desired-capacity --instance-ids ${first}`,
    },
  ];
}

const WITHOUT: Readonly<Record<string, string>> = { Launch: 'launches nothing', Terminate: 'ends nothing' };

/** Processes without which an own group cannot launch or end anything. */
export function processConcern({ group, called }: NamedGroup): readonly Concern[] {
  const missing = missingProcesses(group);
  if (missing.length === 0) return [];
  const what = missing.map((process) => WITHOUT[process]).join(' and ');
  return [
    {
      about: `processes of ${called}`,
      why: `somebody has suspended ${missing.join(' and ')}: it ${what}`,
      next: resuming(group.name, missing),
    },
  ];
}

/** All that a group of the operator's lacks, each with the command that mends it. */
export function lackConcern(called: string, whole: WholeGroup, settings: GroupPool): readonly Concern[] {
  const lacks = lacksOf(whole, settings);
  if (lacks.length === 0) return [];
  const listed = lacks.map(({ what, mend }) => `${what} (${mend})`).join('; ');
  return [{ about: `settings of ${called}`, why: `it must have ${listed}` }];
}

/** Runtide begins none: its own replacements drain one instance after the other. */
export function refreshConcern(
  { group, called }: NamedGroup,
  refresh: InstanceRefresh | undefined,
): readonly Concern[] {
  if (refresh === undefined) return [];
  const { InstanceRefreshId: id = '', Status: status = '', PercentageComplete: done = 0 } = refresh;
  return [
    {
      about: `instance refresh of ${called}`,
      why: `somebody has begun instance refresh ${id} (${status}, ${done} %): it ends instances in an order of its own; each is drained first`,
      next: `let it end, or aws autoscaling cancel-instance-refresh --auto-scaling-group-name ${group.name}`,
    },
  ];
}
