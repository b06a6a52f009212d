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
  OFFERING,
  stale,
} from '../../test/support/observations.ts';
import { emptyHistory, type History, type InstanceHistory, type PoolHistory } from './history.ts';
import { afterwards } from './outcome.ts';
import { type Readings, remember } from './remember.ts';
import { after, minutes, seconds } from './time.ts';

const policy = aPolicy(aPool({ bootTimeout: minutes(10) }), aPool({ name: 'arm' }));

function read(over: Partial<Readings> = {}): Readings {
  return {
    now: NOW,
    jobs: fresh(jobs()),
    managers: { linux: fresh([]), arm: fresh([]) },
    instances: fresh([]),
    unanswered: [],
    ...over,
  };
}

type Instances = Readonly<Record<string, InstanceHistory>>;

function before(instances: Instances, linux: PoolHistory = { setbacks: 0 }): History {
  return { ...emptyHistory(ago(seconds(15))), instances, pools: { linux } };
}

const BOOTING = { pool: 'linux', bootedFor: seconds(30) };
const LATE = { pool: 'linux', bootedFor: minutes(10) };
const READY = idleFor(minutes(3));
const all = (...ids: readonly string[]) => fresh(ids.map((id) => anInstance(id)));

/** What the pool has learned after a pass. */
const learned = (history: History, over: Partial<Readings> = {}) =>
  remember(history, read(over), policy).pools['linux'];

describe('setbacks of a pool', () => {
  const FIRST = { setbacks: 1, retryAt: after(NOW, seconds(15)) };
  const failing = { setbacks: 2, retryAt: ago(seconds(1)) };

  it.each<[string, unknown, unknown]>([
    [
      'an instance that boots in time is none',
      learned(before({ 'i-1': BOOTING }), { instances: all('i-1') }),
      { setbacks: 0 },
    ],
    ['an instance that does not is one', learned(before({ 'i-1': LATE }), { instances: all('i-1') }), FIRST],
    [
      'a whole wave is one',
      learned(before({ 'i-1': LATE, 'i-2': LATE, 'i-3': BOOTING }), { instances: all('i-1', 'i-2') }),
      FIRST,
    ],
    ['an instance that vanished before it was ready is one', learned(before({ 'i-1': BOOTING })), FIRST],
    [
      'one that vanished while GitLab could not be asked is one',
      learned(before({ 'i-1': BOOTING }), { managers: { linux: stale([]) } }),
      FIRST,
    ],
    ['one that vanished after it was ready is none', learned(before({ 'i-1': READY })), { setbacks: 0 }],
    [
      'one that nobody looked for has not vanished',
      learned(before({ 'i-1': BOOTING }), { instances: stale([]) }),
      { setbacks: 0 },
    ],
    [
      'a second one waits twice as long',
      learned(before({ 'i-1': LATE }, { setbacks: 1, retryAt: NOW }), { instances: all('i-1') }),
      { setbacks: 2, retryAt: after(NOW, seconds(30)) },
    ],
    [
      'another one within the wait belongs to the wave',
      learned(before({ 'i-1': LATE }, FIRST), { instances: all('i-1') }),
      FIRST,
    ],
    [
      'one that was counted is not counted again',
      learned(before({ 'i-1': { ...LATE, bootFailed: true } }), { instances: all('i-1') }),
      { setbacks: 0 },
    ],
    [
      'nor when it vanishes at last',
      learned(before({ 'i-1': { ...LATE, bootFailed: true } })),
      { setbacks: 0 },
    ],
    [
      'an instance that becomes ready ends them',
      learned(before({ 'i-1': BOOTING }, failing), {
        instances: all('i-1'),
        managers: { linux: fresh([aManager('i-1')]) },
      }),
      { setbacks: 0 },
    ],
    [
      'one that was ready before does not',
      learned(before({ 'i-1': READY }, failing), {
        instances: all('i-1'),
        managers: { linux: fresh([aManager('i-1')]) },
      }),
      failing,
    ],
    [
      'and leaves the rest of the memory',
      learned(before({ 'i-1': BOOTING }, { ...failing, lastDesired: 4, lastScaledAt: ago(minutes(1)) }), {
        instances: all('i-1'),
        managers: { linux: fresh([aManager('i-1')]) },
      }),
      { setbacks: 0, lastDesired: 4, lastScaledAt: ago(minutes(1)) },
    ],
  ])('%s', (_name, actual, expected) => {
    expect(actual).toEqual(expected);
  });

  it('are its own', () => {
    const history = before({ 'i-1': { ...LATE, pool: 'arm' } });
    const instances = fresh([anInstance('i-1', { pool: 'arm' })]);
    expect(remember(history, read({ instances }), policy).pools['linux']).toEqual({ setbacks: 0 });
  });

  it('mark the instance that failed', () => {
    const next = remember(before({ 'i-1': LATE }), read({ instances: all('i-1') }), policy);
    expect(next.instances).toEqual({ 'i-1': { pool: 'linux', bootedFor: seconds(615), bootFailed: true } });
  });
});

