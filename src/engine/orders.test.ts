import { describe, expect, it } from 'vitest';
import {
  aManager,
  anInstance,
  anObservation,
  aPolicy,
  aPool,
  fresh,
  idleFor,
  jobs,
  NOW,
  OFFERING,
  pending,
  stale,
} from '../../test/support/observations.ts';
import { explainAction } from './explain.ts';
import { type GroupReading, withinGroup } from './group.ts';
import type { Observation } from './observation.ts';
import { afterwards } from './outcome.ts';
import { plan } from './plan.ts';
import type { PoolPolicy } from './pool.ts';
import { minutes } from './time.ts';

function reading(over: Partial<GroupReading> = {}): GroupReading {
  return { pool: 'linux', group: 'g', min: 0, max: 11, desired: 3, ordered: 3, ...over };
}

const SHORT = { code: 'InsufficientInstanceCapacity', message: 'none left', offerings: [OFFERING] };
const WRONG = { code: 'LaunchFailed', message: 'the image is gone' };

/** What is done for a pool with a group, `waiting` jobs and what else is so. */
function planned(
  group: GroupReading,
  waiting: number,
  over: Partial<Observation> = {},
  pool: Partial<PoolPolicy> = {},
) {
  const observation = anObservation({
    jobs: fresh(jobs(waiting === 0 ? [] : [pending(waiting)])),
    groups: { linux: group },
    ...over,
  });
  return plan(observation, aPolicy(aPool({ group: { heartbeat: minutes(60) }, ...pool })));
}

const actionsOf = (...scene: Parameters<typeof planned>): readonly string[] =>
  planned(...scene).actions.map(explainAction);

describe('what a group was asked for', () => {
  it.each<readonly [string, readonly string[], readonly string[]]>([
    ['counts: it is not bought again', actionsOf(reading(), 3), []],
    ['counts: only the rest is bought', actionsOf(reading({ ordered: 1 }), 3), ['launch 2 instances (spot)']],
    [
      'is taken back once it is not needed',
      actionsOf(reading(), 1),
      ['take back 2 instances that the group has not launched'],
    ],
    ['is not taken back on doubt', actionsOf(reading(), 0, { jobs: stale(jobs()) }), []],
    [
      'is not taken back while not all jobs are known',
      actionsOf(reading(), 0, { jobs: fresh({ ...jobs(), partial: 'the budget is used up' }) }),
      [],
    ],
    [
      'is taken back where the group cannot launch it',
      actionsOf(reading({ failure: SHORT }), 3),
      ['take back 3 instances that the group has not launched (InsufficientInstanceCapacity)'],
    ],
    ['stays where the pool keeps so many', actionsOf(reading(), 0, {}, { min: 3 }), []],
  ])('%s', (_name, actions, expected) => {
    expect(actions).toEqual(expected);
  });

  it('leaves before what runs does', () => {
    const idle = anInstance('i-1');
    const over = {
      instances: fresh([idle]),
      managers: { linux: fresh([aManager('i-1')]) },
      history: { ...anObservation().history, instances: { 'i-1': idleFor(minutes(20)) } },
    };
    expect(actionsOf(reading({ ordered: 2 }), 1, over)).toEqual([
      'take back 2 instances that the group has not launched',
    ]);
  });

  it('is told as an alarm where the group cannot launch it', () => {
    const { alarms } = planned(reading({ failure: WRONG }), 3);
    expect(alarms).toEqual([
      { alarm: 'order failed', pool: 'linux', group: 'g', failure: 'LaunchFailed: the image is gone' },
    ]);
  });

  it('is no offering for a while where the cloud has none', () => {
    const { actions, history } = planned(reading({ failure: SHORT }), 3);
    const after = afterwards(
      history,
      actions.map((action) => ({ action, done: true })),
      NOW,
    );
    expect(after.shortfalls).toEqual([{ pool: 'linux', offering: OFFERING, code: SHORT.code, at: NOW }]);
    expect(after.pools['linux']?.setbacks ?? 0).toBe(0);
  });

  it('is a setback where the group is made wrong', () => {
    const { actions, history } = planned(reading({ failure: WRONG }), 3);
    const after = afterwards(
      history,
      actions.map((action) => ({ action, done: true })),
      NOW,
    );
    expect(after.shortfalls).toEqual([]);
    expect(after.pools['linux']?.setbacks).toBe(1);
  });

  it('is neither where it could not be taken back', () => {
    const { actions, history } = planned(reading({ failure: WRONG }), 3);
    const after = afterwards(
      history,
      actions.map((action) => ({ action, done: false, why: 'throttled' })),
      NOW,
    );
    expect(after.pools['linux']?.setbacks ?? 0).toBe(0);
  });
});

describe('the limits of a group', () => {
  it.each<readonly [string, Partial<PoolPolicy>, Partial<GroupReading>, object]>([
    ['are no narrower than the pool', {}, {}, { min: 0, max: 10, surge: 1 }],
    ['keep the group from shrinking below its own', {}, { min: 2 }, { min: 2, max: 10 }],
    ['keep the pool from growing above its own', {}, { max: 4 }, { max: 4, surge: 0 }],
    ['leave room for the surge where there is some', { surge: 5 }, { max: 12 }, { max: 10, surge: 2 }],
    ['win over a pool that wants more', { min: 6 }, { max: 4 }, { min: 4, max: 4 }],
  ])('%s', (_name, pool, group, limits) => {
    expect(withinGroup(aPool(pool), reading(group))).toMatchObject(limits);
  });

  it('are none where it was never read', () => {
    const pool = aPool();
    expect(withinGroup(pool, undefined)).toBe(pool);
  });
});
