import type { Concern } from '../engine/concern.ts';
import type { Manager } from '../engine/instance.ts';
import { type Duration, elapsed, type Instant, instant, minutes, seconds } from '../engine/time.ts';
import { PortError } from './errors.ts';
import type { Clock, Fleet } from './ports.ts';
import type {
  IssuedToken,
  PoolRunner,
  Registrations,
  RegisteredRunner,
  RunnerOwner,
  RunnerSettings,
  SecretStore,
} from './registrations.ts';
import { describeRunner, identityIn } from './runner-identity.ts';
import {
  type FoundRunner,
  planRunners,
  type RunnerPlan,
  type RunnerStep,
  type Validity,
} from './runner-plan.ts';
import type { Upkeep } from './upkeep.ts';

/** A pool whose runners Runtide makes. */
export interface KeptPool {
  readonly pool: string;
  readonly owner: RunnerOwner;
  readonly shards: number;
  /** All but the description, which is made of the identity and of `words`. */
  readonly settings: Omit<RunnerSettings, 'description'>;
  /** The operator's words in the description. */
  readonly words?: string;
  /** Where the tokens are kept, each under `<tokenPrefix>/<id of the runner>`. */
  readonly secrets: SecretStore;
  readonly tokenPrefix: string;
  /** The deprecated way to make runners. */
  readonly registrationToken?: () => string;
}

export interface RegistrarOptions {
  readonly installation: string;
  readonly pools: readonly KeptPool[];
  readonly registrations: Registrations;
  readonly fleet: Pick<Fleet, 'find'>;
  readonly clock: Clock;
  /** Hears what was done in GitLab, in a sentence. */
  readonly note: (message: string) => void;
}

/** What is known of a pool's runners. */
interface Known {
  /** Those that new instances serve, by shard; undefined until there is one for each. */
  readonly current: readonly number[] | undefined;
  readonly runners: readonly FoundRunner[];
}

/** One look at a pool's runners: what there is, and what is to be done. */
export interface Survey {
  readonly found: readonly FoundRunner[];
  readonly plan: RunnerPlan;
}

const ROUND = minutes(10);
/** While something is missing or fails. */
const SOON = seconds(30);
/** A manager that spoke so lately may run where nobody sees it. */
const SILENT_AFTER: Duration = minutes(120);
/** What was done may ask for more, such as the projects of a runner that is new. */
const MOST_TURNS = 4;

/** Makes the runners of pools in GitLab, keeps their tokens, and removes what is no longer wanted. */
export class Registrar implements Upkeep {
  readonly name = 'runners';
  readonly #options: RegistrarOptions;
  readonly #pools: ReadonlyMap<string, KeptPool>;
  readonly #known = new Map<string, Known>();
  #settled = false;

  constructor(options: RegistrarOptions) {
    this.#options = options;
    this.#pools = new Map(options.pools.map((kept) => [kept.pool, kept]));
  }

