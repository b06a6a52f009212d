import { after, type Duration, type Instant, minutes } from '../../engine/time.ts';
import type { Autoscaler } from '../autoscaler.ts';
import type { SimulatedWorld } from '../world.ts';
import { Agents } from './agents.ts';
import { every } from './every.ts';
import { ScalingGroup } from './scaling-group.ts';

/** The parameters of its template. */
export interface AwsSampleSettings {
  /** `CountOfNewJobsBeforeScaling`; default 2. */
  readonly newJobs?: number;
  /** `MinSize`; default 1. */
  readonly min?: number;
  /** `MaxSize`; default: no bound, where the template has 6. */
  readonly max?: number;
  /** `ScaleInCoolDownInSeconds`, since the last change of the group; default 600 s. */
  readonly coolDown?: Duration;
}

/**
 * AWS's sample (aws-samples/amazon-ec2-gitlab-runner): every minute a Lambda function asks the runners how many jobs they
 * run, and wants room for so many and a few new ones. Kinder than the original, which lets its group drain the oldest
 * machines whatever they run: only idle ones leave.
 */
export function awsSample(settings: AwsSampleSettings = {}): Autoscaler {
  const { newJobs = 2, coolDown = minutes(10) } = settings;
  return {
    name: `aws-sample-${newJobs}`,
    about: `AWS’s sample: each minute the running jobs and ${newJobs}; scale-in ${coolDown / 1000} s after a change, of idle machines`,
    start: (world) => {
      const sample = new AwsSample(world, settings);
      sample.run();
      every(world, minutes(1), () => sample.run());
    },
  };
}

/** How many machines the function wants; `slots`: its `Concurrent`. */
export function wantedMachines(
  jobs: number,
  newJobs: number,
  slots: number,
  min: number,
  max: number,
): number {
  return Math.min(Math.max(Math.ceil((jobs + newJobs) / slots), min), max);
}

class AwsSample {
  readonly #world: SimulatedWorld;
  readonly #settings: AwsSampleSettings;
  readonly #agents: Agents;
  readonly #group: ScalingGroup;
  #coolsUntil: Instant;

  constructor(world: SimulatedWorld, settings: AwsSampleSettings) {
    this.#world = world;
    this.#settings = settings;
    this.#agents = new Agents(world);
    this.#group = new ScalingGroup(world);
    this.#coolsUntil = world.clock.now();
  }

  run(): void {
    const { newJobs = 2, min = 1, max = Infinity } = this.#settings;
    const agents = this.#agents.read().filter(({ phase }) => phase !== 'leaving');
    const jobs = agents.reduce((sum, agent) => sum + agent.jobs, 0);
    const wanted = wantedMachines(jobs, newJobs, this.#world.conditions.slots, min, max);
    const more = wanted - this.#group.desired;
    if (more > 0) this.#group.grow(more);
    const cools = this.#world.clock.now() < this.#coolsUntil;
    const leaving = more < 0 && !cools ? agents.filter(({ phase }) => phase === 'idle').slice(0, -more) : [];
    this.#group.drain(leaving.map(({ id }) => id));
    if (more > 0 || leaving.length > 0)
      this.#coolsUntil = after(this.#world.clock.now(), this.#settings.coolDown ?? minutes(10));
  }
}
