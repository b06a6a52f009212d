import { after, type Duration, earlier, elapsed, type Instant, minutes, seconds } from '../../engine/time.ts';
import type { Autoscaler } from '../autoscaler.ts';
import type { SimulatedWorld } from '../world.ts';
import { type Agent, Agents } from './agents.ts';

/** What EC2 refused is tried again so soon. */
const RETRY_AFTER = seconds(1);
/** The standard boot that is billed: where a restart costs as much as waiting on. */
const BILLED_BOOT = seconds(28);
/** A machine that has not asked for a job so long after its launch never will. */
const BOOT_TIMEOUT = minutes(10);

export interface KeepAliveSettings {
  /** How long a machine stays idle; default 28 s, what its next boot would cost. */
  readonly idleTime?: Duration;
}

/** Ski rental: a machine for each queued job beyond what is free and what boots; an idle one ends after a fixed time. */
export function keepAlive({ idleTime = BILLED_BOOT }: KeepAliveSettings = {}): Autoscaler {
  const count = idleTime / 1000;
  return {
    name: idleTime === BILLED_BOOT ? 'keep-alive' : `keep-alive-${count}`,
    about: `a machine for each queued job beyond free and booting ones; idle ones end after ${count} s`,
    start: (world) => void new KeepAlive(world, idleTime),
  };
}

class KeepAlive {
  readonly #world: SimulatedWorld;
  readonly #idleTime: Duration;
  readonly #agents: Agents;
  /** Jobs that wait, whether or not a webhook told of them. */
  readonly #pending = new Set<number>();
  #next: Instant | undefined;
  #cancel: () => void = () => undefined;

  constructor(world: SimulatedWorld, idleTime: Duration) {
    this.#world = world;
    this.#idleTime = idleTime;
    this.#agents = new Agents(world);
    world.gitlab.onJobEvent(({ at, job }) => {
      if (job.status === 'pending') this.#pending.add(job.id);
      else this.#pending.delete(job.id);
      // One that starts leaves as much room as before for those that still wait.
      if (job.status !== 'running' && !world.webhooksLost) this.#lookAt(at);
    });
    world.onReady(() => this.#lookAt(world.clock.now()));
    world.ec2.onStateChange(({ to, at }) => {
      if (to === 'shutting-down') this.#lookAt(at);
    });
  }

  #lookAt(at: Instant): void {
    if (this.#next !== undefined && this.#next <= at) return;
    this.#cancel();
    this.#next = at;
    this.#cancel = this.#world.clock.after(elapsed(this.#world.clock.now(), at), () => this.#look());
  }

  #look(): void {
    this.#next = undefined;
    const { clock } = this.#world;
    const agents = this.#withoutFailed(this.#agents.read());
    if (!this.#launch(agents)) this.#lookAt(after(clock.now(), RETRY_AFTER));
    this.#endIdle(agents);
  }

  /** Ends those that never became ready. */
  #withoutFailed(agents: readonly Agent[]): readonly Agent[] {
    const { clock, ec2 } = this.#world;
    const failed = agents.filter(({ id, phase }) => {
      const launchedAt = ec2.instance(id)?.launchedAt ?? clock.now();
      return phase === 'booting' && elapsed(launchedAt, clock.now()) >= BOOT_TIMEOUT;
    });
    if (!this.#world.end(failed.map(({ id }) => id))) this.#lookAt(after(clock.now(), RETRY_AFTER));
    const left = agents.filter((agent) => !failed.includes(agent));
    for (const { id, phase } of left) {
      const launchedAt = ec2.instance(id)?.launchedAt ?? clock.now();
      if (phase === 'booting') this.#lookAt(after(launchedAt, BOOT_TIMEOUT));
    }
    return left;
  }

  /** False where EC2 gave too few. */
  #launch(agents: readonly Agent[]): boolean {
    const { slots } = this.#world.conditions;
    const room = agents.reduce((sum, { phase, jobs }) => sum + (phase === 'leaving' ? 0 : slots - jobs), 0);
    const missing = Math.ceil((this.#pending.size - room) / slots);
    return missing <= 0 || this.#world.buy(missing).ids.length === missing;
  }

  #endIdle(agents: readonly Agent[]): void {
    const now = this.#world.clock.now();
    const idle = agents.filter(({ phase }) => phase === 'idle');
    const ends = idle.map(({ idleSince }) => after(idleSince, this.#idleTime));
    const over = idle.filter((_agent, index) => (ends[index] ?? now) <= now).map(({ id }) => id);
    if (!this.#world.drain(over)) this.#lookAt(after(now, RETRY_AFTER));
    const next = ends
      .filter((end) => end > now)
      .reduce<Instant | undefined>(
        (first, end) => (first === undefined ? end : earlier(first, end)),
        undefined,
      );
    if (next !== undefined) this.#lookAt(next);
  }
}
