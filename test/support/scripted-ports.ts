import { VirtualClock } from '../../src/adapters/memory/clock.ts';
import { MemoryLease } from '../../src/adapters/memory/lease.ts';
import { MemoryDisk, MemoryStore } from '../../src/adapters/memory/store.ts';
import { PortError, type PortErrorKind } from '../../src/controller/errors.ts';
import type { ControllerEvent, Recorder } from '../../src/controller/events.ts';
import type {
  Fleet,
  JobReading,
  JobSource,
  LaunchRequest,
  LaunchResult,
  Remarks,
  RunnerRegistry,
  Store,
} from '../../src/controller/ports.ts';
import { Term } from '../../src/controller/term.ts';
import type { DrainReason, Instance, Manager } from '../../src/engine/instance.ts';
import { EVERY_JOB, type JobSnapshot, type RunnerScope } from '../../src/engine/job.ts';
import type { PoolPolicy } from '../../src/engine/pool.ts';
import { type Instant, seconds } from '../../src/engine/time.ts';
import { aPolicy, aPool, jobs, NOW, OFFERING } from './observations.ts';

/** A port's failure of this kind. */
export function failure(kind: PortErrorKind, why = `it was ${kind}`): PortError {
  return new PortError({ kind, system: 'ec2', doing: 'scripted', why });
}

/** A launch that gave the named instances. */
export function gave(...ids: readonly string[]): LaunchResult {
  return { launched: ids.map((id) => ({ id, offering: OFFERING })), shortfalls: [] };
}

/** A fleet that writes every call down and answers by `script`; what that leaves out succeeds. */
export class ScriptedFleet implements Fleet {
  readonly calls: string[];
  /** Every launch as it was asked for. */
  readonly requests: LaunchRequest[] = [];
  /** What is listed and found. */
  instances: readonly Instance[] = [];
  script: Partial<Fleet>;

  constructor(script: Partial<Fleet> = {}, calls: string[] = []) {
    this.script = script;
    this.calls = calls;
  }

  async list(signal: AbortSignal, remarks?: Remarks): Promise<readonly Instance[]> {
    this.calls.push('list');
    return this.script.list === undefined ? this.instances : this.script.list(signal, remarks);
  }

  async find(ids: readonly string[], signal: AbortSignal): Promise<readonly Instance[]> {
    this.calls.push(`find ${ids.join(' ')}`);
    if (this.script.find !== undefined) return this.script.find(ids, signal);
    return this.instances.filter(({ id }) => ids.includes(id));
  }

  async prepare(pool: string, signal: AbortSignal): Promise<LaunchRequest['template']> {
    this.calls.push(`prepare ${pool}`);
    return this.script.prepare?.(pool, signal) ?? { id: `lt-${pool}`, version: '3' };
  }

  async launch(request: LaunchRequest, signal: AbortSignal): Promise<LaunchResult> {
    this.calls.push(`launch ${request.count} of ${request.pool}`);
    this.requests.push(request);
    const ids = Array.from({ length: request.count }, (_, index) => `i-${this.requests.length}-${index}`);
    return this.script.launch?.(request, signal) ?? gave(...ids);
  }

  async drain(ids: readonly string[], because: DrainReason, at: Instant, signal: AbortSignal): Promise<void> {
    this.calls.push(`drain ${ids.join(' ')} (${because})`);
    await this.script.drain?.(ids, because, at, signal);
  }

  async terminate(ids: readonly string[], signal: AbortSignal): Promise<void> {
    this.calls.push(`terminate ${ids.join(' ')}`);
    await this.script.terminate?.(ids, signal);
  }

  async console(id: string, signal: AbortSignal): Promise<string> {
    this.calls.push(`console ${id}`);
    return this.script.console?.(id, signal) ?? '';
  }
}

/** A registry that writes every call down and answers by `script`. */
export class ScriptedRunners implements RunnerRegistry {
  readonly calls: string[];
  /** By pool. */
  listed: Readonly<Record<string, readonly Manager[]>> = {};
  script: Partial<RunnerRegistry>;

  constructor(script: Partial<RunnerRegistry> = {}, calls: string[] = []) {
    this.script = script;
    this.calls = calls;
  }

  async managers(pool: string, signal: AbortSignal): Promise<readonly Manager[]> {
    this.calls.push(`managers ${pool}`);
    return this.script.managers?.(pool, signal) ?? this.listed[pool] ?? [];
  }

