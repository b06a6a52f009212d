import type { DrainReason, Enrolled, Instance, Manager } from '../engine/instance.ts';
import type { JobSnapshot, KindDemand, RunnerScope } from '../engine/job.ts';
import type { GroupReading, Transition } from '../engine/group.ts';
import type { History } from '../engine/history.ts';
import type { Instruction } from '../engine/instruction.ts';
import type { Offering } from '../engine/pool.ts';
import type { Duration, Instant } from '../engine/time.ts';

/** Every port throws `PortError` for what it cannot do; expected outcomes are return values. */

/** The only source of time. */
export interface Clock {
  now(): Instant;
  /** Resolves after `duration`, or at once when `signal` aborts; never rejects. */
  sleep(duration: Duration, signal?: AbortSignal): Promise<void>;
}

/** One pipeline, as a job webhook names it. */
export interface PipelineRef {
  readonly project: number;
  readonly pipeline: number;
}

/** The whole picture of the jobs, and how old it is. */
export interface JobReading {
  readonly jobs: JobSnapshot;
  /** When the part that was read the longest ago was asked for. */
  readonly readAt: Instant;
  /**
   * How long a source whose sweeps do not read everything takes to come round to the same project again; absent:
   * every sweep reads everything.
   */
  readonly round?: Duration;
}

/** Whether so much demand is known that more would change nothing. */
export type Enough = (demand: readonly KindDemand[]) => boolean;

/** Where jobs are learned from. */
export interface JobSource {
  /**
   * Re-reads all pending and running jobs of all watched projects, or as many as GitLab's limits allow now. Once the
   * demand is `enough` it may leave out the rest, and says so by `partial`.
   */
  sweep(signal: AbortSignal, enough?: Enough): Promise<JobReading>;
  /**
   * Re-reads only the named pipelines and answers with the whole picture, the rest as it was. Pipelines of projects
   * that are not watched are ignored.
   */
  refresh(pipelines: readonly PipelineRef[], signal: AbortSignal): Promise<JobReading>;
}

/** The managers of one pool's runner. */
export interface RunnerRegistry {
  /** Every manager of the pool's runner. */
  managers(pool: string, signal: AbortSignal): Promise<readonly Manager[]>;
  /** Whose jobs the pool's runner gets. May answer from memory for some minutes: it changes rarely. */
  scope(pool: string, signal: AbortSignal): Promise<RunnerScope>;
  /** Removes one manager; one that is already gone is no error. */
  forget(pool: string, systemId: string, signal: AbortSignal): Promise<void>;
}

/** The runners that instances have for themselves alone. */
export interface Enrolment {
  /**
   * By instance id, the pool's runners that are for one instance; undefined for a pool that can have none. May answer
   * from memory for some minutes: nobody else makes or removes any.
   */
  enrolled(pool: string, signal: AbortSignal): Promise<ReadonlyMap<string, Enrolled> | undefined>;
  /** Makes the instance a runner, and puts its token where the instance reads it; one that it has is no error. */
  enrol(pool: string, instance: string, signal: AbortSignal): Promise<void>;
  /** Removes the instance's runner and its token; one that is already gone is no error. */
  dismiss(pool: string, instance: string, signal: AbortSignal): Promise<void>;
}

/** A job whose instance is gone. */
export interface LostWork {
  readonly project: number;
  readonly job: number;
  /** When it was first seen in danger: what ended before ended by itself. */
  readonly since: Instant;
  /** It was begun before: if the job is canceled, that was for the retry. */
  readonly begun: boolean;
}

/** Projects that the configuration names by their paths, and whose ids the policy needs. */
export interface NamedProjects {
  /** Looks up those that are not known yet. Never throws: one that cannot be looked up is left out of the policy. */
  lookUp(signal: AbortSignal): Promise<void>;
}

/** What came of a retry: the job that GitLab made, or why there was nothing to retry. */
export type RetryAnswer = { readonly retried: number } | { readonly left: string };

/** Retries jobs that were lost with their instance, in projects that have opted in. */
export interface JobRetrier {
  /** The projects that have opted in, by id; one that cannot be looked up is left out until it can. Never throws. */
  projects(signal: AbortSignal): Promise<ReadonlySet<number>>;
  /**
   * Ends the job in GitLab if that still believes it to run, and retries it. A job that ended well, failed by itself,
   * was canceled by somebody or was retried already is left.
   */
  retry(work: LostWork, signal: AbortSignal): Promise<RetryAnswer>;
}

/** A launch, frozen: replaying it byte for byte cannot buy twice. */
export interface LaunchRequest {
  /** Idempotency token of the launch and tag of its instances; at most 64 characters. */
  readonly launchId: string;
  readonly pool: string;
  readonly count: number;
  readonly offerings: readonly Offering[];
  readonly slots: number;
  /** Jobs after which each instance ends; absent: they are not counted. */
  readonly maxJobs?: number;
  readonly generation: string;
  /** What the fleet pinned in `prepare` (a launch template's id and version); opaque to the controller. */
  readonly template: { readonly id: string; readonly version: string };
}

export interface LaunchShortfall {
  /** What cannot be had; absent when it is not the offering's fault, as with throttling. */
  readonly offering?: Offering;
  /** The cloud's code, such as `InsufficientInstanceCapacity`. */
  readonly code: string;
  readonly message: string;
}

/** What a launch gave: partial success is normal. */
export interface LaunchResult {
  readonly launched: readonly { readonly id: string; readonly offering: Offering }[];
  /** How many more a group will launch in its own time; absent: none. */
  readonly ordered?: number;
  readonly shortfalls: readonly LaunchShortfall[];
}