/** What is remembered of it. */
const kept = (instance: InstanceHistory, over: Partial<Readings> = {}) =>
  remember(before({ 'i-1': instance }), read(over), policy).instances['i-1'];

describe('an instance that EC2 lists no more', () => {
  const manager = fresh([aManager('i-1')]);
  const gone = { ...READY, goneSince: ago(minutes(5)) };
  const aDayAgo = ago(minutes(24 * 60));

  it.each<[string, unknown, unknown]>([
    ['is forgotten with its manager', kept(READY), undefined],
    [
      'is remembered until its manager is gone',
      kept(READY, { managers: { linux: manager } }),
      { ...READY, goneSince: NOW },
    ],
    ['since it was first missed', kept(gone, { managers: { linux: manager } }), gone],
    [
      'while its managers are not freshly read',
      kept(READY, { managers: { linux: stale([]) } }),
      { ...READY, goneSince: NOW },
    ],
    ['while its managers are not read at all', kept(READY, { managers: {} }), { ...READY, goneSince: NOW }],
    [
      'for a day',
      kept({ ...READY, goneSince: aDayAgo }, { managers: { linux: manager } }),
      { ...READY, goneSince: aDayAgo },
    ],
    [
      'and no longer',
      kept({ ...READY, goneSince: ago(minutes(24 * 60 + 1)) }, { managers: { linux: manager } }),
      undefined,
    ],
    [
      'has failed to boot when it was never ready',
      kept(BOOTING, { managers: {} }),
      { ...BOOTING, goneSince: NOW, bootFailed: true },
    ],
    ['is not gone while the listing is old', kept(READY, { instances: stale([]) }), READY],
    [
      'is gone when it is listed as terminated',
      kept(READY, { instances: fresh([anInstance('i-1', { state: 'terminated' })]) }),
      undefined,
    ],
    [
      'is there again when it is listed again',
      kept(gone, { instances: all('i-1'), managers: { linux: manager } }),
      { ...READY, idleSince: READY.idleSince },
    ],
  ])('%s', (_name, actual, expected) => {
    expect(actual).toEqual(expected);
  });
});

describe('an instance that has ended before any listing showed it alive', () => {
  const action = { do: 'launch', pool: 'linux', count: 1, offerings: [OFFERING] } as const;
  const bought = afterwards(before({}), [{ action, done: true, launched: ['i-1'] }], ago(seconds(15)));
  const ended = fresh([anInstance('i-1', { state: 'terminated' })]);

  it.each([
    ['listed as terminated', { instances: ended }],
    ['not listed at all', {}],
  ])('has failed to boot, once: %s', (_name, over) => {
    const once = remember(bought, read(over), policy);
    expect(once.pools['linux']).toMatchObject({ setbacks: 1 });
    const twice = remember(once, read({ ...over, now: after(NOW, minutes(1)) }), policy);
    expect(twice.pools['linux']).toMatchObject({ setbacks: 1 });
  });
});

describe('an instance that is listed as terminated because it was taken back', () => {
  const interruption = { kind: 'interruption', at: NOW } as const;
  const instances = fresh([anInstance('i-1', { state: 'terminated', interruption })]);

  it.each([
    ['its manager is gone', { linux: fresh([]) }],
    ['its manager is still there', { linux: fresh([aManager('i-1')]) }],
  ])('is held against its offering once: %s', (_name, managers) => {
    let history = before({ 'i-1': READY });
    for (let pass = 0; pass < 3; pass++) history = remember(history, read({ instances, managers }), policy);
    expect(history.shortfalls).toHaveLength(1);
    expect(remember(history, read(), policy).instances).toEqual({});
  });
});
