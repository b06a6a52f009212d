import type { Duration, Instant } from '../../../engine/time.ts';
import { Managers } from './manager.ts';

/** What a runner is created with. */
export interface RunnerDefinition {
  readonly tags: readonly string[];
  readonly runUntagged: boolean;
  /** Absent: one is made; it starts with `glrt-`. */
  readonly token?: string;
  /** Ids of the projects that it serves; absent: it serves the whole instance. */
  readonly projects?: readonly number[];
  readonly paused?: boolean;
  /** A locked runner cannot be enabled for further projects; jobs do not see it. */
  readonly locked?: boolean;
  /** `ref_protected` takes only jobs of protected refs. Absent: `not_protected`. */
  readonly accessLevel?: AccessLevel;
  /** Longest time that any of its jobs may run. */
  readonly maximumTimeout?: Duration;
  readonly description?: string;
}

export type AccessLevel = 'not_protected' | 'ref_protected';

/** What may be changed later. */
export type RunnerChange = Partial<Omit<RunnerDefinition, 'token' | 'projects'>>;

/** One registration; read it through `Runner`. */
export interface RunnerRecord {
  readonly id: number;
  token: string;
  description: string;
  tags: readonly string[];
  runUntagged: boolean;
  /** Absent for a runner of the whole instance. */
  readonly projects: ReadonlySet<number> | undefined;
  paused: boolean;
  locked: boolean;
  accessLevel: AccessLevel;
  maximumTimeout: Duration | undefined;
  readonly createdAt: Instant;
  contactedAt: Instant | undefined;
  readonly managers: Managers;
  /** Changes whenever a job that it could take is queued; runners send it back as `last_update`. */
  lastUpdate: string;
}

export type Runner = Readonly<Omit<RunnerRecord, 'managers' | 'token'>>;

/** A runner that nothing has contacted yet. */
export function newRunner(
  origin: Pick<RunnerRecord, 'id' | 'token' | 'createdAt' | 'lastUpdate'>,
  definition: RunnerDefinition,
): RunnerRecord {
  return {
    ...origin,
    description: definition.description ?? '',
    tags: [...new Set(definition.tags)],
    runUntagged: definition.runUntagged,
    projects: definition.projects === undefined ? undefined : new Set(definition.projects),
    paused: definition.paused ?? false,
    locked: definition.locked ?? false,
    accessLevel: definition.accessLevel ?? 'not_protected',
    maximumTimeout: definition.maximumTimeout,
    contactedAt: undefined,
    managers: new Managers(),
  };
}

/** Applies what `change` names. */
export function changeRunner(runner: RunnerRecord, change: RunnerChange): void {
  runner.description = change.description ?? runner.description;
  runner.tags = change.tags === undefined ? runner.tags : [...new Set(change.tags)];
  runner.runUntagged = change.runUntagged ?? runner.runUntagged;
  runner.paused = change.paused ?? runner.paused;
  runner.locked = change.locked ?? runner.locked;
  runner.accessLevel = change.accessLevel ?? runner.accessLevel;
  runner.maximumTimeout = change.maximumTimeout ?? runner.maximumTimeout;
}

/** What of a job decides whether a runner may take it. */
export interface JobFit {
  readonly project: number;
  readonly tags: readonly string[];
  readonly protected: boolean;
}

/** GitLab's rule for who may take which job. */
export function mayTake(runner: RunnerRecord, job: JobFit): boolean {
  if (runner.projects?.has(job.project) === false) return false;
  if (runner.accessLevel === 'ref_protected' && !job.protected) return false;
  if (job.tags.length === 0) return runner.runUntagged;
  return job.tags.every((tag) => runner.tags.includes(tag));
}
