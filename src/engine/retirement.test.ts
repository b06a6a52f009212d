import { describe, expect, it } from 'vitest';
import { ago, anInstance, aPolicy, aPool, idleFor, NOW } from '../../test/support/observations.ts';
import { booting, busy, draining, idle, launching } from '../../test/support/views.ts';
import { type InstanceView, viewOf } from './capacity.ts';
import type { PoolPolicy } from './pool.ts';
import { retirements } from './retirement.ts';
import { minutes, seconds } from './time.ts';

interface Scene {
  readonly pool?: Partial<PoolPolicy>;
  readonly managersFresh?: boolean;
  readonly jobsFresh?: boolean;
}

/** Who must leave, such as `drain i-1 (expired)`. */
function leaving(views: readonly InstanceView[], scene: Scene = {}): readonly string[] {
  const pool = aPool({ maxAge: minutes(60), surge: 9, ...scene.pool });
  const { managersFresh = true, jobsFresh = true } = scene;
  const at = { now: NOW, policy: aPolicy(pool), pool, managersFresh, jobsFresh };
  return retirements(views, at).map(({ view, because, by }) => `${by} ${view.instance.id} (${because})`);
}

/** An instance that was ready and has lost its manager, `since` long. */
function lost(since = minutes(2), held = 0): InstanceView {
  const remembered = idleFor(minutes(9), { managerMissingSince: ago(since) });
  return viewOf({ instance: anInstance('i-1'), manager: undefined, held, remembered });
}

const OLD = { launchedAt: ago(minutes(61)) };
const AGED = { launchedAt: ago(minutes(60)) };
const DRIFTED = { generation: 'g0' };
const TAKEN = { interruption: { at: NOW } };
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

    ['expired, idle', leaving([idle('i-1', minutes(1), OLD)]), ['drain i-1 (expired)']],
    ['expired, busy', leaving([busy('i-1', 1, OLD)]), ['drain i-1 (expired)']],
    ['not at its last second of age', leaving([idle('i-1', minutes(1), AGED)]), []],
    ['not for age while booting', leaving([booting('i-1', seconds(1), OLD)]), []],
    ['not for age by old managers', leaving([idle('i-1', minutes(1), OLD)], { managersFresh: false }), []],
    ['not for age by old jobs', leaving([idle('i-1', minutes(1), OLD)], { jobsFresh: false }), []],

    ['drifted, idle', leaving([idle('i-1', minutes(1), DRIFTED)]), ['drain i-1 (drifted)']],
    ['drifted, busy', leaving([busy('i-1', 1, DRIFTED)]), ['drain i-1 (drifted)']],
    ['not for drift while booting', leaving([booting('i-1', seconds(1), DRIFTED)]), []],
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
    const at = { now: NOW, policy: aPolicy(pool), pool, managersFresh: true, jobsFresh: true };
    expect(retirements([idle('i-1', minutes(1), { launchedAt: ago(minutes(60 * 24 * 365)) })], at)).toEqual(
      [],
    );
  });

  it('for the first reason that applies', () => {
    const all = { ...OLD, ...DRIFTED };
    expect(leaving([idle('i-1', minutes(1), { ...all, ...TAKEN })])).toEqual(['drain i-1 (interrupted)']);
    expect(leaving([booting('i-1', STUCK, { ...all, ...TAKEN })])).toEqual(['drain i-1 (interrupted)']);
    expect(leaving([booting('i-1', STUCK, all)])).toEqual(['terminate i-1 (stuck)']);
    const remembered = idleFor(minutes(9), { managerMissingSince: ago(minutes(2)) });
    const orphan = viewOf({ instance: anInstance('i-1', all), manager: undefined, held: 0, remembered });
    expect(leaving([orphan])).toEqual(['terminate i-1 (orphaned)']);
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
});
