import { type Duration, minutes } from '../../engine/time.ts';
import type { Autoscaler } from '../autoscaler.ts';
import type { SimulatedWorld } from '../world.ts';
import { Agents } from './agents.ts';
import { every } from './every.ts';
import { ScalingGroup } from './scaling-group.ts';

export interface MinutePollerSettings {
  /** From a reading until the alarm about it changes the group; default 1 min. */
  readonly alarmDelay?: Duration;
  /** For how long fewer machines must have been needed before any leaves; default 10 min. */
  readonly scaleInAfter?: Duration;
}

/** A Lambda function that counts pending and running jobs every minute, and alarms on its metric that resize a group. */
export function minutePoller(settings: MinutePollerSettings = {}): Autoscaler {
  const { alarmDelay = minutes(1), scaleInAfter = minutes(10) } = settings;
  return {
    name: 'minute-poller',
    about: `pending and running jobs each minute, alarm ${alarmDelay / 1000} s later, scale-in after ${scaleInAfter / 1000} s`,
    start: (world) => {
      const poller = new MinutePoller(world, alarmDelay, scaleInAfter);
      every(world, minutes(1), () => poller.read());
    },
  };
}

class MinutePoller {
  readonly #world: SimulatedWorld;
  readonly #alarmDelay: Duration;
  readonly #readings: number;
  readonly #agents: Agents;
  readonly #group: ScalingGroup;
  /** What was needed at the latest readings, the newest last. */
  #needed: readonly number[] = [];

  constructor(world: SimulatedWorld, alarmDelay: Duration, scaleInAfter: Duration) {
    this.#world = world;
    this.#alarmDelay = alarmDelay;
    this.#readings = Math.max(1, Math.round(scaleInAfter / minutes(1)));
    this.#agents = new Agents(world);
    this.#group = new ScalingGroup(world);
  }

  read(): void {
    const { pending = 0, running = 0 } = this.#world.gitlab.jobCounts();
    const needed = Math.ceil((pending + running) / this.#world.conditions.slots);
    this.#world.clock.after(this.#alarmDelay, () => this.#resize(needed));
  }

  #resize(needed: number): void {
    this.#needed = [...this.#needed, needed].slice(-this.#readings);
    const more = needed - this.#group.desired;
    if (more > 0) this.#group.grow(more);
    const spare = this.#needed.length < this.#readings ? 0 : this.#group.desired - Math.max(...this.#needed);
    if (spare <= 0) return;
    const idle = this.#agents.read().filter(({ phase }) => phase === 'idle');
    this.#group.drain(idle.slice(0, spare).map(({ id }) => id));
  }
}
