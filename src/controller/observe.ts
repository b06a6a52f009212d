import type { GroupReading } from '../engine/group.ts';
import type { Instance, Manager } from '../engine/instance.ts';
import type { JobSnapshot } from '../engine/job.ts';
import { isFresh, lastKnown, type Part } from '../engine/observation.ts';
import type { Outcome } from '../engine/outcome.ts';
import type { FleetPolicy } from '../engine/pool.ts';
import type { Readings } from '../engine/remember.ts';
import { isSaturated } from '../engine/saturation.ts';
import { type Duration, elapsed, type Instant, instant, milliseconds, minutes } from '../engine/time.ts';
import { readEnrolled } from './enrolled.ts';
import type { Recorder } from './events.ts';
import type { HookEvidence } from './hook-evidence.ts';
import { GroupReadings } from './group-readings.ts';
import { asLaunching, asUnanswered } from './launches-known.ts';
import { Marks } from './marks.ts';
import { Notices } from './notices.ts';
import { readScopes, type Scopes } from './scopes.ts';
import type {
  Clock,
  Enrolment,
  Fleet,
  JobReading,
  JobRetrier,
  JobSource,
  LaunchIntent,
  NamedProjects,
  PipelineRef,
  RunnerRegistry,
  Store,
} from './ports.ts';

/** What a pass has to read again. */
export interface Wake {
  /** Everything, not only what is named or stale. */
  readonly sweep: boolean;
  /** Pipelines that a job webhook named. */
  readonly pipelines: readonly PipelineRef[];
  /** The instances; they may have changed. */
  readonly instances?: boolean;
}

/** How long EC2 may take to list an instance that a launch has named. */
const LISTING_LAG = minutes(5);
/** A picture that takes several sweeps stays fresh for as many rounds of them. */
const FRESH_ROUNDS = 2;

export interface ObserverOptions {
  readonly clock: Clock;
  readonly jobs: JobSource;
  readonly runners: RunnerRegistry;
  readonly fleet: Fleet;
  readonly store: Pick<Store, 'intents' | 'instructions'>;
  /** Absent: no instance has a runner of its own. */
  readonly enrolment?: Pick<Enrolment, 'enrolled'>;
  /** Absent: no project wants jobs retried whose instance is lost. */
  readonly retrier?: Pick<JobRetrier, 'projects'>;
  /** Absent: the policy needs no project looked up. */
  readonly namedProjects?: NamedProjects;
  readonly recorder: Recorder;
  readonly policy: () => FleetPolicy;
  /** How long an answer counts as fresh; a few sweeps. */
  readonly freshFor: () => Duration;
  /** What the cloud has announced, where something listens to it. */
  readonly notices?: Notices;
  /** Whether webhooks tell what is read, where there are any. */
  readonly hooks?: HookEvidence;
  /** How often the jobs are read although webhooks tell of all of them. */
  readonly jobsEvery?: () => Duration;
  /** Whether a pool drains instances that are likely to be taken; absent: every pool does. */
  readonly heedsRebalance?: (pool: string) => boolean;
}

const NEVER_READ = { known: false, failure: 'not read yet' } as const;

/** Reads the sources, each on its own: one that fails keeps its last answer and grows stale. */
export class Observer {
  readonly #options: ObserverOptions;
  readonly #notices: Notices;
  readonly #failing = new Set<string>();
  readonly #marks = new Marks(LISTING_LAG);
  readonly #groups = new GroupReadings();
  /** Launches whose answer came late. */
  #replayed: readonly LaunchIntent[] = [];
  #jobs: Part<JobSnapshot> = NEVER_READ;
  #instances: Part<readonly Instance[]> = NEVER_READ;
  #unlisted: Readonly<Record<string, Part<unknown>>> = {};
  #managers: Readonly<Record<string, Part<readonly Manager[]>>> = {};
  /** When the jobs were asked for as a whole. */
  #sweptAt: Instant | undefined;
  #scopes: Scopes = {};
  #retryable: ReadonlySet<number> | undefined;

  constructor(options: ObserverOptions) {
    this.#options = options;
    this.#notices = options.notices ?? new Notices();
  }

