import { describe, expect, it } from 'vitest';
import {
  aManager,
  anInstance,
  anObservation,
  aPolicy,
  aPool,
  ago,
  fresh,
  NOW,
  stale,
} from '../../test/support/observations.ts';
import type { Enrolled } from './instance.ts';
import { planEnrolments } from './isolation.ts';
import type { Observation } from './observation.ts';
import { minutes, seconds } from './time.ts';

const POLICY = aPolicy(aPool({ isolated: true }));
const WHOLE: Enrolled = { since: ago(minutes(30)), whole: true };

function observed(enrolled: Readonly<Record<string, Enrolled>>, over: Partial<Observation> = {}) {
  return anObservation({ enrolled: { linux: new Map(Object.entries(enrolled)) }, ...over });
}

function remembering(goneSince: number): Partial<Observation> {
  const { history } = anObservation();
  const gone = { pool: 'linux', bootedFor: seconds(40), goneSince: ago(minutes(goneSince)) };
  return { history: { ...history, instances: { 'i-1': gone } } };
}

describe('enrolling', () => {
  it('gives a runner to every instance that has none, or whose token is missing', () => {
    const instances = fresh([
      anInstance('i-3'),
      anInstance('i-2', { state: 'pending' }),
      anInstance('i-1'),
      anInstance('i-4', { pool: 'other' }),
    ]);
    const half = { since: NOW, whole: false };
    expect(planEnrolments(observed({ 'i-1': WHOLE, 'i-3': half }, { instances }), POLICY)).toEqual([
      { do: 'enrol', pool: 'linux', instance: 'i-2' },
      { do: 'enrol', pool: 'linux', instance: 'i-3' },
    ]);
  });

  it('leaves out what leaves', () => {
    const instances = fresh([
      anInstance('i-1', { drain: { because: 'idle', at: NOW } }),
      anInstance('i-2', { state: 'shutting-down' }),
      anInstance('i-3', { interruption: { at: NOW, kind: 'interruption' } }),
    ]);
    expect(planEnrolments(observed({}, { instances }), POLICY)).toEqual([]);
  });

  it.each([
    ['a pool that shares its runner', observed({}), aPolicy(aPool())],
    ['runners that are not known', anObservation(), POLICY],
  ])('is not for %s', (_, observation, policy) => {
    const instances = fresh([anInstance('i-1')]);
    expect(planEnrolments({ ...observation, instances }, policy)).toEqual([]);
  });

  it('waits while the instances are not freshly read', () => {
    expect(planEnrolments(observed({}, { instances: stale([anInstance('i-1')]) }), POLICY)).toEqual([]);
  });
});

describe('dismissing', () => {
  const DISMISSED = [{ do: 'dismiss', pool: 'linux', instance: 'i-1', because: 'instance gone' }];

  it('takes the runner of an instance that has been gone for a while', () => {
    expect(planEnrolments(observed({ 'i-1': WHOLE }, remembering(2)), POLICY)).toEqual(DISMISSED);
    expect(planEnrolments(observed({ 'i-1': WHOLE }, remembering(1)), POLICY)).toEqual([]);
  });

  it('takes one whose instance was never seen, once it has been known of for a while', () => {
    expect(planEnrolments(observed({ 'i-1': WHOLE }), POLICY)).toEqual(DISMISSED);
    const young = { 'i-1': { since: ago(minutes(1)), whole: false } };
    expect(planEnrolments(observed(young), POLICY)).toEqual([]);
  });

  it('takes that of an instance which EC2 says has ended', () => {
    const instances = fresh([anInstance('i-1', { state: 'terminated' })]);
    expect(planEnrolments(observed({ 'i-1': WHOLE }, { instances }), POLICY)).toEqual(DISMISSED);
  });

  it('takes it also where the pool shares a runner by now', () => {
    expect(planEnrolments(observed({ 'i-1': WHOLE }), aPolicy(aPool()))).toEqual(DISMISSED);
  });

  it.each([
    ['its instance is listed', { instances: fresh([anInstance('i-1', { state: 'stopped' })]) }],
    ['the instances are stale', { instances: stale([]) }],
    ['their place did not answer', { unlisted: { linux: stale([]) } }],
    ['the managers are stale', { managers: { linux: stale([]) } }],
    [
      'it still speaks with GitLab',
      { managers: { linux: fresh([aManager('i-1', { contactedAt: ago(minutes(1)) })]) } },
    ],
    [
      'it runs a job by what GitLab says',
      { managers: { linux: fresh([aManager('i-1', { contactedAt: ago(minutes(300)), active: true })]) } },
    ],
  ])('leaves it while %s', (_, over: Partial<Observation>) => {
    expect(planEnrolments(observed({ 'i-1': WHOLE }, over), POLICY)).toEqual([]);
  });
});
