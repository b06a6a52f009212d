import { type Random, seededRandom } from '../src/adapters/memory/random.ts';
import { emptyHistory, type History, type InstanceHistory } from '../src/engine/history.ts';
import type { Instance, Manager } from '../src/engine/instance.ts';
import type { HeldJob, KindDemand } from '../src/engine/job.ts';
import type { Part } from '../src/engine/observation.ts';
import type { FleetPolicy, Offering, PoolPolicy } from '../src/engine/pool.ts';
import type { Readings } from '../src/engine/remember.ts';
import { type Instant, instant, minutes, seconds } from '../src/engine/time.ts';

/** How large a fleet is, and how much waits for it. */
export interface FleetSize {
  readonly pools: number;
  readonly instances: number;
  readonly kinds: number;
  readonly pending: number;
}

/** A fleet in the middle of its work: what a pass has read, and what it remembers. */
export interface LargeFleet {
  readonly policy: FleetPolicy;
  readonly readings: Readings;
  readonly history: History;
}

const NOW = instant(Date.UTC(2026, 0, 5, 8));
const SLOTS = 4;
const SPOT: Offering = { instanceType: 'm7i.xlarge', subnet: 'subnet-a', market: 'spot' };
/** Four types in three zones on both markets. */
const OFFERINGS: readonly Offering[] = ['m7i.xlarge', 'm7a.xlarge', 'm6i.xlarge', 'm6a.xlarge'].flatMap(
  (instanceType) =>
    ['subnet-a', 'subnet-b', 'subnet-c'].flatMap((subnet) => [
      { instanceType, subnet, market: 'spot' as const },
      { instanceType, subnet, market: 'on-demand' as const },
    ]),
);

function ago(random: Random, longest: number): Instant {
  return instant(NOW - Math.floor(random() * longest));
}

/** Each pool serves the tags of its own and what all have in common; every fourth serves untagged jobs. */
function poolOf(index: number, instances: number): PoolPolicy {
  return {
    name: `pool-${index}`,
    tags: ['docker', 'linux', `team-${index}`],
    runUntagged: index % 4 === 0,
    slots: SLOTS,
    min: 1,
    max: instances * 2,
    surge: 5,
    minAvailable: 1,
    idle: { slots: 8, time: minutes(5) },
    cooldown: seconds(30),
    bootTimeout: minutes(10),
    maxAge: minutes(24 * 60),
    generation: 'g2',
    offerings: OFFERINGS,
    split: { onDemandBase: 2, spotShare: 0.8, onDemandFallback: true },
  };
}

interface Machine {
  readonly instance: Instance;
  readonly manager?: Manager;
  readonly remembered: InstanceHistory;
  readonly held: number;
}

/** Of ten machines six run jobs, two have just become idle, one boots and one drains; some have drifted. */
function machineOf(index: number, pools: number, random: Random): Machine {
  const id = `i-${index.toString(16).padStart(17, '0')}`;
  const pool = `pool-${index % pools}`;
  const life = Math.floor(random() * 10);
  const launchedAt = ago(random, minutes(300));
  const [offering = SPOT] = OFFERINGS.slice(Math.floor(random() * OFFERINGS.length));
  const instance: Instance = {
    id,
    pool,
    launchId: `${pool}-${Math.floor(index / 50)}`,
    state: 'running',
    launchedAt,
    slots: SLOTS,
    generation: random() < 0.05 ? 'g1' : 'g2',
    offering,
    ...(life === 9 && { drain: { because: 'idle' as const, at: ago(random, seconds(90)) } }),
  };
  if (life === 8) return { instance, held: 0, remembered: { pool, bootedFor: seconds(20) } };
  const held = life < 6 ? 1 + Math.floor(random() * SLOTS) : 0;
  const idleSince = ago(random, seconds(90));
  return {
    instance,
    held,
    manager: { systemId: `r_${id}`, instance: id, firstSeenAt: launchedAt, active: held > 0 },
    remembered: { pool, bootedFor: seconds(40), readyAt: launchedAt, ...(held === 0 && { idleSince }) },
  };
}

/** Half of the kinds fit every pool, the others the pool of their team. */
function kindsOf({ kinds, pending, pools }: FleetSize, random: Random): readonly KindDemand[] {
  let id = 1_000_000;
  return Array.from({ length: kinds }, (_, index) => {
    const tags = index % 2 === 0 ? ['docker', 'linux'] : ['linux', `team-${index % pools}`];
    const share = Math.floor(pending / kinds) + (index < pending % kinds ? 1 : 0);
    return {
      kind: { project: index, tags },
      pending: Array.from({ length: share }, () => ({ id: id++, queuedAt: ago(random, minutes(30)) })),
    };
  });
}

function fresh<T>(value: T): Part<T> {
  return { known: true, value, readAt: NOW, freshFor: seconds(45) };
}

/** Makes the fleet of a seed. */
export function largeFleet(size: FleetSize, seed: number): LargeFleet {
  const random = seededRandom(seed);
  const pools = Array.from({ length: size.pools }, (_, index) =>
    poolOf(index, Math.ceil(size.instances / size.pools)),
  );
  const machines = Array.from({ length: size.instances }, (_, index) => machineOf(index, size.pools, random));
  const held = machines.flatMap(({ instance, held: count }) =>
    Array.from({ length: count }, (): HeldJob => ({ id: 0, project: 1, instance: instance.id })),
  );
  const managers = Map.groupBy(machines, ({ instance }) => instance.pool);
  return {
    policy: { pools, unservedAfter: minutes(2), orphanGrace: minutes(2), drainAlarm: minutes(2) },
    readings: {
      now: NOW,
      jobs: fresh({
        demand: kindsOf(size, random),
        held: held.map((job, id) => ({ ...job, id })),
        later: 0,
      }),
      managers: Object.fromEntries(
        pools.map(({ name }) => [
          name,
          fresh((managers.get(name) ?? []).flatMap(({ manager }) => manager ?? [])),
        ]),
      ),
      instances: fresh(machines.map(({ instance }) => instance)),
      unanswered: [],
    },
    history: {
      ...emptyHistory(instant(NOW - seconds(15))),
      instances: Object.fromEntries(machines.map(({ instance, remembered }) => [instance.id, remembered])),
    },
  };
}
