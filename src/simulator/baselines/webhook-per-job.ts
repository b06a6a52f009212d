import { type Duration, milliseconds } from '../../engine/time.ts';
import type { Autoscaler } from '../autoscaler.ts';
import type { SimulatedWorld } from '../world.ts';

/** EC2 refills a token for a launch call in that time, so that launches queue for it. */
const BETWEEN_LAUNCHES: Duration = milliseconds(500);

/** A machine of its own for each job that a webhook tells of, in a call of its own; it ends with the job. */
export function webhookPerJob(): Autoscaler {
  return {
    name: 'webhook-per-job',
    about: 'a webhook for each job launches a machine for it alone',
    start: (world) => {
      world.machines();
      const launches = new LaunchQueue(world);
      world.gitlab.onJobEvent(({ job }) => {
        if (job.status === 'pending' && !world.webhooksLost) launches.add();
      });
    },
  };
}

/** Launches one by one; once EC2 has refused a call, only as fast as it lets the account call. */
class LaunchQueue {
  readonly #world: SimulatedWorld;
  #missing = 0;
  #isPaced = false;

  constructor(world: SimulatedWorld) {
    this.#world = world;
  }

  add(): void {
    this.#missing += 1;
    if (!this.#isPaced && !this.#launch()) this.#pace();
  }

  /** False where EC2 refuses. */
  #launch(): boolean {
    const launched = this.#world.buy(1, 1).ids.length;
    this.#missing -= launched;
    return launched > 0;
  }

  #pace(): void {
    this.#isPaced = this.#missing > 0;
    if (!this.#isPaced) return;
    this.#world.clock.after(BETWEEN_LAUNCHES, () => {
      this.#launch();
      this.#pace();
    });
  }
}
