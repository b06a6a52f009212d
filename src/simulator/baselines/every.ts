import type { Duration } from '../../engine/time.ts';
import type { SimulatedWorld } from '../world.ts';

/** Runs `act` at a fixed interval, as a schedule does, from one interval after now on. */
export function every({ clock }: Pick<SimulatedWorld, 'clock'>, interval: Duration, act: () => void): void {
  clock.after(interval, () => {
    act();
    every({ clock }, interval, act);
  });
}
