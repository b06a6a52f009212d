import { AutoScaling } from '../../src/adapters/memory/auto-scaling/auto-scaling.ts';
import type { GroupDescription } from '../../src/adapters/memory/auto-scaling/group-requests.ts';
import { VirtualClock } from '../../src/adapters/memory/clock.ts';
import { Ec2 } from '../../src/adapters/memory/ec2/ec2.ts';
import { type InstanceRecord, stateOf } from '../../src/adapters/memory/ec2/instance-record.ts';
import { Ssm } from '../../src/adapters/memory/ec2/ssm.ts';
import { defaultPlace } from '../../src/adapters/memory/ec2/place.ts';
import { MemoryGroupFleet } from '../../src/adapters/memory/group-fleet/group-fleet.ts';
import { GitLab } from '../../src/adapters/memory/gitlab/gitlab.ts';
import type { JobDefinition, JobStatus } from '../../src/adapters/memory/gitlab/job.ts';
import { MemoryJobRetrier } from '../../src/adapters/memory/job-retrier.ts';
import { MemoryJobSource } from '../../src/adapters/memory/job-source.ts';
import { MemoryLease } from '../../src/adapters/memory/lease.ts';
import { Machines } from '../../src/adapters/memory/machines.ts';
import { MemoryRunnerRegistry } from '../../src/adapters/memory/runner-registry.ts';
import { MemoryStore } from '../../src/adapters/memory/store.ts';
import type { ControllerEvent, Recorder } from '../../src/controller/events.ts';
import { listen } from '../../src/controller/listen.ts';
import { Notices } from '../../src/controller/notices.ts';
import type { Groups, JobRetrier, NoticeSource, Store } from '../../src/controller/ports.ts';
import { Controller, type ControllerOptions, type PassReport } from '../../src/controller/reconcile.ts';
import { runPasses, Wakes } from '../../src/controller/wakes.ts';
import { DeliveryFaults } from '../../src/sandbox/gitlab/delivery-faults.ts';
import type { FleetPolicy, PoolPolicy } from '../../src/engine/pool.ts';
import { type Duration, elapsed, type Instant, minutes, seconds } from '../../src/engine/time.ts';
import { groupPools } from './world-groups.ts';
import { aPolicy, aPool } from './observations.ts';
import { Disks } from './disks.ts';
import { OwnRunners } from './own-runners.ts';
import { eventsNamed } from './named-events.ts';
import type { Run, RunOptions, WorldOptions } from './world-options.ts';

const SUBNET = defaultPlace.subnets[0]?.id ?? '';
const IMAGE = defaultPlace.images[0]?.id ?? '';

/** A pool whose offering exists in the model of EC2. */
export function worldPool(over: Partial<PoolPolicy> = {}): PoolPolicy {
  return aPool({
    idle: { slots: 0, time: minutes(1) },
    offerings: [{ instanceType: 'm7i.large', subnet: SUBNET, market: 'spot' }],
    ...over,
  });
}

const unbroken = <T>(one: T): T => one;

/** GitLab, EC2, machines and a controller in virtual time. */
export class World {
  readonly clock = new VirtualClock();
  readonly ec2: Ec2;
  readonly autoScaling: AutoScaling;
  readonly gitlab: GitLab;
  readonly outage = { on: false };
  readonly machines: Machines;
  readonly events: { readonly at: Instant; readonly event: ControllerEvent }[] = [];
  readonly reports: PassReport[] = [];
  readonly #disks = new Disks();
  readonly project: number;
  policy: FleetPolicy;
  webhooks: boolean;
  /** What becomes of webhooks on their way. */
  readonly deliveries = new DeliveryFaults();
  readonly #options: WorldOptions;
  readonly #source: NoticeSource | undefined;
  /** Of pools that share one. */
  readonly #runners: Readonly<Record<string, { readonly id: number; readonly token: string }>>;
  readonly ssm: Ssm;
  readonly #own: OwnRunners;
  #run: Run | undefined;
  #runs = 0;
  /** Of the last run of each installation. */
  readonly #wakes = new Map<string, Wakes>();
  #mostInstances = 0;

