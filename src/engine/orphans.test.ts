import { describe, expect, it } from 'vitest';
import {
  ago,
  aManager,
  anInstance,
  anObservation,
  aPolicy,
  aPool,
  fresh,
  idleFor,
  NOW,
  stale,
} from '../../test/support/observations.ts';
import { viewsByPool } from './capacity.ts';
import { explainAction } from './explain.ts';
import { emptyHistory, type History } from './history.ts';
import type { Manager } from './instance.ts';
import type { Observation } from './observation.ts';
import { planOrphans } from './orphans.ts';
import { type Duration, minutes, seconds } from './time.ts';

const policy = aPolicy(aPool());

function orphans(over: Partial<Observation>): readonly string[] {
  const observation = anObservation(over);
  return planOrphans(observation, policy, viewsByPool(observation)).map(explainAction);
}

/** The memory in which `i-1` has not run for so long. */
function stoppedFor(time: Duration): History {
  return { ...emptyHistory(NOW), instances: { 'i-1': idleFor(minutes(9), { goneSince: ago(time) }) } };
}

/** Managers of the pool: that of `i-1`, without contact for so long. */
function silentFor(time: Duration, over: Partial<Manager> = {}): Observation['managers'] {
  const manager = aManager('i-1', { firstSeenAt: ago(minutes(600)), contactedAt: ago(time), ...over });
  return { linux: fresh([manager]) };
}

describe('a manager whose instance nobody knows', () => {
  it.each<[string, Partial<Observation>, readonly string[]]>([
    [
      'is forgotten when GitLab calls it offline',
      { managers: silentFor(minutes(120)) },
      ['forget manager r_i-1 (instance gone)'],
    ],
    ['not before', { managers: silentFor(minutes(119)) }, []],
    [
      'and where it never made contact, by its age',
      { managers: { linux: fresh([aManager('i-1', { firstSeenAt: ago(minutes(120)) })]) } },
      ['forget manager r_i-1 (instance gone)'],
    ],
    ['not while GitLab says that it runs a job', { managers: silentFor(minutes(600), { active: true }) }, []],
    ['not while the listing is old', { managers: silentFor(minutes(600)), instances: stale([]) }, []],
    [
      'not when its instance is listed, though it was never seen before',
      { managers: silentFor(minutes(600)), instances: fresh([anInstance('i-1')]) },
      [],
    ],
    [
      'not when it is on a machine of somebody else',
      { managers: { linux: fresh([{ systemId: 's_1', firstSeenAt: ago(minutes(600)), active: false }]) } },
      [],
    ],
  ])('%s', (_name, over, expected) => {
    expect(orphans(over)).toEqual(expected);
  });
});

describe('an instance that somebody stopped', () => {
  const instances = fresh([anInstance('i-1', { state: 'stopped' })]);
  it.each<[string, Partial<Observation>, readonly string[]]>([
    ['is terminated', { instances, history: stoppedFor(minutes(2)) }, ['terminate i-1 (orphaned)']],
    ['not before the grace is over', { instances, history: stoppedFor(seconds(119)) }, []],
    ['not when it is only now seen', { instances }, []],
    ['not while the listing is old', { instances: stale([anInstance('i-1', { state: 'stopped' })]) }, []],
    [
      'not while it is still stopping',
      { instances: fresh([anInstance('i-1', { state: 'stopping' })]), history: stoppedFor(minutes(9)) },
      [],
    ],
    [
      'also where its pool is no longer configured',
      {
        instances: fresh([anInstance('i-1', { state: 'stopped', pool: 'old' })]),
        history: stoppedFor(minutes(9)),
      },
      ['terminate i-1 (orphaned)'],
    ],
  ])('%s', (_name, over, expected) => {
    expect(orphans(over)).toEqual(expected);
  });
});