  /**
   * Re-reads what the wake names and what is stale. Managers are read before jobs: a job outranks an older `idle`.
   * Once the demand fills every pool, a sweep may leave out the rest; `unserved` jobs fill none.
   */
  async observe(
    wake: Wake,
    signal: AbortSignal,
    unserved: ReadonlySet<number> = new Set(),
  ): Promise<Readings> {
    const { clock, store, retrier, namedProjects, enrolment, policy } = this.#options;
    const intents = await store.intents(instant(clock.now() - LISTING_LAG));
    const instances = this.#readInstances(wake, intents, signal);
    await this.#readManagers(wake, signal);
    if (wake.sweep) this.#retryable = await retrier?.projects(signal);
    if (wake.sweep) await namedProjects?.lookUp(signal);
    await Promise.all([this.#readJobs(wake, signal, unserved), instances]);
    const pools = policy().pools.map(({ name }) => name);
    // At every pass, because whoever answers remembers.
    const instructions = await store.instructions();
    const groups = this.#groups.all();
    const enrolled = await readEnrolled(enrolment, pools, (...told) => this.#tell(...told), signal);
    return {
      now: clock.now(),
      jobs: this.#jobs,
      managers: this.#managers,
      instances: this.#withNotices(),
      ...(instructions.length > 0 && { instructions }),
      ...(Object.keys(groups).length > 0 && { groups }),
      ...(this.#retryable !== undefined && { retryable: this.#retryable }),
      ...(Object.keys(this.#scopes).length > 0 && { scopes: this.#scopes }),
      ...(Object.keys(enrolled).length > 0 && { enrolled }),
      ...(Object.keys(this.#unlisted).length > 0 && { unlisted: this.#unlisted }),
      unanswered: intents.filter(({ result }) => result === undefined).flatMap(asUnanswered),
    };
  }

  /** Folds in what was just done, so that a pass between two sweeps does not do it again. */
  fold(outcomes: readonly Outcome[]): void {
    const at = this.#options.clock.now();
    for (const outcome of outcomes) {
      const { action, done } = outcome;
      this.#groups.fold(outcome);
      if (!done) continue;
      if (action.do === 'drain') this.#marks.drained(action.instance, action.because, at);
      if (action.do === 'terminate') this.#marks.terminated(action.instance, at);
      if (action.do === 'complete') this.#completed(action.instance);
      if (action.do === 'forget') this.#managers = withoutManager(this.#managers, action);
    }
  }

  /** Its group waits no more. */
  #completed(id: string): void {
    if (!this.#instances.known) return;
    const value = this.#instances.value.map((instance) => {
      if (instance.id !== id || instance.membership === undefined) return instance;
      const { hook, ...membership } = instance.membership;
      const ending = hook === 'termination' && { ending: true as const };
      return { ...instance, membership: { ...membership, ...ending } };
    });
    this.#instances = { ...this.#instances, value };
  }

  /** Folds in launches that were answered just now: written down long ago, they may have bought only now. */
  foldReplayed(intents: readonly LaunchIntent[]): void {
    this.#replayed = [...this.#replayed, ...intents];
  }

  async #readManagers(wake: Wake, signal: AbortSignal): Promise<void> {
    const { runners, policy } = this.#options;
    const parts = await Promise.all(
      policy().pools.map(async ({ name }) => {
        const before = this.#managers[name] ?? NEVER_READ;
        const part = this.#isDue(wake, before)
          ? await this.#read(`managers of ${name}`, before, () => runners.managers(name, signal))
          : before;
        return [name, part] as const;
      }),
    );
    this.#managers = Object.fromEntries(parts);
    // Where the managers could not be read, the runner would not answer either.
    const answering = policy().pools.filter(({ name }) => !this.#failing.has(`managers of ${name}`));
    if (!wake.sweep) return;
    const tell = (source: string, why?: string): void => this.#tell(source, why);
    const names = answering.map(({ name }) => name);
    this.#scopes = { ...this.#scopes, ...(await readScopes(runners, names, tell, signal)) };
  }

  async #readJobs(wake: Wake, signal: AbortSignal, unserved: ReadonlySet<number>): Promise<void> {
    const { jobs, policy, hooks, clock } = this.#options;
    const { pipelines } = wake;
    hooks?.announced(pipelines, clock.now());
    if (this.#areJobsDue(wake)) {
      this.#sweptAt = clock.now();
      this.#jobs = await this.#readPicture('jobs', () =>
        jobs.sweep(signal, (demand) => isSaturated(demand, policy().pools, this.#scopes, unserved)),
      );
    } else if (pipelines.length > 0) {
      this.#jobs = await this.#readPicture('named pipelines', () => jobs.refresh(pipelines, signal));
    }
  }

  /** The source itself knows how old its picture is: a part of it may be older than this reading. */
  async #readPicture(source: string, read: () => Promise<JobReading>): Promise<Part<JobSnapshot>> {
    try {
      const { jobs, readAt, round = milliseconds(0) } = await read();
      const { hooks, clock, freshFor: usually } = this.#options;
      this.#tell(source, undefined);
      hooks?.read(jobs, clock.now());
      const freshFor = milliseconds(usually() + (round + this.#jobsEvery()) * FRESH_ROUNDS);
      return { known: true, value: jobs, readAt, freshFor };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#tell(source, why);
      return { ...this.#jobs, failure: why };
    }
  }

  async #readInstances(wake: Wake, intents: readonly LaunchIntent[], signal: AbortSignal): Promise<void> {
    const { fleet } = this.#options;
    const launched = this.#launched(intents);
    if (wake.instances === true || this.#isDue(wake, this.#instances)) {
      const before = this.#instances;
      this.#instances = await this.#read('instances', before, async () => {
        const leftOut = new Map<string, string>();
        const groups: GroupReading[] = [];
        const listed = await fleet.list(signal, {
          leaveOut: (pools, why) => pools.forEach((pool) => leftOut.set(pool, why)),
          group: (reading) => void groups.push(reading),
        });
        const askable = launched.filter(({ pool }) => !leftOut.has(pool));
        const found = await this.#findUnlisted(listed, askable, signal);
        this.#unlisted = this.#leave(leftOut, before);
        this.#groups.listed(groups, leftOut);
        return [...listed, ...found, ...keptOf(leftOut, lastKnown(before, []), [...listed, ...found])];
      });
    }
    // Also where nothing was read, or in vain: what has just been bought must not be bought again.
    if (this.#instances.known) {
      const known = new Set(this.#instances.value.map(({ id }) => id));
      const more = launched.filter(({ id }) => !known.has(id));
      this.#instances = { ...this.#instances, value: [...this.#instances.value, ...more] };
    }
  }

  /** What is known of pools that a listing left out: what was known before, and why no more. */
  #leave(
    leftOut: ReadonlyMap<string, string>,
    before: Part<unknown>,
  ): Readonly<Record<string, Part<unknown>>> {
    for (const pool of Object.keys(this.#unlisted)) {
      if (!leftOut.has(pool)) this.#tell(`instances of ${pool}`, undefined);
    }
    return Object.fromEntries(
      Array.from(leftOut, ([pool, failure]) => {
        this.#tell(`instances of ${pool}`, failure);
        return [pool, { ...(this.#unlisted[pool] ?? before), failure }];
      }),
    );
  }

  /** What launches of the last minutes gave, each instance once. */
  #launched(intents: readonly LaunchIntent[]): readonly Instance[] {
    const since = instant(this.#options.clock.now() - LISTING_LAG);
    this.#replayed = this.#replayed.filter(({ openedAt }) => openedAt > since);
    const all = [...intents, ...this.#replayed].flatMap(asLaunching);
    return [...new Map(all.map((instance) => [instance.id, instance])).values()];
  }

  /** Absence from a listing is not death: asks by id, and believes a launch's answer for five minutes. */
  async #findUnlisted(listed: readonly Instance[], launched: readonly Instance[], signal: AbortSignal) {
    const known = new Set(listed.map(({ id }) => id));
    const unlisted = launched.filter(({ id }) => !known.has(id));
    if (unlisted.length === 0) return [];
    const found = await this.#options.fleet.find(
      unlisted.map(({ id }) => id),
      signal,
    );
    const described = new Set(found.map(({ id }) => id));
    return [...found, ...unlisted.filter(({ id }) => !described.has(id))];
  }

  /** How long the jobs may be left unread: no time, unless webhooks tell of all of them. */
  #jobsEvery(): Duration {
    const { hooks, jobsEvery, clock } = this.#options;
    return hooks?.agree(clock.now()) === true && jobsEvery !== undefined ? jobsEvery() : milliseconds(0);
  }

  #areJobsDue(wake: Wake): boolean {
    const now = this.#options.clock.now();
    if (!isFresh(this.#jobs, now)) return true;
    return wake.sweep && (this.#sweptAt === undefined || elapsed(this.#sweptAt, now) >= this.#jobsEvery());
  }

  #isDue(wake: Wake, part: Part<unknown>): boolean {
    return wake.sweep || !isFresh(part, this.#options.clock.now());
  }

  async #read<T>(source: string, before: Part<T>, read: () => Promise<T>): Promise<Part<T>> {
    const { clock, freshFor } = this.#options;
    const readAt = clock.now();
    try {
      const value = await read();
      this.#tell(source, undefined);
      return { known: true, value, readAt, freshFor: freshFor() };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#tell(source, why);
      return { ...before, failure: why };
    }
  }

  /** Says once that a source fails, and once that it answers again. */
  #tell(source: string, why?: string): void {
    const { recorder } = this.#options;
    if (why === undefined) {
      if (this.#failing.delete(source)) recorder.record({ event: 'read recovered', source });
      return;
    }
    if (!this.#failing.has(source)) recorder.record({ event: 'read failed', source, why });
    this.#failing.add(source);
  }

  /** Folds in what was announced, and says what is new. */
  #withNotices(): Part<readonly Instance[]> {
    const { recorder, heedsRebalance = () => true } = this.#options;
    const { part, news } = this.#notices.fold(
      this.#marks.fold(this.#instances, this.#options.clock.now()),
      heedsRebalance,
    );
    for (const interruption of news) recorder.record({ event: 'interruption noticed', interruption });
    return part;
  }
}

/** Instances of pools that were left out, as they were known; what is listed all the same is known better. */
function keptOf(
  leftOut: ReadonlyMap<string, string>,
  before: readonly Instance[],
  listed: readonly Instance[],
): readonly Instance[] {
  const known = new Set(listed.map(({ id }) => id));
  return before.filter(({ id, pool }) => leftOut.has(pool) && !known.has(id));
}

function withoutManager(
  managers: Readonly<Record<string, Part<readonly Manager[]>>>,
  { pool, manager }: { readonly pool: string; readonly manager: string },
): Readonly<Record<string, Part<readonly Manager[]>>> {
  const part = managers[pool];
  if (part?.known !== true) return managers;
  return {
    ...managers,
    [pool]: { ...part, value: part.value.filter(({ systemId }) => systemId !== manager) },
  };
}
