import { describe, expect, it } from 'vitest';
import { aPool, NOW } from '../../test/support/observations.ts';
import { booting, busy, idle } from '../../test/support/views.ts';
import { viewOf } from './capacity.ts';
import { scaleIn, type ScaleInInput } from './scale-in.ts';
import { after, minutes, seconds } from './time.ts';

const DAY = minutes(24 * 60);

/** Who leaves, or what holds it back. */
function scaledIn(over: Partial<ScaleInInput>): readonly string[] {
  const { victims, holds } = scaleIn({
    pool: aPool(),
    desired: 0,
    live: [],
    kept: new Set(),
    coolingUntil: undefined,
    stale: [],
    now: NOW,
    ...over,
  });
  return [
    ...victims.map(({ instance }) => instance.id),
    ...holds.map(({ what, because }) => `${what}: ${because}`),
  ];
}

const three = [idle('i-1', minutes(6)), idle('i-2', minutes(8)), idle('i-3', minutes(7))];

describe('scale-in', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['an empty pool', scaledIn({}), []],
    ['as many as desired', scaledIn({ live: three, desired: 3 }), []],
    ['fewer than desired', scaledIn({ live: three, desired: 5 }), []],
    ['the longest idle first', scaledIn({ live: three, desired: 1 }), ['i-2', 'i-3']],
    ['all of them', scaledIn({ live: three }), ['i-2', 'i-3', 'i-1']],
    [
      'nobody while more may wait than is known',
      scaledIn({ live: three, partial: '3 of 2000 projects read' }),
      ['scale-in: not all jobs are known (3 of 2000 projects read)'],
    ],
    [
      'by id where they are idle for the same time',
      scaledIn({ live: [idle('i-2'), idle('i-1')], desired: 1 }),
      ['i-1'],
    ],
    [
      'not those that the demand needs',
      scaledIn({ live: three, desired: 1, kept: new Set(['i-2']) }),
      ['i-3', 'i-1'],
    ],
    ['never busy or booting ones', scaledIn({ live: [busy('i-1'), booting('i-2')] }), []],
    ['idle for just long enough', scaledIn({ live: [idle('i-1', minutes(5))] }), ['i-1']],
    [
      'not yet idle for long enough',
      scaledIn({ live: [idle('i-1', seconds(299)), idle('i-2', seconds(1))] }),
      ['scale-in: none of 2 idle for 300 s yet'],
    ],
    [
      'only those that are idle for long enough',
      scaledIn({ live: [idle('i-1', seconds(299)), idle('i-2', minutes(6))] }),
      ['i-2'],
    ],
    [
      'while enough ready ones stay',
      scaledIn({
        pool: aPool({ min: 2, minAvailable: 2 }),
        live: [...three, booting('i-4'), booting('i-5')],
        desired: 2,
      }),
      ['i-2'],
    ],
    [
      'not while those that boot are counted on',
      scaledIn({
        pool: aPool({ min: 3, minAvailable: 3 }),
        live: [...three, booting('i-4')],
        desired: 3,
      }),
      ['scale-in: minAvailable keeps 3 ready'],
    ],
    [
      'idle since nobody knows when',
      scaledIn({
        live: [
          viewOf({
            ...idle('i-1'),
            held: 0,
            remembered: { pool: 'linux', bootedFor: seconds(1), readyAt: NOW },
          }),
        ],
      }),
      ['scale-in: none of 1 idle for 300 s yet'],
    ],
    [
      'cooling down',
      scaledIn({ live: three, coolingUntil: after(NOW, seconds(12.2)) }),
      ['scale-in: cooling down for 13 s more'],
    ],
    [
      'one stale reading',
      scaledIn({ live: three, stale: ['jobs'] }),
      ['scale-in: jobs not freshly read: doubt never scales in'],
    ],
    [
      'three stale readings',
      scaledIn({ live: three, stale: ['jobs', 'managers', 'instances'] }),
      ['scale-in: jobs and managers and instances not freshly read: doubt never scales in'],
    ],
    [
      'nothing to say where nobody would leave anyway',
      scaledIn({ live: [busy('i-1')], stale: ['jobs'], coolingUntil: after(NOW, seconds(1)) }),
      [],
    ],
  ])('%s', (_name, actual, expected) => {
    expect(actual).toEqual(expected);
  });

  it('above max waits neither for the idle time nor for the cooldown, but never acts on doubt', () => {
    const over: Partial<ScaleInInput> = {
      pool: aPool({ max: 2, idle: { slots: 0, time: DAY } }),
      live: three,
      desired: 2,
      coolingUntil: after(NOW, seconds(9)),
    };
    expect(scaledIn(over)).toEqual(['i-2']);
    expect(scaledIn({ ...over, stale: ['managers'] })).toEqual([
      'scale-in: managers not freshly read: doubt never scales in',
    ]);
    expect(scaledIn({ ...over, pool: aPool({ max: 3, idle: { slots: 0, time: DAY } }) })).toEqual([
      'scale-in: cooling down for 9 s more',
    ]);
  });
});