  constructor(options: WorldOptions = {}) {
    const seed = options.seed ?? 1;
    const pools = options.pools ?? [worldPool()];
    this.#options = options;
    this.webhooks = options.webhooks ?? true;
    this.policy = aPolicy(...pools);
    this.ec2 = new Ec2({
      timers: this.clock,
      seed,
      pendingFor: seconds(5),
      shutdownFor: seconds(5),
      listingLag: options.listingLag ?? seconds(0),
      ...options.ec2,
    });
    this.autoScaling = new AutoScaling({ timers: this.clock, ec2: this.ec2, seed, ...options.autoScaling });
    this.#source = options.notices?.(this);
    this.gitlab = new GitLab({ timers: this.clock, seed });
    this.project = this.gitlab.addProject({ path: 'acme/web' }).id;
    this.ssm = new Ssm(this.clock, seed);
    const { clock, gitlab, ssm, outage, project } = this;
    const { secrets } = options;
    this.#own = new OwnRunners({
      clock,
      gitlab,
      ssm,
      outage,
      project,
      ...(secrets !== undefined && { secrets }),
    });
    const shared = pools.filter(({ isolated }) => isolated !== true);
    this.#runners = Object.fromEntries(
      shared.map(({ name, tags, runUntagged }) => {
        const { id, token } = this.gitlab.addRunner({ tags, runUntagged });
        return [name, { id, token }];
      }),
    );
    this.machines = new Machines({
      timers: this.clock,
      ec2: this.ec2,
      gitlab: this.gitlab,
      outage: this.outage,
      tokens: Object.fromEntries(Object.entries(this.#runners).map(([pool, { token }]) => [pool, token])),
      isIsolated: (pool) => this.policy.pools.some((one) => one.name === pool && one.isolated === true),
      ownToken: (pool, instance) => this.#own.token(pool, instance),
      isTaken: (instance) => this.lifecycleOf(instance)?.startsWith('Terminating') === true,
      bootFor: options.bootFor ?? seconds(35),
      pollEvery: seconds(3),
      watchEvery: seconds(5),
    });
    this.gitlab.onJobEvent(({ job }) => {
      if (!this.webhooks || this.outage.on) return;
      const ref = { project: job.project, pipeline: job.pipeline };
      for (const late of this.deliveries.fate()) {
        this.clock.after(late, () => {
          for (const wakes of this.#wakes.values()) wakes.add(ref);
        });
      }
    });
    this.ec2.onStateChange(() => {
      this.#mostInstances = Math.max(this.#mostInstances, this.alive().length);
    });
  }

  /** Starts a controller process; several may run beside each other. */
  start({ installation = 'test', pools, groupNames = {} }: RunOptions = {}): Run {
    const { clock } = this;
    const disk = this.#disks.of(installation);
    const wakes = new Wakes();
    this.#wakes.set(installation, wakes);
    const reports: PassReport[] = [];
    const abort = new AbortController();
    const notices = new Notices();
    const recorder = {
      record: (event: ControllerEvent) => void this.events.push({ at: clock.now(), event }),
    };
    const controller = new Controller({
      notices,
      ...(this.#options.concerns !== undefined && { concerns: this.#options.concerns }),
      heedsRebalance: () => this.#options.heedsRebalance ?? true,
      ...this.ports(installation, groupNames),
      enrolment: this.#own.enroller(installation, this.policy.pools),
      lease: new MemoryLease(disk, { owner: `controller-${++this.#runs}` }),
      recorder,
      ...this.#retrier(),
      policy: () => ({
        ...this.policy,
        pools: this.policy.pools.filter(({ name }) => pools?.includes(name) ?? true),
      }),
      freshFor: () => seconds(45),
      leaseFor: () => seconds(40),
      callTimeout: () => seconds(10),
    });
    const listening = this.#listen({ notices, wakes, recorder, reports, abort });
    const passing = runPasses({
      clock,
      wakes,
      pass: async (wake) => {
        const report = await controller.pass(wake, abort.signal);
        reports.push(report);
        this.reports.push(report);
      },
      pollInterval: () => this.#options.pollInterval ?? seconds(15),
      spacing: seconds(1),
      signal: abort.signal,
    });
    const ended = Promise.all([passing, listening]).then(() => undefined);
    this.#run = { controller, reports, abort, ended };
    return this.#run;
  }

  /** What a controller of the installation speaks with. */
  ports(
    installation = 'test',
    groupNames: Readonly<Record<string, string>> = {},
  ): Pick<ControllerOptions, 'clock' | 'jobs' | 'runners' | 'fleet' | 'store'> & { readonly groups: Groups } {
    const { clock, outage } = this;
    const { fleet = unbroken, groups = unbroken, store = unbroken, jobs } = this.#options;
    const machines = new MemoryGroupFleet({
      timers: clock,
      ec2: this.ec2,
      autoScaling: this.autoScaling,
      installation,
      imageId: IMAGE,
      pools: () => groupPools(this.policy.pools, installation, groupNames),
    });
    return {
      clock,
      jobs: jobs?.(this) ?? new MemoryJobSource({ gitlab: this.gitlab, projects: [this.project], outage }),
      runners: new MemoryRunnerRegistry({
        gitlab: this.gitlab,
        pools: { ...this.#runners, ...this.#own.byPool(installation, this.policy.pools) },
        outage,
      }),
      fleet: fleet(machines),
      groups: groups(machines),
      store: store(new MemoryStore(this.#disks.of(installation))),
    };
  }

  /** The pool's group, as it truly is. */
  group(pool = 'linux', installation = 'test'): GroupDescription {
    const group = this.autoScaling.group(`runtide-${installation}-${pool}`);
    if (group === undefined) throw new Error(`pool ${pool} has no group yet`);
    return group;
  }

  /** AWS's word for where a member is in its life. */
  lifecycleOf(instance: string): string | undefined {
    const members = this.autoScaling.groups().flatMap(({ instances }) => instances);
    return members.find(({ id }) => id === instance)?.lifecycleState;
  }

  #retrier(): { readonly retrier?: JobRetrier } {
    const { gitlab, outage, project } = this;
    const { retrier } = this.#options;
    const own = new MemoryJobRetrier({ gitlab, projects: [project], outage });
    return retrier === undefined ? {} : { retrier: retrier(own) };
  }

  /** Listens as the daemon does: while it decides. */
  async #listen(
    run: Pick<Run, 'reports' | 'abort'> & {
      readonly notices: Notices;
      readonly wakes: Wakes;
      readonly recorder: Recorder;
    },
  ): Promise<void> {
    if (this.#source === undefined) return;
    await listen({
      ...run,
      clock: this.clock,
      source: this.#source,
      deciding: () => run.reports.at(-1)?.pass === 'acted',
      heard: () => undefined,
      signal: run.abort.signal,
    });
  }

  /** Ends the running controller. */
  async stop(run = this.#run): Promise<void> {
    run?.abort.abort();
    await this.clock.advance(seconds(0));
    await run?.ended;
  }

  /** The state, for what operators write into it by command. */
  get state(): Store {
    return new MemoryStore(this.#disks.of('test'));
  }

  /** The next controller finds no state, as after the loss of its disk. */
  loseState(installation = 'test'): void {
    this.#disks.lose(installation);
  }

  /** A pipeline of `count` jobs in one stage. */
  submit(count: number, job: Partial<JobDefinition> = {}, project = this.project): number {
    const jobs = Array.from({ length: count }, (_, index) => ({
      name: `job-${index}`,
      stage: 'test',
      tags: ['linux'],
      duration: minutes(2),
      ...job,
    }));
    return this.gitlab.createPipeline(project, { stages: ['test'], jobs }).id;
  }

  advance(duration: Duration): Promise<void> {
    return this.clock.advance(duration);
  }

  /** Lets time pass, second by second, until something is so; gives up after ten minutes. */
  async advanceUntil(isSo: () => boolean): Promise<void> {
    for (let second = 0; second < 600; second++) {
      if (isSo()) return;
      await this.advance(seconds(1));
    }
    throw new Error('advancing: it was not so within ten minutes');
  }

  jobs(status: JobStatus): number {
    return this.gitlab.jobCounts()[status] ?? 0;
  }

  /** Instances that cost money now. */
  alive(): readonly InstanceRecord[] {
    return this.ec2.instances().filter((record) => ['pending', 'running'].includes(stateOf(record)));
  }

  /** All instances ever bought, or those of one pool, as far as EC2 still lists them. */
  bought(pool?: string): number {
    const all = this.ec2.instances();
    return pool === undefined
      ? all.length
      : all.filter(({ tags }) => tags.get('runtide:pool') === pool).length;
  }

  managers(): number {
    return Object.values(this.#runners).reduce((sum, { id }) => sum + this.gitlab.managers(id).length, 0);
  }

  /** A machine with this system id speaks to GitLab as a manager of the pool's runner. */
  contact(pool: string, systemId: string): void {
    this.gitlab.verify({ token: this.#runners[pool]?.token ?? '', systemId });
  }

  /** Removes every manager, as an operator could do in GitLab's pages. */
  forgetManagers(): void {
    for (const { id, token } of Object.values(this.#runners)) {
      for (const { systemId } of this.gitlab.managers(id)) this.gitlab.removeManager({ token, systemId });
    }
  }

  /** The most instances that were alive at the same time. */
  get mostInstances(): number {
    return this.#mostInstances;
  }

  /** Seconds from being queued to being started, of every job that started. */
  waits(): readonly number[] {
    return this.gitlab
      .jobsOfProject(this.project)
      .flatMap(({ queuedAt, startedAt }) =>
        queuedAt === undefined || startedAt === undefined ? [] : [elapsed(queuedAt, startedAt) / 1000],
      );
  }

  eventsNamed<Name extends ControllerEvent['event']>(
    name: Name,
  ): readonly Extract<ControllerEvent, { event: Name }>[] {
    return eventsNamed(this.events, name);
  }
}