/** Hears what a listing says beside the instances. */
export interface Remarks {
  /** The instances of these pools are not, or not all, in the listing, and why. */
  leaveOut(pools: readonly string[], why: string): void;
  /** A pool's Auto Scaling group, as of the same moment as the instances. */
  group?(reading: GroupReading): void;
}

/** The machines. Listings may lag behind launches: absence is not death. */
export interface Fleet {
  /**
   * Every instance of this installation that is not terminated, and members that are and still wait at a hook of
   * their group. Where machines are in several places and some do not answer, `remarks` hear which pools may have
   * instances there; without them, or where none answers, the listing fails.
   */
  list(signal: AbortSignal, remarks?: Remarks): Promise<readonly Instance[]>;
  /** The named instances; those that EC2 does not know are left out, terminated ones are answered. */
  find(ids: readonly string[], signal: AbortSignal): Promise<readonly Instance[]>;
  /** Makes sure that what a launch of the pool needs exists, and pins it. Idempotent. */
  prepare(pool: string, signal: AbortSignal): Promise<LaunchRequest['template']>;
  /**
   * Buys instances. The same request again answers with the same instances.
   * `refused` when the request can never succeed, `throttled` when it may later.
   */
  launch(request: LaunchRequest, signal: AbortSignal): Promise<LaunchResult>;
  /** Sets the drain tag of instances that leave for the same reason. Those already gone are no error. */
  drain(ids: readonly string[], because: DrainReason, at: Instant, signal: AbortSignal): Promise<void>;
  /** Ends instances. Those already gone are no error. */
  terminate(ids: readonly string[], signal: AbortSignal): Promise<void>;
  /** The end of the serial console, for why a boot failed; empty when there is none yet. */
  console(id: string, signal: AbortSignal): Promise<string>;
}

/** What Auto Scaling groups are told besides what every fleet is. Where a group has moved on already, that is no error. */
export interface Groups {
  /** Takes back up to `count` instances that the pool's group was asked for and has not launched; ends none. */
  cancel(pool: string, count: number, signal: AbortSignal): Promise<void>;
  /** Has the instance's group wait on at the hook. */
  heartbeat(pool: string, instance: string, hook: Transition, signal: AbortSignal): Promise<void>;
  /** Has the instance's group go on after the hook. */
  complete(pool: string, instance: string, hook: Transition, signal: AbortSignal): Promise<void>;
}

/** What the cloud has announced about one instance. */
export interface Notice {
  readonly instance: string;
  /**
   * The cloud takes it within minutes, it is likely to, its group waits at its termination hook, or the instance has
   * ended for whatever reason.
   */
  readonly kind: 'interruption' | 'rebalance' | 'hook' | 'end';
  /** When it was announced. */
  readonly at: Instant;
}

/** A notice that arrived. The same one may arrive again, under another receipt. */
export interface Delivery {
  /** Absent where what arrived says nothing that matters. */
  readonly notice?: Notice;
  readonly receipt: string;
}

/** The cloud's announcements: each at least once, in any order. They only make known earlier what listings show. */
export interface NoticeSource {
  /** Waits up to 20 seconds for notices; none when none came. What is not settled comes again. */
  receive(signal: AbortSignal): Promise<readonly Delivery[]>;
  /** Keeps deliveries from coming again. Those that are gone are no error. */
  settle(receipts: readonly string[], signal: AbortSignal): Promise<void>;
}

/** A launch written down before it happens. */
export interface LaunchIntent {
  readonly request: LaunchRequest;
  readonly fence: number;
  readonly openedAt: Instant;
  /** Present once the launch was answered; absent: it must be replayed. */
  readonly result?: LaunchResult;
}

/** One decision that changed something, or stopped something, for the record. */
export interface DecisionRecord {
  readonly at: Instant;
  readonly pool: string;
  /** One line that says what was decided and why. */
  readonly summary: string;
  readonly steps: readonly { readonly rule: string; readonly from: number; readonly to: number }[];
  readonly actions: readonly string[];
}

/** What outlives the process. Every write carries the fence and is refused with `fenced` when a newer one has written. */
export interface Store {
  history(): Promise<History | undefined>;
  saveHistory(history: History, fence: number): Promise<void>;
  /** Opens an intent; refused when its launchId exists. */
  openIntent(intent: LaunchIntent): Promise<void>;
  /** Records the answer of an intent's launch. */
  closeIntent(launchId: string, result: LaunchResult, fence: number): Promise<void>;
  /** All open intents, and those opened after `since`, oldest first. */
  intents(since: Instant): Promise<readonly LaunchIntent[]>;
  /** Appends; keeps at least the last 1,000 decisions. */
  addDecisions(decisions: readonly DecisionRecord[], fence: number): Promise<void>;
  /** The last `limit` decisions, newest first. */
  decisions(limit: number): Promise<readonly DecisionRecord[]>;
  /** What operators have asked for and is not done, in no order. */
  instructions(): Promise<readonly Instruction[]>;
  /**
   * Writes down what an operator asks for, in place of an instruction with the same key. Needs no fence: commands
   * are given beside the controller.
   */
  instruct(instruction: Instruction): Promise<void>;
  /** Removes an instruction; one that was changed since, or is gone, is left. */
  retract(instruction: Instruction): Promise<void>;
}

/** Who may decide now. */
export type LeaseAnswer =
  | { readonly held: true; readonly fence: number; readonly expiresAt: Instant }
  | { readonly held: false; readonly holder: string; readonly expiresAt: Instant };

/** One decision maker at a time. The fence grows with every change of holder. */
export interface Lease {
  /** Takes or extends the lease for `duration` from `now`. */
  acquire(now: Instant, duration: Duration): Promise<LeaseAnswer>;
  /** Gives the lease up, if it is held. */
  release(): Promise<void>;
}
