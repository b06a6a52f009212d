import { describe, expect, it } from 'vitest';
import { ago, aManager, anInstance, aPolicy, aPool, idleFor, NOW } from '../../test/support/observations.ts';
import { booting, busy, draining, idle, launching } from '../../test/support/views.ts';
import { type InstanceView, viewOf } from './capacity.ts';
import type { InstanceHistory } from './history.ts';
import type { Instance } from './instance.ts';
import type { PoolPolicy } from './pool.ts';
import { lifeSpan } from './life-span.ts';
import { retirements } from './retirement.ts';
import { milliseconds, minutes, seconds } from './time.ts';

interface Scene {
  readonly pool?: Partial<PoolPolicy>;
  readonly managersFresh?: boolean;
  readonly jobsFresh?: boolean;
}

/** Everything was read just now. */
const FRESHLY = {
  now: NOW,
  managersFresh: true,
  managersReadAt: NOW,
  jobsFresh: true,
  instructions: [],
  cycle: undefined,
  failingUntil: undefined,
};

/** Who must leave, such as `drain i-1 (expired)`. */
function leaving(views: readonly InstanceView[], scene: Scene = {}): readonly string[] {
  const pool = aPool({ maxAge: minutes(60), surge: 9, ...scene.pool });
  const { managersFresh = true, jobsFresh = true } = scene;
  const at = { ...FRESHLY, policy: aPolicy(pool), pool, managersFresh, jobsFresh };
  const { leavers } = retirements(views, at);
  return leavers.map(({ view, because, by }) => `${by} ${view.instance.id} (${because})`);
}

/** An instance that was ready and has lost its manager, `since` long. */
function lost(since = minutes(2), held = 0): InstanceView {
  const remembered = idleFor(minutes(9), { managerMissingSince: ago(since) });
  return viewOf({ instance: anInstance('i-1'), manager: undefined, held, remembered });
}

/** An instance for one job, as far as `remembered` knows. */
function single(remembered: Partial<InstanceHistory>, over: Partial<Instance> = {}, held = 0): InstanceView {
  const instance = anInstance('i-1', { maxJobs: 1, ...over });
  const manager = remembered.managerMissingSince === undefined ? aManager('i-1') : undefined;
  return viewOf({ instance, manager, held, remembered: idleFor(minutes(1), remembered) });
}

const OLD = { launchedAt: ago(minutes(61)) };
/** How old `i-1` becomes where the pool's maxAge is an hour. */
const SPAN = lifeSpan('i-1', minutes(60));
const AGED = { launchedAt: ago(SPAN) };
const OVERAGED = { launchedAt: ago(milliseconds(SPAN + 1)) };
/** It has had the one job that it was bought for. */
const USED = { jobs: { count: 1, last: [7] } };
const DRIFTED = { generation: 'g0' };
const TAKEN = { interruption: { kind: 'interruption', at: NOW } } as const;
const LIKELY_TAKEN = { interruption: { kind: 'rebalance', at: NOW } } as const;
const STUCK = seconds(601);

