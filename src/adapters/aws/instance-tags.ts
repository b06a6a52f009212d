import { type DrainReason, RETIREMENT_REASONS } from '../../engine/instance.ts';
import { type Instant, instant } from '../../engine/time.ts';

/** The tags that make an instance ours. */
export const TAG = {
  installation: 'runtide:installation',
  pool: 'runtide:pool',
  launch: 'runtide:launch',
  slots: 'runtide:slots',
  /** Jobs after which the instance ends; not set where they are not counted. */
  maxJobs: 'runtide:max-jobs',
  generation: 'runtide:generation',
  /** The instance drains while it is there, whatever it says: `<reason>@<ISO time>`, such as `idle@2026-01-05T08:00:00.000Z`. */
  drain: 'runtide:drain',
  /** The Auto Scaling group that it is a member of, by name; its agent then waits to be taken. */
  group: 'runtide:group',
  name: 'Name',
} as const;

/** What an instance's own tags say of it. */
export interface LaunchTags {
  readonly installation: string;
  readonly pool: string;
  readonly launchId: string;
  readonly slots: number;
  readonly maxJobs?: number;
  readonly generation: string;
}

/** A tag as the AWS APIs spell it. */
export interface AwsTag {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}

/** A set of tags as the AWS APIs take it. */
export function awsTags(tags: ReadonlyMap<string, string>): { Key: string; Value: string }[] {
  return Array.from(tags, ([Key, Value]) => ({ Key, Value }));
}

/** A set of tags from an AWS answer. */
export function tagMap(tags: readonly AwsTag[] | undefined): ReadonlyMap<string, string> {
  return new Map((tags ?? []).flatMap(({ Key, Value }) => (Key === undefined ? [] : [[Key, Value ?? '']])));
}

/** The tags of everything that belongs to a pool; those of the user may replace the name, and nothing else. */
export function poolTags(
  installation: string,
  pool: string,
  users: Readonly<Record<string, string>>,
): ReadonlyMap<string, string> {
  return new Map([
    [TAG.name, `runtide-${installation}-${pool}`],
    ...Object.entries(users),
    [TAG.installation, installation],
    [TAG.pool, pool],
  ]);
}

/** The tags that an instance gets at its launch. */
export function launchTags(
  launch: LaunchTags,
  users: Readonly<Record<string, string>>,
): ReadonlyMap<string, string> {
  const { [TAG.maxJobs]: _ours, ...theirs } = users;
  return new Map([
    ...poolTags(launch.installation, launch.pool, theirs),
    [TAG.launch, launch.launchId],
    [TAG.slots, String(launch.slots)],
    ...(launch.maxJobs === undefined ? [] : [[TAG.maxJobs, String(launch.maxJobs)] as const]),
    [TAG.generation, launch.generation],
  ]);
}

/** What the tags of a group's members say; which launch they are of they cannot. */
export interface MemberTags extends Omit<LaunchTags, 'launchId'> {
  readonly group: string;
}

/** The tags that every member of a group gets from it at its launch. */
export function memberTags(
  member: MemberTags,
  users: Readonly<Record<string, string>>,
): ReadonlyMap<string, string> {
  const tags = new Map(launchTags({ ...member, launchId: member.group }, users));
  tags.delete(TAG.launch);
  return tags.set(TAG.group, member.group);
}

/** Why what EC2 says of an instance does not make it one of ours. */
export class Unreadable extends Error {}

function required(tags: ReadonlyMap<string, string>, key: string): string {
  const value = tags.get(key);
  if (value === undefined || value === '') throw new Unreadable(`tag ${key} is missing`);
  return value;
}

function positive(tags: ReadonlyMap<string, string>, key: string, what: string): number {
  const value = required(tags, key);
  if (!/^[1-9]\d{0,3}$/.test(value)) throw new Unreadable(`tag ${key} is not a number of ${what}`);
  return Number(value);
}

/** Reads back what `launchTags` or `memberTags` wrote. Throws `Unreadable`. */
export function readLaunchTags(tags: ReadonlyMap<string, string>): LaunchTags {
  const maxJobs = tags.has(TAG.maxJobs) ? positive(tags, TAG.maxJobs, 'jobs') : undefined;
  return {
    installation: required(tags, TAG.installation),
    pool: required(tags, TAG.pool),
    launchId: required(tags, tags.has(TAG.group) && !tags.has(TAG.launch) ? TAG.group : TAG.launch),
    slots: positive(tags, TAG.slots, 'slots'),
    ...(maxJobs !== undefined && { maxJobs }),
    generation: required(tags, TAG.generation),
  };
}

const DRAIN_REASONS: readonly DrainReason[] = [...RETIREMENT_REASONS, 'idle', 'asked'];

/** The value of the drain tag. */
export function drainValue(because: DrainReason, at: Instant): string {
  return `${because}@${new Date(at).toISOString()}`;
}

/**
 * Reads the drain tag; undefined when it is not set. A value that somebody wrote by hand drains as well: its
 * reason is `asked`, its time `otherwise`.
 */
export function readDrain(
  tags: ReadonlyMap<string, string>,
  otherwise: Instant,
): { because: DrainReason; at: Instant } | undefined {
  const value = tags.get(TAG.drain);
  if (value === undefined) return undefined;
  const [word, time = ''] = value.split('@', 2);
  const at = Date.parse(time);
  return {
    because: DRAIN_REASONS.find((reason) => reason === word) ?? 'asked',
    at: Number.isNaN(at) ? otherwise : instant(at),
  };
}
