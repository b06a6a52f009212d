import { describe, expect, it } from 'vitest';
import {
  ago,
  aManager,
  anInstance,
  anObservation,
  aPolicy,
  aPool,
  fresh,
  jobs,
  NOW,
  stale,
} from '../../test/support/observations.ts';
import { emptyHistory, type LostJob } from './history.ts';
import type { Instance } from './instance.ts';
import { afterRetries, planRetries, rememberLost, rememberRetried, withBegun } from './lost-jobs.ts';
import type { Observation } from './observation.ts';
import { plan } from './plan.ts';
import { remember } from './remember.ts';
import { after, minutes, seconds } from './time.ts';

const HELD = { id: 5, project: 1, instance: 'i-1' };
const LOST: LostJob = { id: 5, project: 1, pool: 'linux', instance: 'i-1', since: NOW, failures: 0 };
const RETRY = {
  do: 'retry',
  pool: 'linux',
  project: 1,
  job: 5,
  instance: 'i-1',
  because: 'instance gone',
} as const;
const INTERRUPTED = anInstance('i-1', { interruption: { at: NOW, kind: 'interruption' } });

/** What is remembered as lost of one held job. */
function lost(instances: readonly Instance[], over: Partial<Observation> = {}, gone = false) {
  const history = {
    ...emptyHistory(NOW),
    instances: gone ? { 'i-1': { pool: 'linux', bootedFor: seconds(0), goneSince: NOW } } : {},
  };
  const observation = anObservation({
    jobs: fresh(jobs([], [HELD])),
    instances: fresh(instances),
    retryable: new Set([1]),
    ...over,
  });
  return rememberLost(history, history.instances, observation);
}

/** An observation with a lost job. */
const observed = (over: Partial<Observation> = {}, job: Partial<LostJob> = {}) =>
  anObservation({ history: { ...emptyHistory(NOW), lost: [{ ...LOST, ...job }] }, ...over });

describe('a job is in danger', () => {
  it.each<[string, readonly Instance[], boolean, readonly LostJob[]]>([
    ['while its instance lives: no', [anInstance('i-1')], false, []],
    [
      'when a rebalance is recommended: no',
      [anInstance('i-1', { interruption: { at: NOW, kind: 'rebalance' } })],
      false,
      [],
    ],
    ['when its instance is interrupted', [INTERRUPTED], false, [LOST]],
    ['when its instance ends', [anInstance('i-1', { state: 'shutting-down' })], false, [LOST]],
    ['when its instance has ended', [anInstance('i-1', { state: 'terminated' })], false, [LOST]],
    ['when its instance is gone', [], true, [LOST]],
    ['on a machine that was never ours: no', [], false, []],
  ])('%s', (_, instances, gone, expected) => {
    expect(lost(instances, {}, gone)).toEqual(expected);
  });

  it('only where its project wants retries', () => {
    expect(lost([INTERRUPTED], { retryable: new Set([2]) })).toEqual([]);
  });

  it('and is remembered once, for an hour, and never again once it was retried', () => {
    const history = { ...emptyHistory(NOW), lost: [{ ...LOST, failures: 3 }] };
    const again = anObservation({
      jobs: fresh(jobs([], [HELD])),
      instances: fresh([INTERRUPTED]),
      retryable: new Set([1]),
    });
    expect(rememberLost(history, history.instances, again)).toEqual([{ ...LOST, failures: 3 }]);
    expect(
      rememberLost(history, history.instances, {
        ...again,
        now: after(NOW, minutes(61)),
        retryable: new Set(),
      }),
    ).toEqual([]);
    expect(rememberLost({ ...emptyHistory(NOW), retried: [{ id: 5, at: NOW }] }, {}, again)).toEqual([]);
  });
});

describe('a retry', () => {
  it('is planned once the instance is gone', () => {
    expect(planRetries(observed())).toEqual([RETRY]);
    expect(planRetries(observed({ instances: fresh([anInstance('i-1', { state: 'terminated' })]) }))).toEqual(
      [RETRY],
    );
  });

  it.each<[string, Partial<Observation>, Partial<LostJob>]>([
    ['its instance is listed', { instances: fresh([INTERRUPTED]) }, {}],
    ['the instances were not freshly read', { instances: stale([]) }, {}],
    ['the region of its pool does not answer', { unlisted: { linux: stale([]) } }, {}],
    ['the last try has just failed', {}, { tryAt: after(NOW, seconds(1)) }],
  ])('waits while %s', (_, over, job) => {
    expect(planRetries(observed(over, job))).toEqual([]);
  });

  it('is written down as begun before anything is done', () => {
    expect(plan(observed(), aPolicy(aPool())).history.lost).toEqual([{ ...LOST, begun: true }]);
    expect(withBegun([LOST, { ...LOST, id: 6 }], [RETRY])).toEqual([
      { ...LOST, begun: true },
      { ...LOST, id: 6 },
    ]);
  });

  it('is of at most twenty jobs a pass', () => {
    const many = Array.from({ length: 50 }, (_, id) => ({ ...LOST, id }));
    const storm = anObservation({ history: { ...emptyHistory(NOW), lost: many } });
    expect(planRetries(storm)).toHaveLength(20);
  });
});

describe('after a retry', () => {
  const history = { ...emptyHistory(NOW), lost: [LOST] };

  it('neither the job nor what was made of it is retried again', () => {
    expect(afterRetries(history, [{ action: RETRY, done: true, retried: 9 }], NOW)).toEqual({
      lost: [],
      retried: [
        { id: 5, at: NOW },
        { id: 9, at: NOW },
      ],
    });
  });

  it('that failed, the next waits, longer each time', () => {
    const failed = [{ action: RETRY, done: false }];
    const once = afterRetries(history, failed, NOW);
    expect(once.lost).toEqual([{ ...LOST, failures: 1, tryAt: after(NOW, seconds(15)) }]);
    expect(afterRetries({ ...history, ...once }, failed, NOW).lost?.[0]?.tryAt).toBe(after(NOW, seconds(30)));
  });

  it('that was not begun, nothing has changed', () => {
    expect(afterRetries(history, [{ action: RETRY, done: false, begun: false }], NOW).lost).toEqual([LOST]);
  });

  it('what was made of it is forgotten when no job can run any more', () => {
    const retried = [{ id: 9, at: ago(minutes(60 * 24 * 32)) }];
    expect(rememberRetried({ ...history, retried }, NOW)).toEqual([]);
  });
});

it('a job that runs to its end on a draining instance costs one look, not a retry of the instance', () => {
  const readings = anObservation({
    jobs: fresh(jobs([], [HELD])),
    instances: fresh([INTERRUPTED]),
    managers: { linux: fresh([aManager('i-1', { active: true })]) },
    retryable: new Set([1]),
  });
  const { lost: inDanger } = remember(readings.history, readings, aPolicy(aPool()));
  expect(inDanger).toEqual([LOST]);
  expect(
    plan({ ...readings, history: { ...readings.history, lost: [LOST] } }, aPolicy(aPool())).actions,
  ).not.toContainEqual(RETRY);
});