describe('an instance must leave', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['not without a reason', leaving([idle('i-1'), busy('i-2'), booting('i-3'), launching('i-4')]), []],

    ['interrupted, idle', leaving([idle('i-1', minutes(1), TAKEN)]), ['drain i-1 (interrupted)']],
    ['interrupted, busy', leaving([busy('i-1', 1, TAKEN)]), ['drain i-1 (interrupted)']],
    ['interrupted, booting', leaving([booting('i-1', seconds(1), TAKEN)]), ['drain i-1 (interrupted)']],
    [
      'interrupted, on doubt',
      leaving([busy('i-1', 1, TAKEN)], { managersFresh: false, jobsFresh: false }),
      ['drain i-1 (interrupted)'],
    ],

    [
      'likely to be taken, idle',
      leaving([idle('i-1', minutes(1), LIKELY_TAKEN)]),
      ['drain i-1 (interrupted)'],
    ],
    ['likely to be taken, busy', leaving([busy('i-1', 1, LIKELY_TAKEN)]), ['drain i-1 (interrupted)']],
    ['not before it has booted', leaving([booting('i-1', seconds(1), LIKELY_TAKEN)]), []],
    ['not on doubt', leaving([busy('i-1', 1, LIKELY_TAKEN)], { jobsFresh: false }), []],
    [
      'likely to be taken, as many at once as the surge',
      leaving(
        ['i-1', 'i-2', 'i-3'].map((id) => busy(id, 1, LIKELY_TAKEN)),
        { pool: { surge: 2 } },
      ),
      ['drain i-1 (interrupted)', 'drain i-2 (interrupted)'],
    ],
    [
      'after those that were likely to be taken and still drain',
      leaving(
        [
          busy('i-1', 1, { ...LIKELY_TAKEN, drain: { because: 'interrupted', at: NOW } }),
          busy('i-2', 1, LIKELY_TAKEN),
        ],
        { pool: { surge: 1 } },
      ).filter((one) => one.includes('i-2')),
      [],
    ],
    [
      'besides those that are really taken',
      leaving([busy('i-1', 1, TAKEN), busy('i-2', 1, LIKELY_TAKEN)], { pool: { surge: 1 } }),
      ['drain i-1 (interrupted)', 'drain i-2 (interrupted)'],
    ],

    ['stuck', leaving([booting('i-1', STUCK)]), ['terminate i-1 (stuck)']],
    [
      'stuck, still pending',
      leaving([booting('i-1', STUCK, { state: 'pending' })]),
      ['terminate i-1 (stuck)'],
    ],
    ['not at its last second', leaving([booting('i-1', minutes(10))]), []],
    [
      'not while nobody could say that it is ready',
      leaving([booting('i-1', STUCK)], { managersFresh: false }),
      [],
    ],
    [
      'stuck, whatever is known of jobs',
      leaving([booting('i-1', STUCK)], { jobsFresh: false }),
      ['terminate i-1 (stuck)'],
    ],
    [
      'not stuck with a job on it',
      leaving([
        viewOf({
          instance: anInstance('i-1'),
          manager: undefined,
          held: 1,
          remembered: { pool: 'linux', bootedFor: STUCK },
        }),
      ]),
      [],
    ],

    ['orphaned', leaving([lost()]), ['terminate i-1 (orphaned)']],
    ['not before the grace is over', leaving([lost(seconds(119))]), []],
    ['not orphaned with a job on it', leaving([lost(minutes(9), 1)]), []],
    ['not orphaned by old managers', leaving([lost()], { managersFresh: false }), []],
    ['not orphaned by old jobs', leaving([lost()], { jobsFresh: false }), []],

    ['used up', leaving([single(USED)]), ['drain i-1 (used-up)']],
    [
      'used up, as its manager says by leaving',
      leaving([single({ managerMissingSince: NOW })]),
      ['drain i-1 (used-up)'],
    ],
    ['not used up before its job', leaving([single({})]), []],
    ['not used up with its job', leaving([single(USED, {}, 1)]), []],
    ['not used up on old jobs', leaving([single(USED)], { jobsFresh: false }), []],
    [
      'used up, whatever is known of managers',
      leaving([single(USED)], { managersFresh: false }),
      ['drain i-1 (used-up)'],
    ],
    ['not used up twice', leaving([single(USED, { drain: { because: 'idle', at: NOW } })]), []],

    ['expired, idle', leaving([idle('i-1', minutes(1), OLD)]), ['drain i-1 (expired)']],
    ['expired, busy', leaving([busy('i-1', 1, OLD)]), ['drain i-1 (expired)']],
    ['not at its last second of age', leaving([idle('i-1', minutes(1), AGED)]), []],
    ['right after that', leaving([idle('i-1', minutes(1), OVERAGED)]), ['drain i-1 (expired)']],
    ['not for age while booting', leaving([booting('i-1', seconds(1), OLD)]), []],
    ['not for age by old managers', leaving([idle('i-1', minutes(1), OLD)], { managersFresh: false }), []],
    ['not for age by old jobs', leaving([idle('i-1', minutes(1), OLD)], { jobsFresh: false }), []],

    ['drifted, idle', leaving([idle('i-1', minutes(1), DRIFTED)]), ['drain i-1 (drifted)']],
    ['drifted, busy', leaving([busy('i-1', 1, DRIFTED)]), ['drain i-1 (drifted)']],
    ['not for drift while booting', leaving([booting('i-1', seconds(1), DRIFTED)]), []],
    [
      'not for drift while it is not known what is wanted',
      leaving([idle('i-1', minutes(1), DRIFTED)], { pool: { awaits: 'its runner is missing' } }),
      [],
    ],
    ['not for drift on doubt', leaving([idle('i-1', minutes(1), DRIFTED)], { jobsFresh: false }), []],

    ['not twice', leaving([draining('i-1', 'drifted', { ...OLD, ...DRIFTED })]), []],
    [
      'never while it ends anyway',
      leaving([booting('i-1', STUCK, { state: 'shutting-down', ...TAKEN })]),
      [],
    ],
  ])('%s', (_name, actual, expected) => {
    expect(actual).toEqual(expected);
  });

  it('never for age in a pool without one', () => {
    const pool = aPool();
    const at = { ...FRESHLY, policy: aPolicy(pool), pool };
    const views = [idle('i-1', minutes(1), { launchedAt: ago(minutes(60 * 24 * 365)) })];
    expect(retirements(views, at)).toEqual({ leavers: [], waiting: 0, spared: 0 });
  });

  it('for the first reason that applies', () => {
    const all = { ...OLD, ...DRIFTED };
    expect(leaving([idle('i-1', minutes(1), { ...all, ...TAKEN })])).toEqual(['drain i-1 (interrupted)']);
    expect(leaving([booting('i-1', STUCK, { ...all, ...TAKEN })])).toEqual(['drain i-1 (interrupted)']);
    expect(leaving([booting('i-1', STUCK, all)])).toEqual(['terminate i-1 (stuck)']);
    const remembered = idleFor(minutes(9), { managerMissingSince: ago(minutes(2)) });
    const orphan = viewOf({ instance: anInstance('i-1', all), manager: undefined, held: 0, remembered });
    expect(leaving([orphan])).toEqual(['terminate i-1 (orphaned)']);
    expect(leaving([single({ ...USED, managerMissingSince: ago(minutes(2)) }, all)])).toEqual([
      'terminate i-1 (orphaned)',
    ]);
    expect(leaving([single(USED, all)])).toEqual(['drain i-1 (used-up)']);
    expect(leaving([idle('i-1', minutes(1), all)])).toEqual(['drain i-1 (expired)']);
  });

  it('once its drain has lost it too: it did not power off', () => {
    const instance = anInstance('i-1', { drain: { because: 'idle', at: ago(minutes(9)) } });
    const remembered = idleFor(minutes(9), { managerMissingSince: ago(minutes(2)) });
    expect(leaving([viewOf({ instance, manager: undefined, held: 0, remembered })])).toEqual([
      'terminate i-1 (orphaned)',
    ]);
  });
});

