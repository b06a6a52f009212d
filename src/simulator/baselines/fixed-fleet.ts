import type { Autoscaler } from '../autoscaler.ts';
import { ScalingGroup } from './scaling-group.ts';

/** So many machines all the time. */
export function fixedFleet(count: number): Autoscaler {
  return {
    name: `fixed-${count}`,
    about: `${count} machines all the time`,
    start: (world) => {
      world.machines();
      new ScalingGroup(world).grow(count);
    },
  };
}
