import type { Enrolled } from '../engine/instance.ts';
import type { RunnerScope } from '../engine/job.ts';
import { type Duration, elapsed, type Instant, minutes } from '../engine/time.ts';
import { PortError } from './errors.ts';
import type { Clock, Enrolment } from './ports.ts';
import type { KeptPool } from './registrar.ts';
import type { PoolRunner, RegisteredRunner, Registrations } from './registrations.ts';
import { describeRunner, identityIn } from './runner-identity.ts';

export interface EnrollerOptions {
  readonly installation: string;
  /** Pools whose runners Runtide makes: also one that shares a runner may have had others before. */
  readonly pools: readonly KeptPool[];
  readonly registrations: Registrations;
  readonly clock: Clock;
  /** Hears what was done in GitLab, in a sentence. */
  readonly note: (message: string) => void;
}

/** A runner that is for one instance. */
interface OwnRunner extends Enrolled {
  readonly id: number;
  readonly instance: string;
}

/** What is known of a pool. */
interface Known {
  readonly listedAt: Instant;
  readonly runners: readonly OwnRunner[];
}

/** Only we make and remove them; somebody may delete one by hand. */
const LISTED_FOR: Duration = minutes(5);
/** Parameters that are read at the same time: the Parameter Store allows 40 in a second. */
const READS_AT_ONCE = 8;

/** Makes runners for single instances, and keeps the token of each under `<tokenPrefix>/<instance id>`. */
export class Enroller implements Enrolment {
  readonly #options: EnrollerOptions;
  readonly #pools: ReadonlyMap<string, KeptPool>;
  readonly #known = new Map<string, Known>();

  constructor(options: EnrollerOptions) {
    this.#options = options;
    this.#pools = new Map(options.pools.map((kept) => [kept.pool, kept]));
  }

  async enrolled(pool: string, signal: AbortSignal): Promise<ReadonlyMap<string, Enrolled> | undefined> {
    const kept = this.#pools.get(pool);
    if (kept === undefined) return undefined;
    const enrolled = new Map<string, Enrolled>();
    for (const { instance, since, whole } of await this.#listed(kept, signal)) {
      enrolled.set(instance, { since, whole: whole || enrolled.get(instance)?.whole === true });
    }
    return enrolled;
  }

  /** The pool's runners that are for one instance. */
  async runnersOf(pool: string, signal: AbortSignal): Promise<readonly PoolRunner[]> {
    const kept = this.#kept(pool);
    const runners = await this.#listed(kept, signal);
    return runners.map(({ id, instance }) => ({
      runnerId: id,
      instance,
      token: (at) => this.#tokenOf(kept, instance, at),
    }));
  }

  /** Whose jobs a runner of the pool would get. */
  async scope(pool: string, signal: AbortSignal): Promise<RunnerScope> {
    const { owner, settings } = this.#kept(pool);
    const projects = await this.#options.registrations.projectsOf(owner, signal);
    const { protectedOnly } = settings;
    return { paused: false, protectedOnly, ...(projects.length > 0 && { projects: new Set(projects) }) };
  }

  async enrol(pool: string, instance: string, signal: AbortSignal): Promise<void> {
    const kept = this.#kept(pool);
    const own = (await this.#latest(kept, signal)).filter((runner) => runner.instance === instance);
    if (own.some(({ whole }) => whole)) return;
    const [found] = own.length === 0 ? [] : await this.#find(kept, instance, signal);
    if (found === undefined) return this.#create(kept, instance, signal);
    // Whoever speaks by it has read its token: another would refuse it.
    if (found.managers.length > 0) return this.#keep(pool, found.id, instance, true);
    return this.#heal(kept, instance, found, signal);
  }

  async dismiss(pool: string, instance: string, signal: AbortSignal): Promise<void> {
    const kept = this.#kept(pool);
    const own = (await this.#latest(kept, signal)).filter((runner) => runner.instance === instance);
    // First: without its runner nothing would lead to it any more.
    await kept.secrets.remove(tokenName(kept, instance), signal);
    await this.#leaveOthers(kept, instance, signal);
    for (const { id } of own) {
      await this.#options.registrations.remove(id, signal);
      this.#drop(pool, id);
      this.#options.note(`removed runner ${id} of pool ${pool}: ${instance} is gone`);
    }
  }

  async #create(kept: KeptPool, instance: string, signal: AbortSignal): Promise<void> {
    const { installation, registrations, note } = this.#options;
    const { pool, owner, settings, words } = kept;
    const [, ...others] = await registrations.projectsOf(owner, signal);
    const description = describeRunner(installation, pool, { shard: 1, instance }, words);
    const open = others.length > 0 && settings.locked === true ? { locked: false } : {};
    const made = await registrations.create(owner, { ...settings, description, ...open }, signal);
    this.#keep(pool, made.id, instance, false);
    await this.#serve(kept, made.id, others, signal);
    await this.#store(kept, made.id, instance, made.token, signal);
    note(`made runner ${made.id} of pool ${pool} for ${instance}`);
  }

  /** Of one that an interrupted process has made nobody knows the token. */
  async #heal(kept: KeptPool, instance: string, found: RegisteredRunner, signal: AbortSignal): Promise<void> {
    const { registrations, note } = this.#options;
    const missing = (await registrations.projectsOf(kept.owner, signal)).filter(
      (project) => !found.projects.includes(project),
    );
    if (missing.length > 0 && found.settings.locked === true)
      await registrations.update(found.id, { locked: false }, signal);
    await this.#serve(kept, found.id, missing, signal);
    const { token } = await registrations.resetToken(found.id, signal);
    await this.#store(kept, found.id, instance, token, signal);
    note(`gave runner ${found.id} of pool ${kept.pool} another token for ${instance}: its own was not kept`);
  }

