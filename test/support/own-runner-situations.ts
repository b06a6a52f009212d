import fc from 'fast-check';
import type { Enrolled } from '../../src/engine/instance.ts';
import type { Observation } from '../../src/engine/observation.ts';
import { seconds } from '../../src/engine/time.ts';
import { ago } from './observations.ts';

/** A runner that an instance has for itself, which may be gone. */
export type OwnRunner = Enrolled & { readonly pool: string; readonly instance: string };

/** Any such runner of one of the pools. */
export const anyOwnRunner = (pools: readonly string[]): fc.Arbitrary<OwnRunner> =>
  fc
    .record({
      pool: fc.constantFrom(...pools),
      instance: fc.constantFrom('i-0', 'i-1', 'i-2', 'i-gone'),
      whole: fc.boolean(),
      age: fc.integer({ min: 0, max: 600 }),
    })
    .map(({ age, ...rest }) => ({ ...rest, since: ago(seconds(age)) }));

/** These runners, as an observation has them. */
export function enrolledOf(
  pools: readonly string[],
  own: readonly OwnRunner[],
): NonNullable<Observation['enrolled']> {
  return Object.fromEntries(
    pools.map((name) => [
      name,
      new Map(
        own
          .filter(({ pool }) => pool === name)
          .map(({ instance, since, whole }) => [instance, { since, whole }]),
      ),
    ]),
  );
}