  /** The pools whose runners Runtide makes. */
  get pools(): readonly string[] {
    return [...this.#pools.keys()];
  }

  readonly every = (): Duration => (this.#settled ? ROUND : SOON);

  async tend(signal: AbortSignal): Promise<readonly Concern[]> {
    const concerns: Concern[] = [];
    let failed = false;
    for (const pool of this.pools) {
      try {
        concerns.push(...(await this.apply(pool, signal)));
      } catch (error) {
        if (signal.aborted) throw error;
        failed = true;
        const why = error instanceof Error ? error.message : String(error);
        concerns.push({ about: `runner of pool ${pool}`, why });
      }
    }
    this.#settled = !failed && this.pools.every((pool) => this.current(pool) !== undefined);
    return concerns;
  }

  /** Ids of the runners that new instances of the pool serve, by shard; undefined where they are not known. */
  current(pool: string): readonly number[] | undefined {
    return this.#known.get(pool)?.current;
  }

  /** The name of the parameter that holds a runner's token. */
  tokenName(pool: string, runner: number): string {
    return tokenName(this.#kept(pool), runner);
  }

  /** Every runner of the pool. Looks where nothing is known yet; fails with `not-found` while there is none. */
  async runnersOf(pool: string, signal: AbortSignal): Promise<readonly PoolRunner[]> {
    const kept = this.#kept(pool);
    if (this.#known.get(pool)?.current === undefined) await this.look(pool, signal);
    const known = this.#known.get(pool);
    if (known?.current === undefined) throw this.#missing(pool);
    return known.runners.map(({ id }) => ({ runnerId: id, token: (at) => this.#tokenOf(kept, id, at) }));
  }

  /** Reads what there is and what would be done; changes nothing. */
  async look(pool: string, signal: AbortSignal): Promise<Survey> {
    const kept = this.#kept(pool);
    const { registrations, clock } = this.#options;
    const found = await this.#find(kept, signal);
    const wanted = {
      pool,
      shards: kept.shards,
      settingsOf: (shard: number) => this.#settingsOf(kept, shard),
      projects: await registrations.projectsOf(kept.owner, signal),
    };
    const plan = planRunners(found, wanted, clock.now());
    const ids = plan.current.flatMap((runner) => (runner === undefined ? [] : [runner.id]));
    this.#known.set(pool, { current: ids.length === kept.shards ? ids : undefined, runners: found });
    return { found, plan };
  }

  /** Makes the runners of the pool as they should be; answers with what only a person can do. */
  async apply(pool: string, signal: AbortSignal): Promise<readonly Concern[]> {
    const kept = this.#kept(pool);
    for (let turn = 1; ; turn++) {
      const { plan } = await this.look(pool, signal);
      if (plan.steps.length === 0 || turn > MOST_TURNS) return plan.concerns;
      for (const step of plan.steps) await this.#take(step, kept, signal);
    }
  }

  /** Removes every runner of the pool and its token, whoever still uses it. */
  async remove(pool: string, signal: AbortSignal): Promise<readonly number[]> {
    const kept = this.#kept(pool);
    const { registrations } = this.#options;
    const found = await this.#find(kept, signal);
    const [owner] = await registrations.projectsOf(kept.owner, signal);
    for (const { id, projects } of found) {
      for (const project of projects) {
        if (project !== owner) await registrations.disable(id, project, signal);
      }
      await this.#take({ do: 'remove', runner: id, because: 'asked for' }, kept, signal);
    }
    this.#known.delete(pool);
    return found.map(({ id }) => id);
  }

  async #take(step: RunnerStep, kept: KeptPool, signal: AbortSignal): Promise<void> {
    const { registrations, note } = this.#options;
    const of = `of pool ${kept.pool}`;
    switch (step.do) {
      case 'create': {
        const settings = this.#settingsOf(kept, step.shard);
        const made = await registrations.create(kept.owner, settings, signal, kept.registrationToken?.());
        note(`made runner ${made.id} ${of}: ${step.because}`);
        return this.#keep(kept, made.id, made, signal);
      }
      case 'reset': {
        const issued = await registrations.resetToken(step.runner, signal);
        note(`gave runner ${step.runner} ${of} another token: ${step.because}`);
        return this.#keep(kept, step.runner, issued, signal);
      }
      case 'update': {
        await registrations.update(step.runner, step.change, signal);
        return note(`changed ${Object.keys(step.change).join(', ')} of runner ${step.runner} ${of}`);
      }
      case 'enable': {
        await registrations.enable(step.runner, step.project, signal);
        return note(`runner ${step.runner} ${of} serves project ${step.project} from now on`);
      }
      case 'disable': {
        await registrations.disable(step.runner, step.project, signal);
        return note(`runner ${step.runner} ${of} serves project ${step.project} no longer`);
      }
      case 'remove': {
        await registrations.remove(step.runner, signal);
        for (const name of [tokenName(kept, step.runner), validityName(kept, step.runner)]) {
          await kept.secrets.remove(name, signal);
        }
        return note(`removed runner ${step.runner} ${of}: ${step.because}`);
      }
    }
  }

  /** First how long it is good for: a token that is kept without would count as one that never ends. */
  async #keep(
    kept: KeptPool,
    runner: number,
    { token, expiresAt }: IssuedToken,
    signal: AbortSignal,
  ): Promise<void> {
    const name = validityName(kept, runner);
    if (expiresAt === undefined) await kept.secrets.remove(name, signal);
    else await kept.secrets.write(name, writtenValidity(this.#options.clock.now(), expiresAt), signal);
    await kept.secrets.write(tokenName(kept, runner), token, signal);
  }

  async #find(kept: KeptPool, signal: AbortSignal): Promise<readonly FoundRunner[]> {
    const { installation, registrations } = this.#options;
    const identify = (description: string) => identityIn(description, installation, kept.pool);
    const isOurs = (description: string) =>
      identify(description)?.instance === undefined && identify(description) !== undefined;
    const listed = await registrations.list(kept.owner, isOurs, signal);
    const alive = await this.#alive(listed, signal);
    return Promise.all(
      listed.map(async (runner) => {
        const [token, validity] = await Promise.all([
          kept.secrets.read(tokenName(kept, runner.id), signal),
          kept.secrets.read(validityName(kept, runner.id), signal),
        ]);
        const known = validity === undefined ? undefined : readValidity(validity);
        return {
          ...runner,
          shard: identify(runner.settings.description)?.shard ?? 1,
          stored: token !== undefined,
          living: runner.managers.filter(alive).length,
          ...(known !== undefined && { validity: known }),
        };
      }),
    );
  }

  /** Which managers run, or may run: in doubt they do. */
  async #alive(
    runners: readonly RegisteredRunner[],
    signal: AbortSignal,
  ): Promise<(manager: Manager) => boolean> {
    const { fleet, clock } = this.#options;
    const ids = new Set(
      runners.flatMap(({ managers }) => managers.flatMap(({ instance }) => instance ?? [])),
    );
    const described = ids.size === 0 ? [] : await fleet.find([...ids], signal);
    const states = new Map(described.map(({ id, state }) => [id, state]));
    const now = clock.now();
    return ({ instance, active, contactedAt, firstSeenAt }) => {
      if (instance === undefined || active) return true;
      const state = states.get(instance);
      if (state !== undefined) return state !== 'terminated';
      return elapsed(contactedAt ?? firstSeenAt, now) < SILENT_AFTER;
    };
  }

  #settingsOf({ pool, settings, words }: KeptPool, shard: number): RunnerSettings {
    const { installation } = this.#options;
    return { ...settings, description: describeRunner(installation, pool, { shard }, words) };
  }

  async #tokenOf(kept: KeptPool, runner: number, signal: AbortSignal): Promise<string> {
    const token = await kept.secrets.read(tokenName(kept, runner), signal);
    if (token !== undefined) return token;
    throw new PortError({
      kind: 'not-found',
      system: 'ssm',
      doing: `reading the token of runner ${runner} of pool ${kept.pool}`,
      why: `there is no ${tokenName(kept, runner)}`,
      next: 'see "runtide runners status"',
    });
  }

  #kept(pool: string): KeptPool {
    const kept = this.#pools.get(pool);
    if (kept === undefined)
      throw new Error(`looking after the runner of pool ${pool}: it is not one that Runtide makes`);
    return kept;
  }

  #missing(pool: string): PortError {
    return new PortError({
      kind: 'not-found',
      system: 'gitlab',
      doing: `looking for the runner of pool ${pool}`,
      why: 'it is not made yet',
      next: '"runtide up" makes it, or "runtide runners apply" does now',
    });
  }
}

function tokenName({ tokenPrefix }: KeptPool, runner: number): string {
  return `${tokenPrefix}/${runner}`;
}

function validityName(kept: KeptPool, runner: number): string {
  return `${tokenName(kept, runner)}.validity`;
}

/** An interval of ISO 8601. */
function writtenValidity(from: Instant, until: Instant): string {
  return `${new Date(from).toISOString()}/${new Date(until).toISOString()}`;
}

/** Undefined for what nobody of us has written. */
function readValidity(text: string): Validity | undefined {
  const [from = Number.NaN, until = Number.NaN] = text.split('/').map((part) => Date.parse(part));
  return Number.isNaN(from) || Number.isNaN(until)
    ? undefined
    : { from: instant(from), until: instant(until) };
}
