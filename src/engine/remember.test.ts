import { describe, expect, it } from 'vitest';
import {
  ago,
  aManager,
  anInstance,
  aPolicy,
  aPool,
  fresh,
  idleFor,
  jobs,
  NOW,
  pending,
  stale,
} from '../../test/support/observations.ts';
import { emptyHistory, type History, type InstanceHistory, type UnservedJob } from './history.ts';
import type { Instance, Manager } from './instance.ts';
import type { HeldJob } from './job.ts';
import type { Part } from './observation.ts';
import { type Readings, remember } from './remember.ts';
import { after, minutes, seconds } from './time.ts';

const policy = aPolicy(aPool({ bootTimeout: minutes(10) }));
const HELD: readonly HeldJob[] = [{ id: 1, project: 1, instance: 'i-1' }];

/** One running instance, `i-1`, with what the sources say of it. */
function read(over: Partial<Readings> = {}): Readings {
  return {
    now: NOW,
    jobs: fresh(jobs()),
    managers: { linux: fresh([aManager('i-1')]) },
    instances: fresh([anInstance('i-1')]),
    unanswered: [],
    ...over,
  };
}

const without = (part: (value: readonly Manager[]) => Part<readonly Manager[]> = fresh) => ({
  linux: part([]),
});
const only = (instance: Partial<Instance>) => fresh([anInstance('i-1', instance)]);

/** What was remembered fifteen seconds ago. */
function before(instance?: InstanceHistory, over: Partial<History> = {}): History {
  return {
    ...emptyHistory(ago(seconds(15))),
    ...(instance !== undefined && { instances: { 'i-1': instance } }),
    ...over,
  };
}

/** What is remembered of `i-1` now. */
function remembered(history: History, over: Partial<Readings> = {}): InstanceHistory | undefined {
  return remember(history, read(over), policy).instances['i-1'];
}

const BOOTING = { pool: 'linux', bootedFor: seconds(30) };
const busyNow = { jobs: fresh(jobs([], HELD)) };
const FIRST_SEEN = ago(minutes(29));

const idleSince = (history: History, over: Partial<Readings> = {}) => remembered(history, over)?.idleSince;

describe('the idle clock', () => {
  it.each<[string, unknown, unknown]>([
    [
      'starts at the first contact of an instance that was seen booting',
      idleSince(before(BOOTING)),
      FIRST_SEEN,
    ],
    ['starts now for an instance that was never seen before', idleSince(before()), NOW],
    ['goes on', idleSince(before(idleFor(minutes(3)))), ago(minutes(3))],
    ['stops with a job', idleSince(before(idleFor(minutes(3))), busyNow), undefined],
    [
      'stops with an active manager whose job is unknown',
      idleSince(before(idleFor(minutes(3))), {
        managers: { linux: fresh([aManager('i-1', { active: true })]) },
      }),
      undefined,
    ],
    [
      'starts again when the last job has ended',
      idleSince(before({ ...idleFor(minutes(3)), idleSince: undefined })),
      NOW,
    ],
    ['does not start with a job', idleSince(before(BOOTING), busyNow), undefined],
    [
      'does not start on old managers',
      idleSince(before({ ...idleFor(minutes(3)), idleSince: undefined }), {
        managers: { linux: stale([aManager('i-1')]) },
      }),
      undefined,
    ],
    [
      'does not start on old jobs',
      idleSince(before({ ...idleFor(minutes(3)), idleSince: undefined }), { jobs: stale(jobs()) }),
      undefined,
    ],
    [
      'does not stop on old jobs',
      idleSince(before(idleFor(minutes(3))), { jobs: stale(jobs([], HELD)) }),
      ago(minutes(3)),
    ],
    [
      'does not stop on old managers',
      idleSince(before(idleFor(minutes(3))), {
        managers: { linux: stale([aManager('i-1', { active: true })]) },
      }),
      ago(minutes(3)),
    ],
    ['does not run while booting', idleSince(before(BOOTING), { managers: without() }), undefined],
  ])('%s', (_name, actual, expected) => {
    expect(actual).toBe(expected);
  });

  it('is not the boot: a boot longer than the idle time leaves a fresh instance', () => {
    const managers = { linux: fresh([aManager('i-1', { firstSeenAt: ago(seconds(4)) })]) };
    expect(remembered(before({ pool: 'linux', bootedFor: minutes(9) }), { managers })).toEqual({
      pool: 'linux',
      bootedFor: minutes(9),
      readyAt: ago(seconds(4)),
      idleSince: ago(seconds(4)),
    });
  });
});

describe('ready', () => {
  it('is the first contact, and stays so', () => {
    expect(remembered(before(BOOTING))?.readyAt).toBe(FIRST_SEEN);
    expect(remembered(before(idleFor(minutes(3))))?.readyAt).toBe(ago(minutes(3)));
    expect(remembered(before(idleFor(minutes(3))), { managers: without() })?.readyAt).toBe(ago(minutes(3)));
  });

  it('is now where a job proves it before any contact', () => {
    expect(remembered(before(BOOTING), { ...busyNow, managers: without() })).toEqual({
      pool: 'linux',
      bootedFor: seconds(30),
      readyAt: NOW,
      managerMissingSince: NOW,
    });
  });

  it('is not while nobody has been seen', () => {
    expect(remembered(before(BOOTING), { managers: without() })?.readyAt).toBeUndefined();
  });
});

