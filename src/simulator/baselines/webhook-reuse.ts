import { type Duration, elapsed, milliseconds, minutes, seconds } from '../../engine/time.ts';
import type { Autoscaler } from '../autoscaler.ts';
import type { SimulatedWorld } from '../world.ts';
import { type Agent, Agents } from './agents.ts';
import { every } from './every.ts';

/** Its variables; the defaults are those of terraform-aws-github-runner. */
export interface WebhookReuseSettings {
  /** `delay_webhook_event`, in which a free machine may take the job; default 30 s. */
  readonly delay?: Duration;
  /** `scale_down_schedule_expression`; default every 5 min. */
  readonly sweepEvery?: Duration;
  /** `minimum_running_time_in_minutes`, in which a machine is not ended; default 5 min. */
  readonly minimumRunningTime?: Duration;
  /** `runner_boot_time_in_minutes`, after which a machine that has not registered is ended; default 5 min. */
  readonly bootTime?: Duration;
  /** How long its scale-up function, of which one runs at a time, takes for one job; default 500 ms (its issue 3824 says 3 to 5 s). */
  readonly launchTime?: Duration;
}

/** When a message that failed is tried again. */
const VISIBILITY_TIMEOUT = seconds(30);

/** terraform-aws-github-runner with machines that are used again: a delayed message a job, and a sweep that ends idle ones. */
export function webhookReuse(settings: WebhookReuseSettings = {}): Autoscaler {
  const { delay = seconds(30), sweepEvery = minutes(5) } = settings;
  return {
    name: 'webhook-reuse',
    about: `a machine for each job that still waits after ${delay / 1000} s, idle ones end every ${sweepEvery / 1000} s`,
    start: (world) => {
      const webhook = new WebhookReuse(world, settings);
      world.gitlab.onJobEvent(({ job: { id, status } }) => {
        if (status === 'pending' && !world.webhooksLost) webhook.send(id, delay);
      });
      every(world, sweepEvery, () => webhook.sweep());
    },
  };
}

class WebhookReuse {
  readonly #world: SimulatedWorld;
  readonly #launchTime: Duration;
  readonly #minimumRunningTime: Duration;
  readonly #bootTime: Duration;
  readonly #agents: Agents;
  /** Jobs whose messages wait for the scale-up function. */
  readonly #messages: number[] = [];
  #runs = false;

  constructor(world: SimulatedWorld, settings: WebhookReuseSettings) {
    this.#world = world;
    this.#launchTime = settings.launchTime ?? milliseconds(500);
    this.#minimumRunningTime = settings.minimumRunningTime ?? minutes(5);
    this.#bootTime = settings.bootTime ?? minutes(5);
    this.#agents = new Agents(world);
  }

  send(job: number, delay: Duration): void {
    this.#world.clock.after(delay, () => {
      this.#messages.push(job);
      if (!this.#runs) this.#scaleUp();
    });
  }

  /** Ends idle machines that have run for a while, and those that never registered. */
  sweep(): void {
    this.#world.drain(this.#olderThan(this.#minimumRunningTime, 'idle'));
    this.#world.end(this.#olderThan(this.#bootTime, 'booting'));
  }

  #olderThan(age: Duration, wanted: Agent['phase']): readonly string[] {
    const { clock, ec2 } = this.#world;
    const old = this.#agents.read().filter(({ id, phase }) => {
      const launchedAt = ec2.instance(id)?.launchedAt ?? clock.now();
      return phase === wanted && elapsed(launchedAt, clock.now()) > age;
    });
    return old.map(({ id }) => id);
  }

  #scaleUp(): void {
    let job = this.#messages.shift();
    while (job !== undefined && this.#world.gitlab.job(job)?.status !== 'pending')
      job = this.#messages.shift();
    this.#runs = job !== undefined;
    if (job === undefined) return;
    if (this.#world.buy(1).ids.length === 0) this.send(job, VISIBILITY_TIMEOUT);
    this.#world.clock.after(this.#launchTime, () => this.#scaleUp());
  }
}