  async scope(pool: string, signal: AbortSignal): Promise<RunnerScope> {
    return this.script.scope?.(pool, signal) ?? EVERY_JOB;
  }

  async forget(pool: string, systemId: string, signal: AbortSignal): Promise<void> {
    this.calls.push(`forget ${systemId} of ${pool}`);
    await this.script.forget?.(pool, systemId, signal);
  }
}

/** A source of jobs that writes every call down and answers by `script`. */
export class ScriptedJobs implements JobSource {
  readonly calls: string[];
  snapshot: JobSnapshot = jobs();
  script: Partial<JobSource>;

  readonly #now: () => Instant;
  #sweptAt: Instant | undefined;

  constructor(script: Partial<JobSource> = {}, calls: string[] = [], now = (): Instant => NOW) {
    this.script = script;
    this.calls = calls;
    this.#now = now;
  }

  async sweep(...[signal, enough]: Parameters<JobSource['sweep']>): Promise<JobReading> {
    this.calls.push('sweep');
    this.#sweptAt = this.#now();
    return this.script.sweep?.(signal, enough) ?? { jobs: this.snapshot, readAt: this.#sweptAt };
  }

  async refresh(...[pipelines, signal]: Parameters<JobSource['refresh']>): Promise<JobReading> {
    this.calls.push(
      `refresh ${pipelines.map(({ project, pipeline }) => `${project}/${pipeline}`).join(' ')}`,
    );
    const readAt = this.#sweptAt ?? this.#now();
    return this.script.refresh?.(pipelines, signal) ?? { jobs: this.snapshot, readAt };
  }
}

/** A store in which some calls are scripted. */
export function scriptedStore(store: Store, script: Partial<Store>): Store {
  return {
    history: () => store.history(),
    saveHistory: (history, fence) => store.saveHistory(history, fence),
    openIntent: (intent) => store.openIntent(intent),
    closeIntent: (launchId, result, fence) => store.closeIntent(launchId, result, fence),
    intents: (since) => store.intents(since),
    addDecisions: (decisions, fence) => store.addDecisions(decisions, fence),
    decisions: (limit) => store.decisions(limit),
    instructions: () => store.instructions(),
    instruct: (instruction) => store.instruct(instruction),
    retract: (instruction) => store.retract(instruction),
    ...script,
  };
}

/** A recorder that keeps what it is told. */
export function recording(): { readonly recorder: Recorder; readonly events: ControllerEvent[] } {
  const events: ControllerEvent[] = [];
  return { events, recorder: { record: (event) => events.push(event) } };
}

export interface Scripts {
  readonly fleet?: Partial<Fleet>;
  readonly runners?: Partial<RunnerRegistry>;
  readonly jobs?: Partial<JobSource>;
  readonly store?: Partial<Store>;
  readonly pools?: readonly PoolPolicy[];
}

/** Everything that a controller stands on, with one log of calls, in virtual time. */
export function surroundings(scripts: Scripts = {}) {
  const calls: string[] = [];
  const clock = new VirtualClock(NOW);
  const disk = new MemoryDisk();
  const abort = new AbortController();
  return {
    calls,
    clock,
    disk,
    abort,
    ...recording(),
    policy: aPolicy(...(scripts.pools ?? [aPool()])),
    fleet: new ScriptedFleet(scripts.fleet, calls),
    runners: new ScriptedRunners(scripts.runners, calls),
    jobs: new ScriptedJobs(scripts.jobs, calls, () => clock.now()),
    store: scriptedStore(new MemoryStore(disk), scripts.store ?? {}),
    lease: new MemoryLease(disk, { owner: 'this controller' }),
    /** Somebody else becomes the decision maker. */
    takeOver: () =>
      new MemoryLease(disk, { owner: 'another controller', isGone: () => true }).acquire(
        clock.now(),
        seconds(40),
      ),
  };
}

/** Surroundings in which this controller holds the lease, and what acting in them takes. */
export async function termInOffice(scripts: Scripts = {}) {
  const around = surroundings(scripts);
  const term = await Term.begin({ lease: around.lease, clock: around.clock, duration: seconds(40) });
  if (!(term instanceof Term)) throw new Error('beginning a term: somebody else holds the lease');
  const { abort, ...parts } = around;
  return { ...around, at: { ...parts, term, callTimeout: seconds(10), signal: abort.signal } };
}
