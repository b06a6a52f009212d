import type { AutoScaling } from '../../src/adapters/memory/auto-scaling/auto-scaling.ts';
import type { AutoScalingOptions } from '../../src/adapters/memory/auto-scaling/auto-scaling-options.ts';
import type { VirtualClock } from '../../src/adapters/memory/clock.ts';
import type { Ec2 } from '../../src/adapters/memory/ec2/ec2.ts';
import type { Ec2Options } from '../../src/adapters/memory/ec2/ec2-options.ts';
import type {
  Fleet,
  Groups,
  JobRetrier,
  JobSource,
  NoticeSource,
  Store,
} from '../../src/controller/ports.ts';
import type { Controller, PassReport } from '../../src/controller/reconcile.ts';
import type { SecretStore } from '../../src/controller/registrations.ts';
import type { Concerns } from '../../src/controller/upkeep.ts';
import type { PoolPolicy } from '../../src/engine/pool.ts';
import type { Duration } from '../../src/engine/time.ts';
import type { World } from './world.ts';

/** How a world is, and where it is broken. */
export interface WorldOptions {
  readonly pools?: readonly PoolPolicy[];
  readonly seed?: number;
  readonly pollInterval?: Duration;
  readonly bootFor?: Duration;
  readonly listingLag?: Duration;
  /** How EC2 is, where it should differ: 5 s pending and 5 s shutting down for every machine. */
  readonly ec2?: Partial<Ec2Options>;
  /** Whether job webhooks reach the controller. */
  readonly webhooks?: boolean;
  /** What chores beside the passes have found wrong. */
  readonly concerns?: Concerns;
  /** Puts something between the controller and EC2, to break it there. */
  readonly fleet?: (fleet: Fleet) => Fleet;
  /** The same between the controller and what Auto Scaling groups are told. */
  readonly groups?: (groups: Groups) => Groups;
  /** How Auto Scaling is, where it should differ. */
  readonly autoScaling?: Partial<AutoScalingOptions>;
  readonly store?: (store: Store) => Store;
  /** Puts something between the controller and the tokens of single instances. */
  readonly secrets?: (secrets: SecretStore) => SecretStore;
  /** Where jobs are learned of; default: straight from the model of GitLab, of the one project. */
  readonly jobs?: (world: World) => JobSource;
  /** Where the controllers hear what the cloud announces; absent: nowhere. */
  readonly notices?: (around: {
    readonly ec2: Ec2;
    readonly autoScaling: AutoScaling;
    readonly clock: VirtualClock;
  }) => NoticeSource;
  /** Makes the controller retry lost jobs; what it is given does so for the one project. Absent: it does not. */
  readonly retrier?: (retrier: JobRetrier) => JobRetrier;
  /** Whether pools drain instances that are likely to be taken; default: they do. */
  readonly heedsRebalance?: boolean;
}

/** Which controller process is started: several installations may share the account. */
export interface RunOptions {
  readonly installation?: string;
  /** Of the groups of its pools, by pool; default: names of its own. */
  readonly groupNames?: Readonly<Record<string, string>>;
  /** Names of its pools; default: all. */
  readonly pools?: readonly string[];
}

/** One run of a controller process. */
export interface Run {
  readonly controller: Controller;
  readonly reports: readonly PassReport[];
  readonly abort: AbortController;
  readonly ended: Promise<void>;
}
