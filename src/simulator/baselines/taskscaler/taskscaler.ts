import type { Job } from '../../../adapters/memory/gitlab/job.ts';
import { TokenBucket } from '../../../adapters/memory/ec2/token-bucket.ts';
import { after, type Duration, milliseconds, minutes, seconds } from '../../../engine/time.ts';
import type { Autoscaler } from '../../autoscaler.ts';
import { failByRunner } from '../../cut-offs.ts';
import type { SimulatedWorld } from '../../world.ts';
import { type Executor, PollLoop, type PollSettings } from '../poll-loop.ts';
import { type Members, ScalingGroup } from '../scaling-group.ts';
import { runScript } from '../script.ts';
import { Ticks } from '../ticks.ts';
import { type CapacityInfo, requiredChange } from './capacity.ts';
import { freeSlots, type Instance, type InstanceLimits, isUsedUp, newInstance } from './instances.ts';

/** How often the scaler decides, as the times of its log lines show. */
const EVALUATES_EVERY = seconds(1);
/** Apart from the poll loop's ticks and from each other. */
const EVALUATION_PHASE = milliseconds(511);
const UPDATE_PHASE = milliseconds(257);
const LOOKOUT_PHASE = milliseconds(263);
/** A machine that cannot be reached so long after it runs is given up (`connector_config.timeout`). */
const CONNECT_TIMEOUT = minutes(10);
/** `instance_acquire_timeout` of 15 minutes, for each of the three times that an executor is prepared. */
const ACQUIRE_TIMEOUT = minutes(45);

/** The settings of `[runners.autoscaler]` and its one policy; those that are absent have gitlab-runner's defaults. */
export interface TaskscalerSettings extends PollSettings {
  /** `idle_count`, in slots. */
  readonly idleCount: number;
  /** `idle_time`; default 5 min. */
  readonly idleTime?: Duration;
  /** `preemptive_mode`: asks for no job without a free slot. Default: where the idle count is above 0. */
  readonly preemptive?: boolean;
  readonly scaleFactor?: number;
  readonly scaleFactorLimit?: number;
  /** `max_instances`; 0: no bound. */
  readonly maxInstances?: number;
  /** `capacity_per_instance`; default: the conditions' slots. */
  readonly capacityPerInstance?: number;
  /** `max_use_count`; default: the conditions', or 0 for no bound. */
  readonly maxUseCount?: number;
  /** `update_interval`; default 1 min. */
  readonly updateInterval?: Duration;
  /** `update_interval_when_expecting`; default 2 s. */
  readonly updateIntervalWhenExpecting?: Duration;
  /** `scale_throttle`, of instances: so many a second (default 100), and so many at once. */
  readonly scaleThrottle?: { readonly limit: number; readonly burst: number };
}

/**
 * gitlab-runner's docker-autoscaler over an Auto Scaling group, modelled: without long polls and reservation throttling.
 * One that keeps idle slots and yet asks for jobs beyond them is called eager.
 */
export function taskscaler(settings: TaskscalerSettings): Autoscaler {
  const { idleCount, idleTime = minutes(5), preemptive = idleCount > 0 } = settings;
  return {
    name: `taskscaler-${preemptive || idleCount === 0 ? 'idle' : 'eager'}-${idleCount}`,
    about: `docker-autoscaler, modelled: idle_count ${idleCount}, idle_time ${idleTime / 1000} s, ${preemptive ? 'preemptive' : 'not preemptive'}`,
    start: (world) => void new Taskscaler(world, settings),
  };
}

/** A job that was accepted and waits for a slot. */
interface Pending {
  readonly job: Job;
  readonly over: () => void;
  stopTimeout: () => void;
}

class Taskscaler implements Executor<'reserved'>, Members {
  readonly #world: SimulatedWorld;
  readonly #settings: TaskscalerSettings;
  readonly #limits: InstanceLimits;
  readonly #group: ScalingGroup;
  readonly #loop: PollLoop<'reserved'>;
  readonly #evaluations: Ticks;
  readonly #updates: Ticks;
  readonly #lookouts: Ticks;
  readonly #throttle: TokenBucket;
  /** In the order of their launch. */
  readonly #instances = new Map<string, Instance>();
  readonly #pending = new Set<Pending>();
  #reserved = 0;

