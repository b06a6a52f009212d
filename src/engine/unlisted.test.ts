import { describe, expect, it } from 'vitest';
import {
  ago,
  aManager,
  anInstance,
  anObservation,
  aPolicy,
  aPool,
  fresh,
  freshAt,
  idleFor,
  jobs,
  NOW,
  pending,
  stale,
} from '../../test/support/observations.ts';
import { explainAction } from './explain.ts';
import { emptyHistory } from './history.ts';
import { instancesOf, type Observation } from './observation.ts';
import { plan } from './plan.ts';
import { remember } from './remember.ts';
import { minutes, seconds } from './time.ts';

/** Pools `far` and `near`, one idle instance in each, which nothing needs any more. */
const policy = aPolicy(aPool({ name: 'far' }), aPool({ name: 'near', tags: ['linux', 'near'] }));
const FAR = anInstance('i-far', { pool: 'far' });
const NEAR = anInstance('i-near', { pool: 'near' });
const HISTORY = {
  ...emptyHistory(NOW),
  instances: {
    'i-far': idleFor(minutes(9), { pool: 'far' }),
    'i-near': idleFor(minutes(9), { pool: 'near' }),
  },
};

function observed(over: Partial<Observation> = {}): Observation {
  return anObservation({
    instances: fresh([FAR, NEAR]),
    unlisted: { far: stale(undefined) },
    managers: { far: fresh([aManager('i-far')]), near: fresh([aManager('i-near')]) },
    jobs: fresh(jobs()),
    history: HISTORY,
    ...over,
  });
}

const actions = (over: Partial<Observation> = {}): readonly string[] =>
  plan(observed(over), policy).actions.map(explainAction);

describe('a pool that the last listings left out', () => {
  it('is known by itself', () => {
    const observation = observed();
    expect(instancesOf(observation, 'far')).toEqual(stale(undefined));
    expect(instancesOf(observation, 'near')).toBe(observation.instances);
    expect(instancesOf({ instances: observation.instances }, 'far')).toBe(observation.instances);
  });

  it('loses nobody, while the others go on', () => {
    expect(actions()).toEqual(['drain i-near (idle)']);
    expect(actions({ unlisted: {} }).toSorted()).toEqual(['drain i-far (idle)', 'drain i-near (idle)']);
  });

  it('counts as read for as long as any other reading does', () => {
    const lately = { far: freshAt(undefined, ago(seconds(40))) };
    expect(actions({ unlisted: lately }).toSorted()).toEqual(['drain i-far (idle)', 'drain i-near (idle)']);
  });

  it('loses nobody for age, drift or orphanhood either', () => {
    const gone = {
      ...HISTORY.instances['i-far'],
      pool: 'far',
      bootedFor: seconds(0),
      goneSince: ago(minutes(9)),
    };
    expect(
      actions({
        instances: fresh([
          { ...FAR, generation: 'g0' },
          anInstance('i-stopped', { pool: 'far', state: 'stopped' }),
          anInstance('i-old', { pool: 'abandoned' }),
        ]),
        unlisted: { far: stale(undefined), abandoned: stale(undefined) },
        managers: { far: fresh([aManager('i-gone')]), near: fresh([]) },
        history: { ...HISTORY, instances: { 'i-gone': gone, 'i-stopped': gone } },
      }),
    ).toEqual([]);
  });

  it('buys nothing, and leaves its jobs to the next pool that serves them', () => {
    const waiting = { jobs: fresh(jobs([pending(3)])), instances: fresh([]), history: emptyHistory(NOW) };
    expect(actions(waiting)).toEqual(['launch 3 instances (spot)']);
    const { pools } = plan(observed(waiting), policy);
    expect(pools.map(({ pool, demand }) => [pool, demand.pending])).toEqual([
      ['far', 0],
      ['near', 3],
    ]);
    const alone = plan(observed(waiting), aPolicy(aPool({ name: 'far' })));
    expect(alone.actions).toEqual([]);
    expect(alone.pools[0]?.holds.map(({ because }) => because)).toEqual([
      'the instances could not be read: buying blind could buy twice',
    ]);
  });

  it('is not forgotten: what was there and is not listed may well be there', () => {
    const { history, ...readings } = observed({ instances: fresh([NEAR]) });
    const kept = remember(history, readings, policy);
    expect(kept.instances['i-far']).toEqual(HISTORY.instances['i-far']);
    const { unlisted: _unlisted, ...listed } = readings;
    expect(remember(history, listed, policy).instances['i-far']).toMatchObject({ goneSince: NOW });
  });

  it('raises an alarm of its own', () => {
    const { alarms } = plan(observed(), policy);
    expect(alarms).toEqual([{ alarm: 'stale', source: 'instances of far', failure: 'gitlab answered 500' }]);
  });
});
