import type { Concern } from './concern.ts';
import type { GroupReading } from './group.ts';
import type { History } from './history.ts';
import type { Enrolled, Instance, Manager } from './instance.ts';
import type { Instruction } from './instruction.ts';
import type { JobSnapshot, RunnerScope } from './job.ts';
import type { Offering } from './pool.ts';
import { type Duration, elapsed, type Instant } from './time.ts';

/**
 * One source's answer and how old it is. A source that fails keeps its last answer, grows stale, and
 * says why; one that never answered is not known, which is not the same as empty.
 */
export type Part<T> =
  | {
      readonly known: true;
      readonly value: T;
      readonly readAt: Instant;
      /** How long the answer counts as fresh: relative to the planned sweep of its source. */
      readonly freshFor: Duration;
      readonly failure?: string;
    }
  | { readonly known: false; readonly failure: string };

/** A launch whose answer is not known: it may have bought, so it counts, and its pool buys nothing else for it. */
export interface UnansweredLaunch {
  readonly launchId: string;
  readonly pool: string;
  readonly count: number;
  readonly slots: number;
  readonly generation: string;
  readonly offering: Offering;
  readonly openedAt: Instant;
}

/** All that a plan may depend on besides the policy. */
export interface Observation {
  readonly now: Instant;
  readonly jobs: Part<JobSnapshot>;
  /** The managers of each pool's runner, by pool name. */
  readonly managers: Readonly<Record<string, Part<readonly Manager[]>>>;
  readonly instances: Part<readonly Instance[]>;
  /** Whose jobs each pool's runner gets, by pool name; absent where it was never read. */
  readonly scopes?: Readonly<Record<string, RunnerScope>>;
  /** By pool and instance id, the runners that instances have for themselves; absent where that is not known. */
  readonly enrolled?: Readonly<Record<string, ReadonlyMap<string, Enrolled>>>;
  /**
   * By pool, how old its instances are where the last listing left them out: regions and accounts answer each for
   * itself. They are among `instances` as they were known last. Absent: nothing was left out.
   */
  readonly unlisted?: Readonly<Record<string, Part<unknown>>>;
  readonly unanswered: readonly UnansweredLaunch[];
  /** By pool, its Auto Scaling group as it was listed with the instances; absent: it has none, or it was never read. */
  readonly groups?: Readonly<Record<string, GroupReading>>;
  /** What operators have asked for by command; absent: nothing. */
  readonly instructions?: readonly Instruction[];
  /** Projects, by id, that want jobs retried whose instance is lost; absent: none. */
  readonly retryable?: ReadonlySet<number>;
  /** What is not as it should be beside the instances. */
  readonly concerns?: readonly Concern[];
  /** What earlier passes remembered, already brought up to `now`. */
  readonly history: History;
}

/** How far the instances of one pool are known. */
export function instancesOf(
  { instances, unlisted = {} }: Pick<Observation, 'instances' | 'unlisted'>,
  pool: string,
): Part<unknown> {
  return unlisted[pool] ?? instances;
}

/** Whether the part was read recently enough to act on. */
export function isFresh(part: Part<unknown> | undefined, now: Instant): boolean {
  return part?.known === true && elapsed(part.readAt, now) <= part.freshFor;
}

/** Whether all jobs are known, and were read recently enough to act on: what else may wait must not be overlooked. */
export function isWhole(jobs: Part<JobSnapshot>, now: Instant): boolean {
  return isFresh(jobs, now) && jobs.known && jobs.value.partial === undefined;
}

/** Up to when the part tells what is so; nothing is known of the time since. Never read: `now`, so ask for freshness first. */
export function toldUntil(part: Part<unknown> | undefined, now: Instant): Instant {
  return part?.known === true ? part.readAt : now;
}

/** The last answer, or `fallback` where there never was one. */
export function lastKnown<T>(part: Part<T> | undefined, fallback: T): T {
  return part?.known === true ? part.value : fallback;
}
