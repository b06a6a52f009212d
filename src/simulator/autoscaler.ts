import type { SimulatedWorld } from './world.ts';

/**
 * Something that buys and ends machines in the simulated world. It may use only what its original could see: what it
 * reads of GitLab and EC2, and when.
 */
export interface Autoscaler {
  /** As reports name it, such as `taskscaler-idle-5`. */
  readonly name: string;
  /** What reports say beside the name: its settings, and whether it is exact or modelled. */
  readonly about: string;
  /** Sets itself up before the first pipeline comes; from then on its own timers and listeners drive it. */
  start(world: SimulatedWorld): void | Promise<void>;
}
