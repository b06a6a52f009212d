import type { Disturbance } from './workload.ts';
import type { SimulatedWorld } from './world.ts';

/** Lets the disturbances of the workload happen in their time, to every autoscaler alike. */
export function disturb(world: SimulatedWorld): void {
  for (const disturbance of world.workload.disturbances ?? []) {
    world.clock.after(disturbance.at, () => {
      const end = begin(world, disturbance);
      world.clock.after(disturbance.lasts, end);
    });
  }
}

/** The answer ends it. */
function begin(world: SimulatedWorld, disturbance: Disturbance): () => void {
  const { ec2 } = world;
  switch (disturbance.kind) {
    case 'webhooks lost':
      return world.loseWebhooks();
    case 'zone out':
      return ec2.loseZone(disturbance.zone);
    case 'no capacity':
      return ec2.faults.shortage({ code: 'InsufficientInstanceCapacity', market: disturbance.market });
    case 'spot interruptions':
      return ec2.interruptAtRandom(disturbance.perHour);
  }
}