/** How many of these leave, and how many wait for new ones. */
function replaced(views: readonly InstanceView[], pool: Partial<PoolPolicy>): readonly [number, number] {
  const wish = aPool({ surge: 2, min: 4, minAvailable: 4, ...pool });
  const at = { ...FRESHLY, policy: aPolicy(wish), pool: wish };
  const { leavers, waiting } = retirements(views, at);
  return [leavers.length, waiting];
}
const young = (id: string) => idle(id, minutes(1), { launchedAt: ago(minutes(1)) });

describe('replacing what still works', () => {
  const four = [
    busy('i-1', 2, { slots: 2, ...DRIFTED }),
    idle('i-2', minutes(1), { ...DRIFTED, launchedAt: ago(minutes(20)) }),
    busy('i-3', 1, { slots: 2, ...DRIFTED, launchedAt: ago(minutes(50)) }),
    idle('i-4', minutes(1), { ...DRIFTED, launchedAt: ago(minutes(40)) }),
  ];
  const order = ['i-4', 'i-2', 'i-3', 'i-1'].map((id) => `drain ${id} (drifted)`);

  it.each([
    [0, 1],
    [1, 1],
    [2, 2],
    [3, 3],
    [4, 4],
    [9, 4],
  ])('takes a surge of %s as %s at once: the idle first, the oldest first', (surge, count) => {
    expect(leaving(four, { pool: { surge } })).toEqual(order.slice(0, count));
  });

  it('counts those that are on their way already', () => {
    const views = [draining('i-8', 'drifted'), draining('i-9', 'expired'), ...four];
    expect(leaving(views, { pool: { surge: 3 } })).toEqual(order.slice(0, 1));
    expect(leaving(views, { pool: { surge: 2 } })).toEqual([]);
  });

  it('is not held up by those that leave for other reasons, nor holds those up', () => {
    const views = [draining('i-8', 'idle'), booting('i-9', STUCK), idle('i-7', minutes(1), TAKEN), ...four];
    expect(leaving(views, { pool: { surge: 1 } })).toEqual([
      'drain i-4 (drifted)',
      'drain i-7 (interrupted)',
      'terminate i-9 (stuck)',
    ]);
  });

  it('takes the smaller id of twins', () => {
    const twins = ['i-2', 'i-1'].map((id) => idle(id, minutes(1), DRIFTED));
    expect(leaving(twins, { pool: { surge: 1 } })).toEqual(['drain i-1 (drifted)']);
  });

  describe('while enough ready ones stay', () => {
    const lone = { managerMissingSince: ago(seconds(5)) };

    it.each<[string, unknown, unknown]>([
      ['all old: none leaves, as many as the surge wait', replaced(four, {}), [0, 2]],
      ['one new: one leaves, another waits', replaced([...four, young('i-5')], {}), [1, 1]],
      ['two new: two leave', replaced([...four, young('i-5'), young('i-6')], {}), [2, 0]],
      [
        'three new: the surge bounds them',
        replaced([...four, ...['i-5', 'i-6', 'i-7'].map(young)], {}),
        [2, 0],
      ],
      ['one booting: it is not ready', replaced([...four, booting('i-5')], {}), [0, 2]],
      ['one taken: it is no more', replaced([...four, idle('i-5', minutes(1), TAKEN)], {}), [1, 2]],
      ['one used up: it is no more', replaced([...four, single(USED)], {}), [1, 2]],
      [
        'one without its manager: nobody finds a runner there',
        replaced(
          [
            ...four,
            viewOf({
              instance: anInstance('i-5'),
              manager: undefined,
              held: 0,
              remembered: idleFor(minutes(1), lone),
            }),
          ],
          {},
        ),
        [0, 2],
      ],
      [
        'one that leaves already takes its part of the surge',
        replaced([...four, draining('i-9', 'drifted')], {}),
        [0, 1],
      ],
      ['fewer needed: the others leave', replaced(four, { minAvailable: 3 }), [1, 1]],
      ['none needed', replaced(four, { minAvailable: 0 }), [2, 0]],
      ['no surge: nobody waits for what cannot come', replaced(four, { surge: 0 }), [0, 0]],
      ['no surge, one to spare: one leaves at a time', replaced(four, { surge: 0, minAvailable: 3 }), [1, 0]],
    ])('%s', (_name, actual, expected) => {
      expect(actual).toEqual(expected);
    });
  });
});
