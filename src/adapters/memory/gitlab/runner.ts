import type { Duration, Instant } from '../../../engine/time.ts';
import { Managers } from './manager.ts';
import type { Project } from './project.ts';

/** What a runner is created with. */
export interface RunnerDefinition {
  readonly tags: readonly string[];
  readonly runUntagged: boolean;
  /** Absent: one is made. */
  readonly token?: string;
  /** Whether it was made by a registration token; its own tokens then start with `glrtr-`. Absent: false. */
  readonly registered?: boolean;
  /** Ids of the projects that it serves, its owner first; without them and a group it serves the whole instance. */
  readonly projects?: readonly number[];
  /** Id of the group whose projects it serves, those of groups below included. */
  readonly group?: number;
  readonly paused?: boolean;
  /** A locked runner cannot be enabled for further projects; jobs do not see it. */
  readonly locked?: boolean;
  /** `ref_protected` takes only jobs of protected refs. Absent: `not_protected`. */
  readonly accessLevel?: AccessLevel;
  /** Longest time that any of its jobs may run. */
  readonly maximumTimeout?: Duration;
  readonly description?: string;
  /** A person's words about it. */
  readonly maintenanceNote?: string;
}

export type AccessLevel = 'not_protected' | 'ref_protected';

/** What may be changed later. */
export type RunnerChange = Partial<Omit<RunnerDefinition, 'token' | 'registered' | 'projects' | 'group'>>;

/** One registration; read it through `Runner`. */
export interface RunnerRecord {
  readonly id: number;
  token: string;
  readonly registered: boolean;
  description: string;
  tags: readonly string[];
  runUntagged: boolean;
  /** Absent for a runner of a group or of the whole instance. */
  projects: ReadonlySet<number> | undefined;
  readonly group: number | undefined;
  paused: boolean;
  locked: boolean;
  accessLevel: AccessLevel;
  maximumTimeout: Duration | undefined;
  maintenanceNote: string | undefined;
  readonly createdAt: Instant;
  /** When its token ends; from then on the token is refused. Absent: never. */
  tokenExpiresAt: Instant | undefined;
  contactedAt: Instant | undefined;
  readonly managers: Managers;
  /** Changes whenever a job that it could take is queued; runners send it back as `last_update`. */
  lastUpdate: string;
}

export type Runner = Readonly<Omit<RunnerRecord, 'managers' | 'token'>>;

/** GitLab's word for whom a runner serves. */
export type RunnerType = 'instance_type' | 'group_type' | 'project_type';

/** Whom the runner serves. */
export function runnerType(runner: Pick<Runner, 'projects' | 'group'>): RunnerType {
  if (runner.projects !== undefined) return 'project_type';
  return runner.group === undefined ? 'instance_type' : 'group_type';
}

/** A runner that nothing has contacted yet. */
export function newRunner(
  origin: Pick<RunnerRecord, 'id' | 'token' | 'createdAt' | 'lastUpdate' | 'tokenExpiresAt'>,
  definition: RunnerDefinition,
): RunnerRecord {
  return {
    ...origin,
    registered: definition.registered ?? false,
    description: definition.description ?? '',
    tags: [...new Set(definition.tags)],
    runUntagged: definition.runUntagged,
    projects: definition.projects === undefined ? undefined : new Set(definition.projects),
    group: definition.group,
    paused: definition.paused ?? false,
    locked: definition.locked ?? false,
    accessLevel: definition.accessLevel ?? 'not_protected',
    maximumTimeout: definition.maximumTimeout,
    maintenanceNote: definition.maintenanceNote,
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
  runner.maintenanceNote = change.maintenanceNote ?? runner.maintenanceNote;
}

/** What of a job decides whether a runner may take it. */
export interface JobFit {
  readonly project: Pick<Project, 'id' | 'groups'>;
  readonly tags: readonly string[];
  readonly protected: boolean;
}

/** GitLab's rule for who may take which job. */
export function mayTake(runner: RunnerRecord, job: JobFit): boolean {
  if (runner.projects?.has(job.project.id) === false) return false;
  if (runner.group !== undefined && !job.project.groups.includes(runner.group)) return false;
  if (runner.accessLevel === 'ref_protected' && !job.protected) return false;
  if (job.tags.length === 0) return runner.runUntagged;
  return job.tags.every((tag) => runner.tags.includes(tag));
}
