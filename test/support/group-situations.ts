import fc from 'fast-check';
import type { GroupReading, Membership } from '../../src/engine/group.ts';
import type { HookHistory } from '../../src/engine/history.ts';
import type { FleetPolicy, PoolPolicy } from '../../src/engine/pool.ts';
import { minutes } from '../../src/engine/time.ts';
import { ago, OFFERING } from './observations.ts';

/** Where an instance may stand with a group; mostly it is in none. */
export const anyMembership: fc.Arbitrary<Membership | undefined> = fc.constantFrom<Membership | undefined>(
  undefined,
  undefined,
  undefined,
  { group: 'g' },
  { group: 'g' },
  { group: 'g', hook: 'launch' },
  { group: 'g', hook: 'termination' },
  { group: 'g', retained: true },
  { group: 'g', ending: true },
);

/** How a pool may have a group; mostly it has none. */
export const anyGroupPolicy: fc.Arbitrary<PoolPolicy['group']> = fc.constantFrom(undefined, undefined, {
  heartbeat: minutes(60),
});

/** What passes remember of a group that waits at the hook of a member. */
export function hookHistoryOf(membership: Membership | undefined): HookHistory | undefined {
  if (membership?.hook === undefined) return undefined;
  return { transition: membership.hook, since: ago(minutes(30)), beatAt: ago(minutes(25)) };
}

const SHORT = { code: 'InsufficientInstanceCapacity', message: 'none', offerings: [OFFERING] };
const WRONG = { code: 'LaunchFailed', message: 'wrong' };

function anyReading({ name, max, surge }: PoolPolicy): fc.Arbitrary<readonly GroupReading[]> {
  return fc
    .record({
      ordered: fc.integer({ min: 0, max: 4 }),
      failure: fc.constantFrom(undefined, undefined, SHORT, WRONG),
      min: fc.constantFrom(0, 0, 0, 2),
      less: fc.constantFrom(0, 0, 0, 3),
    })
    .map(({ ordered, failure, min, less }) => [
      {
        pool: name,
        group: `group-of-${name}`,
        min,
        max: Math.max(min, max + surge - less),
        desired: ordered,
        ordered,
        ...(ordered > 0 && failure !== undefined && { failure }),
      },
    ]);
}

/** What groups of the policy's pools may say. */
export function anyReadings({ pools }: FleetPolicy): fc.Arbitrary<Readonly<Record<string, GroupReading>>> {
  const none: fc.Arbitrary<readonly GroupReading[]> = fc.constant([]);
  return fc
    .tuple(...pools.map((pool) => (pool.group === undefined ? none : anyReading(pool))))
    .map((lists) => Object.fromEntries(lists.flat().map((reading) => [reading.pool, reading])));
}
