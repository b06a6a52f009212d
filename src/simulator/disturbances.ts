import type { Disturbance } from './workload.ts';
import type { SimulatedWorld } from './world.ts';

/** Lets the workload's disturbances begin and end at their times, counted from now. */
export function disturb(world: SimulatedWorld): void {
  const { clock, workload } = world;
  const webhooks = new LostWebhooks(world);
  for (const disturbance of workload.disturbances ?? []) {
    const { at, lasts } = disturbance;
    clock.after(at, () => {
      const end = begin(disturbance, world, webhooks);
      clock.after(lasts, end);
    });
  }
}

/** The answer ends it. */
function begin(disturbance: Disturbance, { ec2 }: SimulatedWorld, webhooks: LostWebhooks): () => void {
  switch (disturbance.kind) {
    case 'webhooks lost':
      return webhooks.lose();
    case 'zone out':
      return ec2.loseZone(disturbance.zone);
    case 'no capacity':
      return ec2.faults.shortage({ code: 'InsufficientInstanceCapacity', market: disturbance.market });
    case 'spot interruptions':
      return ec2.interruptAtRandom(disturbance.perHour);
  }
}

/** Webhooks are lost until the last disturbance that loses them is over. */
class LostWebhooks {
  readonly #world: SimulatedWorld;
  #losers = 0;

  constructor(world: SimulatedWorld) {
    this.#world = world;
  }

  lose(): () => void {
    this.#count(1);
    return () => this.#count(-1);
  }

  #count(change: number): void {
    this.#losers += change;
    this.#world.webhooksLost = this.#losers > 0;
  }
}
