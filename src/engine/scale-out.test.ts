import { expect, it } from 'vitest';
import { aPool, ago, NOW } from '../../test/support/observations.ts';
import { scaleOut, type ScaleOutInput } from './scale-out.ts';
import { after, seconds } from './time.ts';

/** How many are launched, and what holds back the rest. */
function scaledOut(over: Partial<ScaleOutInput>): readonly [number, ...string[]] {
  const { count, holds } = scaleOut({
    pool: aPool({ max: 5, surge: 1 }),
    desired: 0,
    live: 0,
    leaving: 0,
    history: undefined,
    instancesFresh: true,
    now: NOW,
    ...over,
  });
  return [count, ...holds.map(({ what, because }) => `${what}: ${because}`)];
}

const retryAt = after(NOW, seconds(7.1));
const BLIND = 'launch: the instances could not be read: buying blind could buy twice';

it.each<[string, readonly unknown[], readonly unknown[]]>([
  ['nothing is missing', scaledOut({ desired: 2, live: 2 }), [0]],
  ['there are too many', scaledOut({ desired: 2, live: 4 }), [0]],
  ['all that is missing, at once', scaledOut({ desired: 5, live: 1 }), [4]],
  [
    'not before there is a runner to serve',
    scaledOut({ desired: 3, pool: aPool({ max: 5, surge: 1, awaits: 'its runner is missing' }) }),
    [0, 'launch: its runner is missing'],
  ],
  ['instances not freshly read', scaledOut({ desired: 3, instancesFresh: false }), [0, BLIND]],
  [
    'nothing to say where nothing is missing',
    scaledOut({ live: 1, instancesFresh: false, history: { setbacks: 3, retryAt } }),
    [0],
  ],
  [
    'after setbacks',
    scaledOut({ desired: 3, history: { setbacks: 3, retryAt } }),
    [0, 'launch: 3 failed launches or boots in a row: trying again in 8 s'],
  ],
  [
    'after setbacks, when the wait is over',
    scaledOut({ desired: 3, history: { setbacks: 3, retryAt: NOW } }),
    [3],
  ],
  [
    'after setbacks that need no wait',
    scaledOut({ desired: 3, history: { setbacks: 0, lastScaledAt: ago(seconds(1)) } }),
    [3],
  ],
  ['surge is room for replacements', scaledOut({ desired: 5, live: 4, leaving: 1 }), [1]],
  [
    'less room than is missing',
    scaledOut({ desired: 5, live: 2, leaving: 2 }),
    [2, 'launch: draining instances (2) still count towards max + surge (5 + 1)'],
  ],
  [
    'no room',
    scaledOut({ desired: 5, live: 3, leaving: 3 }),
    [0, 'launch: draining instances (3) still count towards max + surge (5 + 1)'],
  ],
  [
    'less than no room',
    scaledOut({ desired: 5, live: 4, leaving: 9 }),
    [0, 'launch: draining instances (9) still count towards max + surge (5 + 1)'],
  ],
  [
    'no surge',
    scaledOut({ pool: aPool({ max: 5, surge: 0 }), desired: 5, live: 4, leaving: 1 }),
    [0, 'launch: draining instances (1) still count towards max + surge (5 + 0)'],
  ],
])('%s', (_name, actual, expected) => {
  expect(actual).toEqual(expected);
});
