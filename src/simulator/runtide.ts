import { MemoryFleet } from '../adapters/memory/fleet.ts';
import { defaultPlace } from '../adapters/memory/ec2/place.ts';
import { MemoryJobSource } from '../adapters/memory/job-source.ts';
import { MemoryLease } from '../adapters/memory/lease.ts';
import { MemoryRunnerRegistry } from '../adapters/memory/runner-registry.ts';
import { MemoryDisk, MemoryStore } from '../adapters/memory/store.ts';
import { Controller } from '../controller/reconcile.ts';
import type { FleetPolicy, Offering, PoolPolicy } from '../engine/pool.ts';
import { type Duration, minutes, seconds } from '../engine/time.ts';
import type { Autoscaler } from './autoscaler.ts';
import type { Conditions } from './conditions.ts';
import { PassLoop } from './pass-loop.ts';
import { IMAGE, INSTALLATION, POOL, type SimulatedWorld } from './world.ts';

/** Runtide itself, as it is simulated. */
export interface RuntideOptions {
  readonly name: string;
  readonly about: string;
  /** What is wanted; made when the conditions are known, because they say what can be bought. */
  readonly policy: (world: SimulatedWorld) => FleetPolicy;
  /** How often everything is read. */
  readonly pollInterval: Duration;
  /** Whether job webhooks wake it. */
  readonly webhooks: boolean;
  /** Whether sweeps that would change nothing are left out; absent: they are. */
  readonly leavesOut?: boolean;
}

/** No source ever fails here, and a sweep that is left out would have read the same. */
const ALWAYS_FRESH = minutes(24 * 60);
const LEASE = minutes(10);
const CALL_TIMEOUT = seconds(10);

/** The real controller over the simulated world: every decision is one that Runtide would make. */
export function runtide(options: RuntideOptions): Autoscaler {
  const { name, about } = options;
  return { name, about, start: (world) => start(world, options) };
}

function start(world: SimulatedWorld, options: RuntideOptions): void {
  const { policy: policyFor, pollInterval, webhooks, leavesOut } = options;
  const { clock, ec2, gitlab } = world;
  const policy = policyFor(world);
  const pools = policy.pools.map(
    ({ name, tags, runUntagged }) => [name, world.runner(name, tags, runUntagged)] as const,
  );
  const disk = new MemoryDisk();
  const loop = new PassLoop({
    clock,
    pollInterval,
    policy,
    ...(leavesOut !== undefined && { leavesOut }),
    pass: (wake, signal) => controller.pass(wake, signal),
  });
  const controller = new Controller({
    clock,
    jobs: new MemoryJobSource({ gitlab, projects: world.projects() }),
    runners: new MemoryRunnerRegistry({ gitlab, pools: Object.fromEntries(pools) }),
    fleet: new MemoryFleet({ ec2, installation: INSTALLATION, imageId: IMAGE }),
    store: new MemoryStore(disk, { shares: true, keepsIntents: minutes(10) }),
    lease: new MemoryLease(disk, { owner: 'simulated' }),
    recorder: { record: () => undefined },
    policy: () => policy,
    freshFor: () => ALWAYS_FRESH,
    leaseFor: () => LEASE,
    callTimeout: () => CALL_TIMEOUT,
  });
  world.machines(pools.map(([name]) => name));
  // A machine that ends with its job may come and go between two sweeps: then it is the webhook that tells of it.
  const telling = policy.pools.some((pool) => pool.maxJobs !== undefined)
    ? ['pending', 'running']
    : ['pending'];
  gitlab.onJobEvent(({ job }) => {
    // Who begins a job, or waits for one, is found by the pass that has to know.
    if (job.status !== 'running' && job.status !== 'created') loop.changed();
    // What other webhooks tell changes nothing that the next sweep does not find as well: those need no pass here.
    if (webhooks && !world.webhooksLost && telling.includes(job.status))
      loop.wake({ project: job.project, pipeline: job.pipeline });
  });
  ec2.onStateChange(() => loop.changed());
  ec2.onNotice(() => loop.changed());
  world.onReady(() => loop.changed());
  loop.start();
}

/** What can be bought under the conditions, as a pool names it. */
export function offeringsOf({ offerings }: Conditions): readonly Offering[] {
  return offerings.map(({ instanceType, zone, market, price }) => {
    const subnet = defaultPlace.subnets.find((one) => one.zone === zone)?.id;
    return { instanceType, market, price, ...(subnet !== undefined && { subnet }) };
  });
}

/** How many instances the one pool of a comparison may have: more than any workload needs. */
const PLENTY = 5000;

/** One pool for all jobs, whose instances leave after so long without a job, and which keeps so many slots free. */
export function onePool(
  world: SimulatedWorld,
  { idleTime, idleSlots }: { readonly idleTime: Duration; readonly idleSlots: number },
): PoolPolicy {
  const { conditions } = world;
  const { slots, maxJobs } = conditions;
  const offerings = offeringsOf(conditions);
  return {
    name: POOL,
    tags: world.tags(),
    runUntagged: true,
    slots,
    ...(maxJobs !== undefined && { maxJobs }),
    min: 0,
    max: PLENTY,
    surge: 0,
    minAvailable: 0,
    idle: { slots: idleSlots, time: idleTime },
    cooldown: seconds(0),
    bootTimeout: minutes(10),
    generation: 'simulated',
    offerings,
    split: {
      onDemandBase: 0,
      spotShare: offerings.some(({ market }) => market === 'spot') ? 1 : 0,
      onDemandFallback: true,
    },
    place: 'simulated',
  };
}

/** Reactive: buys for what waits, keeps what it has bought for a while, and, where asked, some slots free. */
export function reactive(
  settings: { readonly idleTime: Duration; readonly idleSlots: number },
  name = 'runtide',
): Autoscaler {
  const { idleTime, idleSlots } = settings;
  const kept = idleSlots === 0 ? '' : `, ${idleSlots} slots kept free`;
  return runtide({
    name,
    about: `Runtide: queue-driven, idle instances leave after ${idleTime / 1000} s${kept}`,
    policy: (world) => ({
      pools: [onePool(world, settings)],
      unservedAfter: minutes(2),
      orphanGrace: minutes(2),
      drainAlarm: minutes(2),
    }),
    pollInterval: seconds(30),
    webhooks: true,
  });
}
