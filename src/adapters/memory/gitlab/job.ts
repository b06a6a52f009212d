import { type Duration, type Instant, milliseconds, minutes } from '../../../engine/time.ts';
import type { ManagerRecord } from './manager.ts';
import type { RunnerRecord } from './runner.ts';
import { Trace } from './trace.ts';

/** Every status that a job of the model can have. */
export const JOB_STATUSES = [
  'created',
  'waiting_for_resource',
  'pending',
  'running',
  'canceling',
  'success',
  'failed',
  'canceled',
  'skipped',
  'manual',
  'scheduled',
] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

/** When a job's turn leads to anything: at once, when a person starts it, or after a while. */
export type When = 'on_success' | 'manual' | 'delayed';

/** The child pipeline of a bridge. */
export interface Trigger {
  readonly pipeline: PipelineDefinition;
  /** The bridge ends with its child, and as it does. Absent: it succeeds once the child is there. */
  readonly strategy?: 'depend';
}

export interface PipelineDefinition {
  /** Absent: the project's default branch; of a child, its parent's. */
  readonly ref?: string;
  /** Whether the ref is a tag of the repository. Absent: false. */
  readonly tag?: boolean;
  /** Who starts it. Absent: the first user. */
  readonly user?: number;
  /** In the order in which they run. */
  readonly stages: readonly string[];
  readonly jobs: readonly JobDefinition[];
}

/** What a pipeline says of one job. */
export interface JobDefinition {
  readonly name: string;
  readonly stage: string;
  readonly tags?: readonly string[];
  readonly script?: readonly string[];
  /** Absent: `on_success`. */
  readonly when?: When;
  /** How long a delayed job waits before it is queued. */
  readonly startIn?: Duration;
  /** Names of jobs of its pipeline that it waits for, whatever their stage; none: it starts at once. Absent: it waits for its stage. */
  readonly needs?: readonly string[];
  /** Makes it a bridge: no runner gets it, it starts another pipeline of the project. */
  readonly trigger?: Trigger;
  /** Absent: true for manual jobs, false for all others, as in GitLab. */
  readonly allowFailure?: boolean;
  /** How long a simulated runner takes for it; real runners ignore it. */
  readonly duration?: Duration;
  /** A simulated runner lets it fail; real runners ignore it. Absent: false. */
  readonly fails?: boolean;
  readonly variables?: Readonly<Record<string, string>>;
  /** How long it may run; absent: one hour. The runner's `maximumTimeout` caps it. */
  readonly timeout?: Duration;
  /** Jobs of one project and resource group run one at a time. */
  readonly resourceGroup?: string;
}

/** A job handed to a manager that has not yet confirmed it. */
export interface Handover {
  readonly runner: RunnerRecord;
  readonly manager: ManagerRecord;
  /** Stops the clock that takes the job back. */
  readonly cancel: () => void;
}

/** One job; read it through `Job`, which nobody outside the model may change. */
export interface JobRecord {
  readonly id: number;
  readonly token: string;
  readonly project: number;
  readonly pipeline: number;
  readonly ref: string;
  /** Whether the ref is a tag of the repository; otherwise it is a branch. */
  readonly tag: boolean;
  /** Who started the pipeline, or retried the job. */
  readonly user: number;
  /** Whether its ref is protected. */
  readonly protected: boolean;
  readonly name: string;
  readonly stage: string;
  /** Sorted, without duplicates. */
  readonly tags: readonly string[];
  readonly script: readonly string[];
  readonly when: When;
  readonly startIn: Duration;
  readonly needs: readonly string[] | undefined;
  /** Only bridges have one. */
  readonly trigger: Trigger | undefined;
  readonly allowFailure: boolean;
  readonly duration: Duration | undefined;
  readonly fails: boolean;
  readonly variables: Readonly<Record<string, string>>;
  readonly timeout: Duration;
  readonly resourceGroup: string | undefined;
  readonly createdAt: Instant;
  /** How many earlier jobs of the same name this one repeats. */
  readonly retries: number;
  readonly trace: Trace;
  status: JobStatus;
  /** When a delayed job will be queued. */
  scheduledAt: Instant | undefined;
  queuedAt: Instant | undefined;
  startedAt: Instant | undefined;
  finishedAt: Instant | undefined;
  failureReason: string | undefined;
  exitCode: number | undefined;
  /** Set at handover already. */
  runner: RunnerRecord | undefined;
  /** Set once the job runs; GitLab does not tell it during the handover. */
  manager: ManagerRecord | undefined;
  handover: Handover | undefined;
  /** The runner lets a canceled job finish its `after_script`. */
  cancelsGracefully: boolean;
  /** A newer job repeats this one. */
  retried: boolean;
  /** Stops the clock of the job's time-out. */
  stopTimeout: (() => void) | undefined;
  /** Stops the clock of a delayed job. */
  stopDelay: (() => void) | undefined;
}

export type Job = Readonly<JobRecord>;

/** What a job inherits from where it was created. */
export type JobOrigin = Pick<
  JobRecord,
  'id' | 'token' | 'project' | 'pipeline' | 'ref' | 'tag' | 'user' | 'protected' | 'createdAt'
>;

const HOUR = minutes(60);

/** A job of `origin`, not yet queued. */
export function newJob(origin: JobOrigin, definition: JobDefinition): JobRecord {
  const when = definition.when ?? 'on_success';
  return {
    ...origin,
    name: definition.name,
    stage: definition.stage,
    tags: [...new Set(definition.tags)].toSorted(),
    script: definition.script ?? [],
    when,
    startIn: definition.startIn ?? milliseconds(0),
    needs: definition.needs,
    trigger: definition.trigger,
    allowFailure: definition.allowFailure ?? when === 'manual',
    duration: definition.duration,
    fails: definition.fails ?? false,
    variables: definition.variables ?? {},
    timeout: definition.timeout ?? HOUR,
    resourceGroup: definition.resourceGroup,
    retries: 0,
    trace: new Trace(),
    ...untouched(),
  };
}

/** The next job of the same name: a new id, a new token, nothing done yet. */
export function repeatJob(
  job: Job,
  origin: Pick<JobOrigin, 'id' | 'token' | 'createdAt' | 'user'>,
): JobRecord {
  return { ...job, ...origin, ...untouched(), retries: job.retries + 1, trace: new Trace() };
}

function untouched() {
  return {
    status: 'created' as const,
    scheduledAt: undefined,
    queuedAt: undefined,
    startedAt: undefined,
    finishedAt: undefined,
    failureReason: undefined,
    exitCode: undefined,
    runner: undefined,
    manager: undefined,
    handover: undefined,
    cancelsGracefully: false,
    retried: false,
    stopTimeout: undefined,
    stopDelay: undefined,
  };
}

const COMPLETE: ReadonlySet<JobStatus> = new Set(['success', 'failed', 'canceled', 'skipped']);

/** Whether the job will not change any more, except by a retry. */
export function isComplete(job: Job): boolean {
  return COMPLETE.has(job.status);
}

/** Whether a manager holds the job. */
export function isHeld(job: Job): boolean {
  return job.status === 'running' || job.status === 'canceling';
}