const bootedFor = (history: History, over: Partial<Readings>) => remembered(history, over)?.bootedFor;

describe('the boot clock', () => {
  it.each<[string, unknown, unknown]>([
    [
      'starts at the launch',
      bootedFor(before(), { managers: without(), instances: only({ launchedAt: ago(seconds(20)) }) }),
      seconds(20),
    ],
    [
      'goes on by the time between two passes',
      bootedFor(before(BOOTING), { managers: without() }),
      seconds(45),
    ],
    ['stands still on old managers', bootedFor(before(BOOTING), { managers: without(stale) }), seconds(30)],
    ['does not start on old managers', bootedFor(before(), { managers: without(stale) }), seconds(0)],
    [
      'runs on old jobs',
      bootedFor(before(BOOTING), { managers: without(), jobs: stale(jobs()) }),
      seconds(45),
    ],
    ['stops at ready', bootedFor(before(BOOTING), {}), seconds(30)],
    [
      'never runs back with the clock',
      bootedFor(before(BOOTING, { at: after(NOW, minutes(5)) }), { managers: without() }),
      seconds(0),
    ],
  ])('%s', (_name, actual, expected) => {
    expect(actual).toBe(expected);
  });
});

const missing = (instance: InstanceHistory, over: Partial<Readings>) =>
  remembered(before(instance), over)?.managerMissingSince;

describe('a missing manager', () => {
  const lost = idleFor(minutes(3), { managerMissingSince: ago(minutes(1)) });

  it.each<[string, unknown, unknown]>([
    ['is missing from now on', missing(idleFor(minutes(3)), { managers: without() }), NOW],
    ['is missing for as long as it is', missing(lost, { managers: without() }), ago(minutes(1))],
    ['is no more once it is back', missing(lost, {}), undefined],
    ['is not missed before it was ever there', missing(BOOTING, { managers: without() }), undefined],
    ['is not missed on old managers', missing(idleFor(minutes(3)), { managers: without(stale) }), undefined],
    [
      'is not found on old managers',
      missing(lost, { managers: { linux: stale([aManager('i-1')]) } }),
      ago(minutes(1)),
    ],
  ])('%s', (_name, actual, expected) => {
    expect(actual).toBe(expected);
  });
});

const jobsOf = (instance: Partial<Instance>, over: Partial<Readings>, known?: InstanceHistory['jobs']) =>
  remembered(before({ ...idleFor(minutes(3)), jobs: known }), { instances: only(instance), ...over })?.jobs;

describe('the jobs of an instance', () => {
  it.each<[string, unknown, unknown]>([
    ['are counted where it ends after some', jobsOf({ maxJobs: 2 }, busyNow), { count: 1, last: [1] }],
    ['are not counted elsewhere', jobsOf({}, busyNow), undefined],
    [
      'are each counted once',
      jobsOf({ maxJobs: 2 }, busyNow, { count: 1, last: [1] }),
      { count: 1, last: [1] },
    ],
    ['are counted on', jobsOf({ maxJobs: 2 }, busyNow, { count: 1, last: [9] }), { count: 2, last: [1] }],
    [
      'are kept while it has none',
      jobsOf({ maxJobs: 2 }, {}, { count: 1, last: [9] }),
      { count: 1, last: [9] },
    ],
    ['are none before the first', jobsOf({ maxJobs: 2 }, {}), undefined],
  ])('%s', (_name, actual, expected) => {
    expect(actual).toEqual(expected);
  });
});

const job = (id: number): UnservedJob => ({ id, pool: 'linux', since: NOW, until: NOW, times: 1 });

const at = (time: History['at']) => ({ pool: 'linux', code: 'UnfulfillableCapacity', at: time });

describe('what is remembered beside instances', () => {
  const history = before(undefined, { unserved: [job(1000), job(1)] });

  it('unserved jobs, for as long as they are pending', () => {
    const waiting = jobs([pending(1)]);
    expect(remember(history, read({ jobs: fresh(waiting) }), policy).unserved).toEqual([job(1000)]);
    expect(remember(history, read({ jobs: stale(waiting) }), policy).unserved).toEqual([job(1000), job(1)]);
  });

  it('shortfalls, for half an hour', () => {
    const shortfalls = [at(ago(seconds(1801))), at(ago(minutes(30))), at(NOW)];
    expect(remember({ ...history, shortfalls }, read(), policy).shortfalls).toEqual(shortfalls.slice(1));
  });

  it('when it was, and what each pool has learned', () => {
    const pools = {
      linux: { setbacks: 0, lastScaledAt: ago(minutes(1)), lastDesired: 3 },
      gone: { setbacks: 0 },
    };
    const next = remember({ ...history, pools }, read(), policy);
    expect([next.at, next.pools]).toEqual([NOW, pools]);
  });
});
