import { VirtualClock } from '../adapters/memory/clock.ts';
import { Ec2 } from '../adapters/memory/ec2/ec2.ts';
import { Ec2Error } from '../adapters/memory/ec2/error.ts';
import { stateOf } from '../adapters/memory/ec2/instance-record.ts';
import { draw } from '../adapters/memory/ec2/life-times.ts';
import { defaultPlace } from '../adapters/memory/ec2/place.ts';
import { FLEET_TAG } from '../adapters/memory/fleet.ts';
import { GitLab } from '../adapters/memory/gitlab/gitlab.ts';
import type { Job } from '../adapters/memory/gitlab/job.ts';
import { Machines } from '../adapters/memory/machines.ts';
import { type Random, seededRandom } from '../adapters/memory/random.ts';
import { type Instant, minutes } from '../engine/time.ts';
import type { Conditions } from './conditions.ts';
import type { Workload } from './workload.ts';

/** Streams of their own, so that they do not depend on how much others were asked. */
const BOOT_STREAM = 0x5eed_0101;
const FAILURE_STREAM = 0x5eed_0102;

/**
 * EC2 answers for about an hour. Nobody here asks for what has ended longer ago than this, and every listing would be
 * longer; but Runtide takes a launch for alive for five minutes unless EC2 says that it has ended.
 */
const TERMINATED_VISIBLE_FOR = minutes(10);

export const INSTALLATION = 'simulated';
/** The pool of autoscalers that know but one. */
export const POOL = 'runners';
export const IMAGE = defaultPlace.images[0]?.id ?? '';

/** What a launch call gave. */
export interface Purchase {
  readonly ids: readonly string[];
  /** EC2's codes for what it did not give, such as `RequestLimitExceeded`; empty where all was given. */
  readonly refusals: readonly string[];
}

/** GitLab, EC2 and machines in virtual time, and what autoscalers may do there. */
export class SimulatedWorld {
  readonly clock: VirtualClock;
  readonly ec2: Ec2;
  readonly gitlab: GitLab;
  readonly workload: Workload;
  readonly conditions: Conditions;
  #webhookLosses = 0;
  readonly #projects = new Map<string, number>();
  readonly #scripts = new Map<number, Instant>();
  readonly #runners = new Map<string, { readonly id: number; readonly token: string }>();
  readonly #template: { readonly id: string; readonly version: string };
  readonly #bootRandom: Random;
  readonly #readyListeners: ((id: string) => void)[] = [];

  constructor(workload: Workload, conditions: Conditions) {
    const { seed, startDelay, shutdown, apiLimits, bootFailures } = conditions;
    this.workload = workload;
    this.conditions = conditions;
    this.clock = new VirtualClock(workload.start);
    this.#bootRandom = seededRandom(seed ^ BOOT_STREAM);
    this.ec2 = new Ec2({
      timers: this.clock,
      seed,
      pendingFor: startDelay.pending,
      shutdownFor: shutdown,
      terminatedVisibleFor: TERMINATED_VISIBLE_FOR,
      ...(apiLimits !== undefined && { apiLimits }),
    });
    if (bootFailures > 0) this.ec2.faults.hangAtRandom(bootFailures, seededRandom(seed ^ FAILURE_STREAM));
    this.gitlab = new GitLab({ timers: this.clock, seed });
    const data = {
      imageId: IMAGE,
      instanceInitiatedShutdownBehavior: 'terminate',
      metadataOptions: { httpTokens: 'required', instanceMetadataTags: 'enabled' },
    } as const;
    this.#template = { id: this.ec2.createLaunchTemplate({ name: INSTALLATION, data }).id, version: '1' };
  }

  /** Whether disturbances keep webhooks away. */
  get webhooksLost(): boolean {
    return this.#webhookLosses > 0;
  }

  /** No webhook arrives until the answer is called. */
  loseWebhooks(): () => void {
    this.#webhookLosses += 1;
    return () => {
      this.#webhookLosses -= 1;
    };
  }

  /** The project of that name in GitLab; made when it is first asked for. */
  project(name: string): number {
    const known = this.#projects.get(name);
    if (known !== undefined) return known;
    const { id } = this.gitlab.addProject({ path: name });
    this.#projects.set(name, id);
    return id;
  }