  constructor(world: SimulatedWorld, settings: TaskscalerSettings) {
    const { clock, conditions } = world;
    const { updateInterval = minutes(1), updateIntervalWhenExpecting = seconds(2), ticking } = settings;
    this.#world = world;
    this.#settings = settings;
    this.#limits = {
      capacity: settings.capacityPerInstance ?? conditions.slots,
      maxUseCount: settings.maxUseCount ?? conditions.maxJobs ?? 0,
    };
    const { limit, burst } = settings.scaleThrottle ?? { limit: 100, burst: settings.maxInstances ?? 100 };
    this.#throttle = new TokenBucket({ perSecond: limit, capacity: burst > 0 ? burst : limit }, clock.now());
    this.#group = new ScalingGroup(world, this);
    const update = (): void => this.#update();
    const expect = (): void => this.#updateIfExpecting();
    this.#updates = new Ticks(clock, updateIntervalWhenExpecting, expect, ticking, UPDATE_PHASE);
    this.#lookouts = new Ticks(clock, updateInterval, update, ticking, LOOKOUT_PHASE);
    this.#evaluations = new Ticks(clock, EVALUATES_EVERY, () => this.#evaluate(), ticking, EVALUATION_PHASE);
    this.#loop = new PollLoop(world, settings, this);
    world.onBooted((id) => this.#booted(id));
    world.ec2.onStateChange(({ id, to }) => {
      if (to === 'running' || to === 'terminated') this.#isNow(id, to);
    });
  }

  acquire(): 'reserved' | undefined {
    const { idleCount, preemptive = idleCount > 0, maxInstances = 0 } = this.#settings;
    const potential = maxInstances > 0 ? maxInstances * this.#limits.capacity - this.#claimed() : Infinity;
    const available = this.#free() - this.#reserved;
    if (available <= 0 && (preemptive || potential <= 0)) return undefined;
    this.#reserved += 1;
    this.#evaluations.wake();
    return 'reserved';
  }

  release(): void {
    this.#reserved -= 1;
  }

