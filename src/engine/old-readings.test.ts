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
} from '../../test/support/observations.ts';
import { explainAction } from './explain.ts';
import { emptyHistory, type History, type InstanceHistory } from './history.ts';
import type { Observation } from './observation.ts';
import { plan } from './plan.ts';
import { remember } from './remember.ts';
import { minutes, seconds } from './time.ts';

const policy = aPolicy(aPool({ bootTimeout: minutes(10) }));
const instances = fresh([anInstance('i-1')]);

/** Managers that were read 40 seconds ago, which still counts as fresh, and were none. */
const nobody = { linux: freshAt([], ago(seconds(40))) };

const knowing = (one: InstanceHistory): History => ({ ...emptyHistory(NOW), instances: { 'i-1': one } });

const terminates = (over: Partial<Observation>): readonly string[] =>
  plan(anObservation({ instances, managers: nobody, ...over }), policy)
    .actions.map(explainAction)
    .filter((action) => action.startsWith('terminate'));

describe('a pass that reads nothing, long after the last sweep', () => {
  it.each([
    [631, []],
    [640, []],
    [641, ['terminate i-1 (stuck)']],
  ])('after a boot of %s s: what has become ready since may run a job', (booted, expected) => {
    const history = knowing({ pool: 'linux', bootedFor: seconds(booted) });
    expect(terminates({ history })).toEqual(expected);
  });

  it('holds no failed boot against the pool that is none by what was read', () => {
    const history = { ...knowing({ pool: 'linux', bootedFor: seconds(590) }), at: ago(seconds(20)) };
    const readings = anObservation({ instances, managers: nobody });
    expect(remember(history, readings, policy).pools).toEqual({});
  });

  it.each([
    [159, []],
    [160, ['terminate i-1 (orphaned)']],
  ])('ends no orphan after %s s whose manager may have come back since', (missing, expected) => {
    const history = knowing(idleFor(minutes(9), { managerMissingSince: ago(seconds(missing)) }));
    expect(terminates({ history })).toEqual(expected);
  });

  it.each([
    [159, []],
    [160, ['terminate i-1 (orphaned)']],
  ])('ends no instance, stopped for %s s, that somebody may have started since', (stopped, expected) => {
    const history = knowing(idleFor(minutes(9), { goneSince: ago(seconds(stopped)) }));
    const listed = freshAt([anInstance('i-1', { state: 'stopped' })], ago(seconds(40)));
    expect(terminates({ instances: listed, history })).toEqual(expected);
  });

  it.each([
    [159, 0],
    [160, 1],
  ])('finds no job unserved after %s s that may have been taken since', (waits, expected) => {
    const waiting = jobs([pending(1, ['linux'], ago(seconds(waits)))]);
    const { alarms } = plan(
      anObservation({
        instances,
        managers: { linux: fresh([aManager('i-1')]) },
        jobs: freshAt(waiting, ago(seconds(40))),
        history: knowing(idleFor(minutes(9))),
      }),
      policy,
    );
    expect(alarms).toHaveLength(expected);
  });
});