  /** All projects that there are so far. */
  projects(): readonly number[] {
    return [...this.#projects.values()];
  }

  /** The runner of a pool; made, with all tags of the workload where none are given, when it is first asked for. */
  runner(
    pool = POOL,
    tags = this.tags(),
    runUntagged = true,
  ): { readonly id: number; readonly token: string } {
    const known = this.#runners.get(pool);
    if (known !== undefined) return known;
    const { id, token } = this.gitlab.addRunner({ tags, runUntagged });
    this.#runners.set(pool, { id, token });
    return { id, token };
  }

  /** Lets machines ask GitLab for jobs by themselves as soon as they are ready, as those with an agent do. */
  machines(pools: readonly string[] = [POOL]): Machines {
    const { clock, ec2, gitlab, conditions } = this;
    return new Machines({
      timers: clock,
      ec2,
      gitlab,
      outage: { on: false },
      tokens: Object.fromEntries(pools.map((pool) => [pool, this.runner(pool).token])),
      bootFor: conditions.startDelay.boot,
      random: this.#bootRandom,
      pollEvery: conditions.pollEvery,
      watchEvery: conditions.pollEvery,
      scriptBegins: (job) => this.scriptBegins(job),
      isReady: (id) => this.#readyListeners.forEach((listener) => listener(id)),
    });
  }

  /** Tells of every machine whose own runner asks for jobs from now on. */
  onReady(listener: (id: string) => void): void {
    this.#readyListeners.push(listener);
  }

  /** Tells of every machine without a runner of its own that a manager can reach from now on. */
  onBooted(listener: (id: string) => void): void {
    this.ec2.onStateChange(({ id, to }) => {
      if (to !== 'running' || this.ec2.instance(id)?.boot !== 'normal') return;
      this.clock.after(draw(this.conditions.startDelay.boot, this.#bootRandom), () => {
        if (this.isAlive(id)) listener(id);
      });
    });
  }

  /** Notes that a job's script begins now. */
  scriptBegins({ id }: Pick<Job, 'id'>): void {
    this.#scripts.set(id, this.clock.now());
  }

  /** When a job's script began; undefined while it has not. */
  scriptOf(job: number): Instant | undefined {
    return this.#scripts.get(job);
  }

  /**
   * Buys up to `count` machines in one call, of all offerings on the first one's market; EC2 may give fewer, or refuse it.
   * `maxJobs`: jobs after which each ends; absent: what the conditions say.
   */
  buy(count: number, maxJobs = this.conditions.maxJobs): Purchase {
    const { offerings, slots } = this.conditions;
    const market = offerings[0]?.market ?? 'on-demand';
    const overrides = offerings
      .filter((offering) => offering.market === market)
      .map(({ instanceType, zone }) => ({ instanceType, subnet: subnetIn(zone) }));
    const tags = Object.entries({
      [FLEET_TAG.installation]: INSTALLATION,
      [FLEET_TAG.pool]: POOL,
      [FLEET_TAG.slots]: String(slots),
      ...(maxJobs !== undefined && { [FLEET_TAG.maxJobs]: String(maxJobs) }),
    }).map(([key, value]) => ({ key, value }));
    try {
      const { instances, errors } = this.ec2.createFleet({
        configs: [{ template: this.#template, overrides }],
        count,
        market,
        tagSpecifications: [{ resourceType: 'instance', tags }],
      });
      return { ids: instances.flatMap(({ ids }) => ids), refusals: errors.map(({ code }) => code) };
    } catch (error) {
      if (error instanceof Ec2Error) return { ids: [], refusals: [error.code] };
      throw error;
    }
  }

  /** Asks machines with an agent to end their jobs and power off; false where EC2 refuses the call. */
  drain(ids: readonly string[]): boolean {
    const tags = [{ key: FLEET_TAG.drain, value: `asked@${this.clock.now()}` }];
    return this.#order(ids, (known) => this.ec2.createTags(known, tags));
  }

  /** Ends machines at once, whatever they run; false where EC2 refuses the call. */
  end(ids: readonly string[]): boolean {
    return this.#order(ids, (known) => void this.ec2.terminateInstances(known));
  }

  /** Whether the machine pends or runs. */
  isAlive(id: string): boolean {
    const record = this.ec2.instance(id);
    return record !== undefined && ['pending', 'running'].includes(stateOf(record));
  }

  /** Those that EC2 has forgotten are where they should be. */
  #order(ids: readonly string[], call: (known: readonly string[]) => void): boolean {
    const known = ids.filter((id) => this.ec2.instance(id) !== undefined);
    try {
      if (known.length > 0) call(known);
      return true;
    } catch (error) {
      if (error instanceof Ec2Error) return false;
      throw error;
    }
  }

  /** Every tag that a job of the workload has. */
  tags(): readonly string[] {
    return [...new Set(this.workload.pipelines.flatMap(({ jobs }) => jobs.flatMap(({ tags }) => tags)))];
  }
}

function subnetIn(zone: string): string | undefined {
  return defaultPlace.subnets.find((subnet) => subnet.zone === zone)?.id;
}
