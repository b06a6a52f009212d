import { describe, expect, it } from 'vitest';
import { ago, aPolicy, aPool, NOW, OFFERING } from '../../test/support/observations.ts';
import { emptyHistory, type PoolHistory, type Shortfall } from './history.ts';
import { afterwards, type Outcome } from './outcome.ts';
import type { Action } from './action.ts';
import { after, minutes, seconds } from './time.ts';

const launch: Action = { do: 'launch', pool: 'linux', count: 2, offerings: [OFFERING] };
const idle: Action = { do: 'drain', pool: 'linux', instance: 'i-1', because: 'idle' };
const drifted: Action = { ...idle, because: 'drifted' };
const stuck: Action = { do: 'terminate', pool: 'linux', instance: 'i-1', because: 'stuck' };
const forget: Action = { do: 'forget', pool: 'linux', manager: 'r_1', because: 'instance gone' };

const done = (action: Action, over: object = {}): Outcome => ({ action, done: true, ...over });
const failed = (action: Action): Outcome => ({ action, done: false, why: 'refused' });
const short: Shortfall = { pool: 'linux', code: 'InsufficientInstanceCapacity', at: NOW };

/** What the memory of the pool says after these outcomes. */
function pool(outcomes: readonly Outcome[], before?: PoolHistory): PoolHistory | undefined {
  const history = { ...emptyHistory(NOW), pools: before === undefined ? {} : { linux: before } };
  return afterwards(history, outcomes, NOW).pools['linux'];
}

const FIRST = { setbacks: 1, retryAt: after(NOW, seconds(15)) };

describe('what came of actions', () => {
  it.each<[string, PoolHistory | undefined, PoolHistory | undefined]>([
    ['nothing was done', pool([]), undefined],
    [
      'a whole launch cools down',
      pool([done(launch, { launched: ['i-1', 'i-2'] })]),
      { setbacks: 0, lastScaledAt: NOW },
    ],
    [
      'a part of a launch cools down and is a setback',
      pool([done(launch, { launched: ['i-1'] })]),
      { ...FIRST, lastScaledAt: NOW },
    ],
    ['a launch that gave nothing is a setback alone', pool([done(launch, { launched: [] })]), FIRST],
    ['a launch whose answer says nothing is a setback', pool([done(launch)]), FIRST],
    ['a failed launch is a setback', pool([failed(launch)]), FIRST],
    [
      'a launch that never began is none',
      pool([{ action: launch, done: false, begun: false, why: 'shutting down' }]),
      { setbacks: 0 },
    ],
    ['a drain for idleness cools down', pool([done(idle)]), { setbacks: 0, lastScaledAt: NOW }],
    ['a failed one does not', pool([failed(idle)]), { setbacks: 0 }],
    ['a drain for another reason does not', pool([done(drifted)]), { setbacks: 0 }],
    ['a termination does not', pool([done(stuck)]), { setbacks: 0 }],
    ['a forgotten manager does not', pool([done(forget)]), { setbacks: 0 }],
    ['two failures in one pass are one setback', pool([failed(launch), failed(launch)]), FIRST],
    [
      'a failure after others waits twice as long',
      pool([failed(launch)], { setbacks: 2, retryAt: NOW, lastDesired: 4 }),
      { setbacks: 3, retryAt: after(NOW, seconds(60)), lastDesired: 4 },
    ],
    [
      'a failure within a wait belongs to its wave',
      pool([failed(launch)], { setbacks: 2, retryAt: after(NOW, seconds(1)) }),
      { setbacks: 2, retryAt: after(NOW, seconds(1)) },
    ],
    [
      'after many the wait is a quarter of an hour',
      pool([failed(launch)], { setbacks: 40 }),
      { setbacks: 41, retryAt: after(NOW, minutes(15)) },
    ],
    [
      'a whole launch leaves the setbacks to the boot',
      pool([done(launch, { launched: ['i-1', 'i-2'] })], { setbacks: 2, retryAt: ago(seconds(1)) }),
      { setbacks: 2, retryAt: ago(seconds(1)), lastScaledAt: NOW },
    ],
  ])('%s', (_name, actual, expected) => {
    expect(actual).toEqual(expected);
  });

  it('shortfalls are added to those remembered, each pool keeps its own memory', () => {
    const older = { ...short, at: ago(minutes(1)) };
    const history = { ...emptyHistory(NOW), shortfalls: [older], pools: { arm: { setbacks: 3 } } };
    const outcomes = [
      done(launch, { launched: ['i-1'], shortfalls: [short] }),
      failed({ ...launch, pool: 'gpu' }),
    ];
    expect(afterwards(history, outcomes, NOW)).toEqual({
      ...history,
      instances: { 'i-1': { pool: 'linux', bootedFor: 0 } },
      pools: { arm: { setbacks: 3 }, linux: { ...FIRST, lastScaledAt: NOW }, gpu: FIRST },
      shortfalls: [older, short],
    });
    expect(history.shortfalls).toEqual([older]);
  });

  it('what is known of an instance is not lost where its launch is told once more', () => {
    const instances = { 'i-1': { pool: 'linux', bootedFor: seconds(30), readyAt: NOW } };
    const outcomes = [done(launch, { launched: ['i-1', 'i-2'] })];
    expect(afterwards({ ...emptyHistory(NOW), instances }, outcomes, NOW).instances).toEqual({
      ...instances,
      'i-2': { pool: 'linux', bootedFor: 0 },
    });
  });
});

describe('what launches leave of the limits of their place', () => {
  const policy = aPolicy(aPool({ place: 'here' }), aPool({ name: 'elsewhere' }));
  const left = (...outcomes: readonly Outcome[]): unknown =>
    afterwards(emptyHistory(NOW), outcomes, NOW, policy).launchTokens?.['here'];
  const limited = { ...short, code: 'RequestLimitExceeded' };

  it.each<[string, unknown, unknown]>([
    ['nothing is known while nothing was launched', left(done(idle)), undefined],
    [
      'a call and its instances',
      left(done(launch, { launched: ['i-1', 'i-2'] })),
      { requests: 4, instances: 998 },
    ],
    ['what a group will launch', left(done(launch, { ordered: 2 })), { requests: 4, instances: 998 }],
    ['each call', left(done(launch), done(launch, { launched: ['i-1'] })), { requests: 3, instances: 999 }],
    ['a call that failed', left(failed(launch)), { requests: 4, instances: 1000 }],
    ['no call, no loss', left({ action: launch, done: false, begun: false, why: 'over' }), undefined],
    [
      'all that EC2 says is used up',
      left(done(launch, { launched: ['i-1'], shortfalls: [limited] })),
      { requests: 0, instances: 0 },
    ],
    ['of another place, nothing', left(done({ ...launch, pool: 'elsewhere' })), undefined],
  ])('%s', (_name, actual, expected) => {
    expect(actual).toEqual(expected === undefined ? undefined : { at: NOW, ...Object(expected) });
  });
});