  use(_place: 'reserved', job: Job, over: () => void): void {
    this.#reserved -= 1;
    const pending: Pending = { job, over, stopTimeout: () => undefined };
    this.#pending.add(pending);
    this.#assign();
    if (!this.#pending.has(pending)) return;
    pending.stopTimeout = this.#world.clock.after(ACQUIRE_TIMEOUT, () => {
      this.#pending.delete(pending);
      this.#fail(pending);
    });
  }

  due(): undefined {
    return undefined;
  }

  joined(id: string): void {
    this.#instances.set(id, newInstance(id, this.#world.clock.now()));
    this.#updates.wake();
  }

  /** Its connections break at once; that it is gone only an update tells. */
  lost(id: string): void {
    for (const script of this.#instances.get(id)?.scripts ?? []) script.cutOff();
  }

  #claimed(): number {
    let acquired = 0;
    for (const instance of this.#instances.values()) acquired += instance.acquired;
    return acquired + this.#pending.size + this.#reserved;
  }

  #free(): number {
    let free = 0;
    for (const instance of this.#instances.values()) free += freeSlots(instance, this.#limits);
    return free;
  }

  /** Gives jobs the first slot that is free, in the order of the instances; nobody looks whether they still live. */
  #assign(): void {
    for (const instance of this.#instances.values()) {
      for (let free = freeSlots(instance, this.#limits); free > 0; free--) {
        const [next] = this.#pending;
        if (next === undefined) return;
        this.#pending.delete(next);
        next.stopTimeout();
        this.#run(instance, next);
      }
    }
  }

  #run(instance: Instance, pending: Pending): void {
    if (!this.#world.isAlive(instance.id)) {
      this.#fail(pending);
      return;
    }
    instance.acquired += 1;
    instance.useCount += 1;
    const script = runScript(this.#world, pending.job, () => {
      instance.scripts.delete(script);
      instance.acquired -= 1;
      instance.idleSince = this.#world.clock.now();
      pending.over();
      this.#changed();
    });
    instance.scripts.add(script);
    this.#evaluations.wake();
  }

  #fail({ job, over }: Pending): void {
    failByRunner(this.#world, job);
    over();
    this.#changed();
  }

  #isNow(id: string, truth: Instance['truth']): void {
    const instance = this.#instances.get(id);
    if (instance === undefined) return;
    instance.truth = truth;
    this.#updates.wake();
    this.#lookouts.wake();
  }

  #updateIfExpecting(): void {
    for (const { state, seen } of this.#instances.values()) {
      if (state === 'deleting' || !seen) {
        this.#update();
        return;
      }
    }
  }

  /** What the plugin's `Update` finds: machines that run now, and machines that are gone. */
  #update(): void {
    for (const instance of this.#instances.values()) {
      if (instance.truth === 'terminated') this.#gone(instance);
      else if (!instance.seen && instance.truth === 'running') this.#running(instance);
    }
  }

  #gone({ id }: Instance): void {
    this.#instances.delete(id);
    this.#changed();
  }

  #running(instance: Instance): void {
    instance.seen = true;
    this.#readyUp(instance);
    if (instance.state === 'ready') return;
    this.#world.clock.after(CONNECT_TIMEOUT, () => {
      if (instance.state === 'creating') this.#delete(instance);
    });
  }

  #booted(id: string): void {
    const instance = this.#instances.get(id);
    if (instance === undefined) return;
    instance.booted = true;
    this.#readyUp(instance);
  }

  #readyUp(instance: Instance): void {
    if (!instance.seen || !instance.booted || instance.state !== 'creating') return;
    instance.state = 'ready';
    instance.idleSince = this.#world.clock.now();
    this.#changed();
  }

  #changed(): void {
    this.#assign();
    this.#loop.wake();
    this.#evaluations.wake();
  }

  #evaluate(): void {
    for (const instance of this.#instances.values()) {
      const idle = instance.state === 'ready' && instance.acquired === 0;
      if (idle && isUsedUp(instance, this.#limits)) this.#delete(instance);
    }
    const required = requiredChange(this.#info());
    if (required > 0) this.#grow(required);
    if (required < 0) this.#shrink(-required);
  }

  #grow(required: number): void {
    const now = this.#world.clock.now();
    let count = 0;
    while (count < required && this.#throttle.take(1, now)) count += 1;
    if (count > 0) this.#group.grow(count);
    if (count < required) this.#evaluations.wake();
  }

  #shrink(required: number): void {
    let left = required;
    for (const instance of this.#instances.values()) {
      if (left === 0 || instance.state !== 'ready' || instance.acquired > 0) continue;
      const end = after(instance.idleSince, milliseconds((this.#settings.idleTime ?? minutes(5)) + 1));
      if (end > this.#world.clock.now()) {
        this.#evaluations.wakeAt(end);
      } else {
        this.#delete(instance);
        left -= 1;
      }
    }
  }

  #delete(instance: Instance): void {
    instance.state = 'deleting';
    this.#group.end(instance.id);
    this.#evaluations.wake();
  }

  #info(): CapacityInfo {
    const { idleCount, scaleFactor = 0, scaleFactorLimit = 0, maxInstances = 0 } = this.#settings;
    let [deleting, acquired, unavailableCapacity] = [0, 0, 0];
    for (const instance of this.#instances.values()) {
      acquired += instance.acquired;
      if (instance.state === 'deleting') deleting += 1;
      else if (instance.acquired > 0 && isUsedUp(instance, this.#limits))
        unavailableCapacity += this.#limits.capacity - instance.acquired;
    }
    return {
      instanceCount: this.#group.desired,
      maxInstanceCount: maxInstances,
      deleting,
      acquired,
      unavailableCapacity,
      pending: this.#pending.size,
      reserved: this.#reserved,
      idleCount,
      scaleFactor,
      scaleFactorLimit,
      capacityPerInstance: this.#limits.capacity,
    };
  }
}
