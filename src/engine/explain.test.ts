import { describe, expect, it } from 'vitest';
import { NOW, OFFERING } from '../../test/support/observations.ts';
import { explainAction, explainAlarm, explainPool } from './explain.ts';
import type { Action } from './action.ts';
import type { Alarm } from './alarms.ts';
import type { PoolPlan } from './pool-plan.ts';

const launch = (count: number): Action => ({ do: 'launch', pool: 'linux', count, offerings: [OFFERING] });
const drain: Action = { do: 'drain', pool: 'linux', instance: 'i-1', because: 'idle' };
const terminate: Action = { do: 'terminate', pool: 'linux', instance: 'i-2', because: 'stuck' };
const forget: Action = { do: 'forget', pool: 'linux', manager: 'r_abc', because: 'instance gone' };

it.each<[Action, string]>([
  [launch(1), 'launch 1 instance (spot)'],
  [launch(2), 'launch 2 instances (spot)'],
  [drain, 'drain i-1 (idle)'],
  [terminate, 'terminate i-2 (stuck)'],
  [forget, 'forget manager r_abc (instance gone)'],
])('the action %o', (action, text) => {
  expect(explainAction(action)).toBe(text);
});

it.each<[Alarm, string]>([
  [
    { alarm: 'unserved', pool: 'linux', job: 7, times: 2 },
    'job 7 waits although linux has a free slot that fits: GitLab does not hand it out (protected ref, locked runner, used-up minutes, or the runner of the free instance does not ask); it stops counting for now',
  ],
  [
    { alarm: 'drain unacknowledged', pool: 'linux', instance: 'i-1' },
    "i-1 was asked to drain and is still there without a job: look at the agent's console output, and end it by hand if it hangs",
  ],
  [
    { alarm: 'boot failed', pool: 'linux', instance: 'i-1' },
    "i-1 was not ready within the pool's bootTimeout: look at its console output",
  ],
  [
    { alarm: 'stale', source: 'managers of linux', failure: 'gitlab answered 500' },
    'managers of linux not freshly read: gitlab answered 500; nothing is scaled in until it is',
  ],
])('the alarm %o', (alarm, text) => {
  expect(explainAlarm(alarm)).toBe(text);
});

describe('a pool in one line', () => {
  const quiet: PoolPlan = {
    pool: 'linux',
    demand: { pending: 0, unserved: [] },
    capacity: { free: 0, busy: 0, booting: 0, leaving: 0 },
    views: [],
    desired: { count: 0, steps: [] },
    limits: { min: 0, max: 10 },
    idleSlots: 0,
    budgets: [],
    rate: 0,
    holds: [],
    actions: [],
  };

  const cycle = { startedAt: NOW, paused: false, waiting: 3, leaving: 1, ready: 2 };

  it.each<[string, Partial<PoolPlan>, string]>([
    ['quiet', {}, '0 pending; slots 0 busy, 0 free, 0 booting, 0 leaving; desired 0; nothing to do'],
    [
      'during a cycle',
      { cycle },
      '0 pending; slots 0 busy, 0 free, 0 booting, 0 leaving; desired 0; cycle: 3 old left, 1 draining, 2 new ready; nothing to do',
    ],
    [
      'during a cycle that is paused',
      { cycle: { ...cycle, paused: true } },
      '0 pending; slots 0 busy, 0 free, 0 booting, 0 leaving; desired 0; cycle paused: 3 old left, 1 draining, 2 new ready; nothing to do',
    ],
    [
      'all at once',
      {
        demand: { pending: 3, oldestSince: NOW, unserved: [] },
        capacity: { free: 1, busy: 2, booting: 4, leaving: 5 },
        desired: {
          count: 9,
          steps: [
            { rule: 'demand', from: 0, to: 12 },
            { rule: 'max', from: 12, to: 9 },
          ],
        },
        holds: [{ what: 'scale-in', because: 'cooling down for 9 s more' }],
        actions: [launch(2), drain],
      },
      '3 pending; slots 2 busy, 1 free, 4 booting, 5 leaving; desired 9 (demand 0→12, max 12→9); no scale-in: cooling down for 9 s more; launch 2 instances (spot), drain i-1 (idle)',
    ],
    [
      'held twice',
      {
        holds: [
          { what: 'launch', because: 'one' },
          { what: 'scale-in', because: 'two' },
        ],
      },
      '0 pending; slots 0 busy, 0 free, 0 booting, 0 leaving; desired 0; no launch: one; no scale-in: two; nothing to do',
    ],
  ])('%s', (_name, over, text) => {
    expect(explainPool({ ...quiet, ...over })).toBe(text);
  });
});