  /** Lets an open runner serve projects, and locks it where it should be. */
  async #serve(
    { settings }: KeptPool,
    runner: number,
    projects: readonly number[],
    signal: AbortSignal,
  ): Promise<void> {
    const { registrations } = this.#options;
    for (const project of projects) await registrations.enable(runner, project, signal);
    if (projects.length > 0 && settings.locked === true)
      await registrations.update(runner, { locked: true }, signal);
  }

  /** Last of all: what reads the token asks for jobs at once. */
  async #store(
    kept: KeptPool,
    runner: number,
    instance: string,
    token: string,
    signal: AbortSignal,
  ): Promise<void> {
    await kept.secrets.write(tokenName(kept, instance), token, signal);
    this.#keep(kept.pool, runner, instance, true);
  }

  /** GitLab removes a runner that serves several projects only for administrators. */
  async #leaveOthers(kept: KeptPool, instance: string, signal: AbortSignal): Promise<void> {
    const { registrations } = this.#options;
    if (kept.owner.kind !== 'project' || kept.owner.others.length === 0) return;
    const [owner] = await registrations.projectsOf(kept.owner, signal);
    for (const { id, projects } of await this.#find(kept, instance, signal)) {
      for (const project of projects) {
        if (project !== owner) await registrations.disable(id, project, signal);
      }
    }
  }

  /** The instance's runners with everything that GitLab tells of them. */
  #find(kept: KeptPool, instance: string, signal: AbortSignal): Promise<readonly RegisteredRunner[]> {
    const isIts = (description: string) => this.#instanceIn(kept, description) === instance;
    return this.#options.registrations.list(kept.owner, isIts, signal);
  }

  /** As they are known, from GitLab where that was long ago. */
  async #listed(kept: KeptPool, signal: AbortSignal): Promise<readonly OwnRunner[]> {
    const { registrations, clock } = this.#options;
    const before = this.#known.get(kept.pool);
    const listedAt = clock.now();
    if (before !== undefined && elapsed(before.listedAt, listedAt) < LISTED_FOR) return before.runners;
    const isOurs = (description: string) => this.#instanceIn(kept, description) !== undefined;
    const listed = await registrations.names(kept.owner, isOurs, signal);
    const known = new Map(before?.runners.map((runner) => [runner.id, runner]));
    const runners: OwnRunner[] = [];
    for (let first = 0; first < listed.length; first += READS_AT_ONCE) {
      const some = listed.slice(first, first + READS_AT_ONCE).map(async ({ id, description }) => {
        const instance = this.#instanceIn(kept, description) ?? '';
        const runner = known.get(id) ?? { id, instance, since: listedAt, whole: false };
        if (runner.whole) return runner;
        return {
          ...runner,
          whole: (await kept.secrets.read(tokenName(kept, instance), signal)) !== undefined,
        };
      });
      runners.push(...(await Promise.all(some)));
    }
    // What was made meanwhile need not be in the list.
    const ids = new Set(listed.map(({ id }) => id));
    const made = (this.#known.get(kept.pool)?.runners ?? []).filter(
      ({ id, since }) => !ids.has(id) && since >= listedAt,
    );
    this.#known.set(kept.pool, { listedAt, runners: [...runners, ...made] });
    return [...runners, ...made];
  }

  /** As they are known, however long ago that was: what was observed is acted on. */
  async #latest(kept: KeptPool, signal: AbortSignal): Promise<readonly OwnRunner[]> {
    return this.#known.get(kept.pool)?.runners ?? this.#listed(kept, signal);
  }

  #keep(pool: string, id: number, instance: string, whole: boolean): void {
    const now = this.#options.clock.now();
    const { listedAt, runners } = this.#known.get(pool) ?? { listedAt: now, runners: [] };
    const before = runners.find((runner) => runner.id === id);
    const kept = { id, instance, since: before?.since ?? now, whole };
    this.#known.set(pool, { listedAt, runners: [...runners.filter((runner) => runner !== before), kept] });
  }

  #drop(pool: string, id: number): void {
    const known = this.#known.get(pool);
    if (known === undefined) return;
    this.#known.set(pool, { ...known, runners: known.runners.filter((runner) => runner.id !== id) });
  }

  #instanceIn({ pool }: KeptPool, description: string): string | undefined {
    return identityIn(description, this.#options.installation, pool)?.instance;
  }

  async #tokenOf(kept: KeptPool, instance: string, signal: AbortSignal): Promise<string> {
    const name = tokenName(kept, instance);
    const token = await kept.secrets.read(name, signal);
    if (token !== undefined) return token;
    throw new PortError({
      kind: 'not-found',
      system: 'ssm',
      doing: `reading the token of the runner for ${instance} of pool ${kept.pool}`,
      why: `there is no ${name}`,
      next: 'the runner goes with its instance: nothing needs to be done',
    });
  }

  #kept(pool: string): KeptPool {
    const kept = this.#pools.get(pool);
    if (kept !== undefined) return kept;
    throw new Error(`looking after runners of instances of pool ${pool}: it is not one that Runtide makes`);
  }
}

function tokenName({ tokenPrefix }: KeptPool, instance: string): string {
  return `${tokenPrefix}/${instance}`;
}
