import { describe, expect, it } from 'vitest';
import { ago, jobs, NOW, stale } from '../../test/support/observations.ts';
import { acted, boardAfter, FAILED, MIXED, STARTED, STOOD_BY } from '../../test/support/status-boards.ts';
import type { ControllerEvent } from '../controller/events.ts';
import type { PassReport } from '../controller/reconcile.ts';
import { emptyHistory, type History } from '../engine/history.ts';
import type { Instruction } from '../engine/instruction.ts';
import type { Action } from '../engine/action.ts';
import { after, minutes, seconds, type Instant } from '../engine/time.ts';
import { isStatus, StatusBoard, type Totals } from './model.ts';

describe('the role', () => {
  it.each<[string, readonly PassReport[], object]>([
    ['nothing has passed', [], { role: 'starting' }],
    ['a pass acted', [acted()], { role: 'deciding' }],
    ['another process decides', [STOOD_BY], { role: 'standing by', detail: 'host-2/17 holds the lease' }],
    ['a pass failed', [acted(), FAILED], { role: 'failing', detail: 'the state file is locked' }],
    ['it works again', [FAILED, acted()], { role: 'deciding' }],
  ])('when %s', (_when, reports, expected) => {
    const { role, detail } = boardAfter(...reports).status(NOW);
    expect({ role, ...(detail !== undefined && { detail }) }).toEqual(expected);
  });
});

describe('what the last pass saw', () => {
  it('is nothing before the first pass', () => {
    const status = boardAfter().status(NOW);
    expect(status).toMatchObject({ installation: 'acme', sources: [], pools: [], alarms: [] });
    expect(status.startedAt).toBe('2026-01-05T07:59:00.000Z');
    expect(status.passedAt).toBeUndefined();
    expect(status.lastPassSeconds).toBeUndefined();
  });

  it('is every instance with its phase, slots and ages in seconds', () => {
    const [pool] = boardAfter(acted(MIXED)).status(NOW).pools;
    const common = { instanceType: 'm7i.large', market: 'spot', slots: 1, ageSeconds: 1800 };
    expect(pool?.instances).toEqual([
      { id: 'i-busy', phase: 'busy', busySlots: 1, ...common },
      { id: 'i-idle', phase: 'idle', busySlots: 0, idleSeconds: 90, ...common },
      { id: 'i-leaves', phase: 'draining', busySlots: 0, drain: 'idle', drainSeconds: 20, ...common },
    ]);
  });

  it('is the demand, the slots, the decision and when it was made', () => {
    const status = boardAfter(acted(MIXED)).status(NOW);
    expect(status).toMatchObject({ passedAt: '2026-01-05T07:59:00.400Z', lastPassSeconds: 0.4 });
    expect(status.pools).toMatchObject([
      {
        pool: 'linux',
        pending: 2,
        oldestPendingSeconds: 10,
        unserved: [],
        slots: { free: 1, busy: 1, booting: 0, leaving: 1 },
        desired: { count: 3 },
        decision: expect.stringMatching(/2 pending; .*launch 1 instance \(spot\)$/),
      },
    ]);
  });

  it('is how far a cycle has come, and what single instances are asked', () => {
    const instructions: readonly Instruction[] = [
      { kind: 'cycle', pool: 'linux', startedAt: ago(minutes(5)), batch: 1, paused: true },
      { kind: 'drain', instance: 'i-busy', at: NOW, how: 'replace' },
    ];
    const [pool] = boardAfter(acted({ ...MIXED, instructions })).status(NOW).pools;
    expect(pool).toMatchObject({
      cycle: { startedAt: '2026-01-05T07:55:00.000Z', paused: true, waiting: 2, leaving: 1, ready: 0 },
      decision: expect.stringContaining('; cycle paused: 2 old left, 1 draining, 0 new ready; '),
    });
    expect(pool?.instances.map(({ id, asked }) => [id, asked])).toEqual([
      ['i-busy', 'replace'],
      ['i-idle', undefined],
      ['i-leaves', undefined],
    ]);
  });

  it('grows older while nothing is read', () => {
    const board = boardAfter(acted());
    expect(board.status(after(NOW, seconds(10))).sources).toEqual([
      { source: 'jobs', fresh: true, ageSeconds: 10 },
      { source: 'instances', fresh: true, ageSeconds: 10 },
      { source: 'managers of linux', fresh: true, ageSeconds: 10 },
    ]);
    expect(board.status(after(NOW, minutes(1))).sources).toMatchObject([
      { fresh: false, ageSeconds: 60 },
      { fresh: false },
      { fresh: false },
    ]);
  });

  it('names what could not be read, and since when', () => {
    const unread = { known: false, failure: 'connection refused' } as const;
    const { sources, alarms } = boardAfter(acted({ jobs: stale(jobs()), instances: unread })).status(NOW);
    expect(sources).toEqual([
      { source: 'jobs', fresh: false, ageSeconds: 300, failure: 'gitlab answered 500' },
      { source: 'instances', fresh: false, failure: 'connection refused' },
      { source: 'managers of linux', fresh: true, ageSeconds: 0 },
    ]);
    expect(alarms).toEqual([
      expect.stringContaining('jobs not freshly read: gitlab answered 500'),
      expect.stringContaining('instances not freshly read: connection refused'),
    ]);
  });

  it('stays while passes fail', () => {
    expect(boardAfter(acted(MIXED), FAILED).status(NOW).pools).toHaveLength(1);
  });

  it('is given up once another process decides', () => {
    const { pools, sources, alarms } = boardAfter(acted(MIXED), STOOD_BY).status(NOW);
    expect({ pools, sources, alarms }).toEqual({ pools: [], sources: [], alarms: [] });
  });
});

describe('the last sound pass', () => {
  it.each<[string, readonly PassReport[], number | undefined]>([
    ['none', [], undefined],
    ['none: the only one failed', [FAILED], undefined],
    ['the one that acted', [acted()], 0.4],
    ['the one that stood by', [acted(), STOOD_BY], 1.4],
    ['the one before the failures', [acted(), acted(), FAILED, FAILED], 1.4],
  ])('is %s', (_which, reports, at) => {
    const expected = at === undefined ? undefined : after(STARTED, seconds(at));
    expect(boardAfter(...reports).lastPassAt).toBe(expected);
  });
});

const LAUNCH: Action = { do: 'launch', pool: 'linux', count: 3, offerings: [] };
const DRAIN: Action = { do: 'drain', pool: 'linux', instance: 'i-1', because: 'idle' };
const TERMINATE: Action = { do: 'terminate', pool: 'linux', instance: 'i-1', because: 'stuck' };
const FORGET: Action = { do: 'forget', pool: 'linux', manager: 'r_1', because: 'instance gone' };
const RETRY: Action = {
  do: 'retry',
  pool: 'linux',
  project: 1,
  job: 5,
  instance: 'i-1',
  because: 'instance gone',
};

function setBackUntil(retryAt: Instant): History {
  return { ...emptyHistory(NOW), pools: { linux: { setbacks: 3, retryAt } } };
}

describe('a pool', () => {
  it('shows its limits, and no setbacks where there are none', () => {
    const [pool] = boardAfter(acted()).status(NOW).pools;
    expect(pool).toMatchObject({ limits: { min: 0, max: 10 }, setbacks: 0 });
    expect(pool).not.toHaveProperty('backoffSeconds');
  });

  it('shows how long it still waits after setbacks, as of now', () => {
    const board = boardAfter(acted({ history: setBackUntil(after(NOW, seconds(60))) }));
    expect(board.status(after(NOW, seconds(20))).pools[0]).toMatchObject({ setbacks: 3, backoffSeconds: 40 });
    const [later] = board.status(after(NOW, seconds(60))).pools;
    expect(later).toMatchObject({ setbacks: 3 });
    expect(later).not.toHaveProperty('backoffSeconds');
  });
});

describe('the totals', () => {
  const zero: Totals = {
    passes: 0,
    failedPasses: 0,
    launched: 0,
    drained: 0,
    terminated: 0,
    retried: 0,
    failedActions: 0,
    bootFailures: {},
    interruptions: {},
    webhooks: {},
  };

  it.each<[ControllerEvent, Partial<Totals>]>([
    [{ event: 'acted', outcome: { action: LAUNCH, done: true, launched: ['i-1', 'i-2'] } }, { launched: 2 }],
    [{ event: 'acted', outcome: { action: LAUNCH, done: true } }, {}],
    [{ event: 'acted', outcome: { action: LAUNCH, done: false, why: 'refused' } }, { failedActions: 1 }],
    [{ event: 'acted', outcome: { action: DRAIN, done: true } }, { drained: 1 }],
    [{ event: 'acted', outcome: { action: DRAIN, done: false, why: 'throttled' } }, { failedActions: 1 }],
    [{ event: 'acted', outcome: { action: TERMINATE, done: true } }, { terminated: 1 }],
    [{ event: 'acted', outcome: { action: FORGET, done: true } }, {}],
    [{ event: 'acted', outcome: { action: RETRY, done: true, retried: 6 } }, { retried: 1 }],
    [{ event: 'acted', outcome: { action: RETRY, done: true, left: 'it is success' } }, {}],
    [{ event: 'launch replayed', launchId: 'linux-1', launched: ['i-1'] }, { launched: 1 }],
    [{ event: 'lease taken', fence: 1 }, {}],
    [
      { event: 'boot failed', pool: 'linux', instance: 'i-1', why: 'no token' },
      { bootFailures: { linux: 1 } },
    ],
    [
      {
        event: 'interruption noticed',
        interruption: { instance: 'i-1', pool: 'linux', kind: 'rebalance', heeded: true },
      },
      { interruptions: { rebalance: 1 } },
    ],
  ])('%j counts as %j', (event, counted) => {
    const board = boardAfter();
    board.record(event);
    expect(board.status(NOW).totals).toEqual({ ...zero, ...counted });
  });

  it('count passes, failed ones among them, and webhooks by what became of them', () => {
    const board = boardAfter(acted(), FAILED, STOOD_BY);
    board.webhook('accepted');
    board.webhook('rejected: wrong-token');
    board.webhook('accepted');
    expect(board.status(NOW).totals).toEqual({
      ...zero,
      passes: 3,
      failedPasses: 1,
      webhooks: { accepted: 2, 'rejected: wrong-token': 1 },
    });
  });

  it('of an answer do not change with what happens later', () => {
    const board = boardAfter();
    const { totals } = board.status(NOW);
    board.webhook('accepted');
    board.passed(FAILED, NOW, NOW);
    expect(totals).toEqual(zero);
  });
});

function sourceOf(board: StatusBoard, at = NOW) {
  return board.status(at).sources.find(({ source }) => source === 'events');
}

describe('the source of events', () => {
  it('is shown once it was listened to', () => {
    const board = boardAfter(acted());
    expect(sourceOf(board)).toBeUndefined();
    board.heardNotices(NOW);
    expect(sourceOf(board, after(NOW, seconds(20)))).toEqual({
      source: 'events',
      fresh: true,
      ageSeconds: 20,
    });
    expect(sourceOf(board, after(NOW, seconds(91)))).toMatchObject({ fresh: false });
  });

  it('keeps its age while it fails, says why, and recovers', () => {
    const board = boardAfter(acted());
    board.heardNotices(NOW);
    board.heardNotices(after(NOW, seconds(10)), 'the queue does not exist');
    expect(sourceOf(board, after(NOW, seconds(10)))).toEqual({
      source: 'events',
      fresh: true,
      ageSeconds: 10,
      failure: 'the queue does not exist',
    });
    board.heardNotices(after(NOW, seconds(20)));
    expect(sourceOf(board, after(NOW, seconds(20)))).toEqual({
      source: 'events',
      fresh: true,
      ageSeconds: 0,
    });
  });

  it('is stale where it never answered', () => {
    const board = boardAfter(acted());
    board.heardNotices(NOW, 'no answer');
    expect(sourceOf(board)).toEqual({ source: 'events', fresh: false, failure: 'no answer' });
  });
});

describe('a JSON document', () => {
  it.each<[string, PassReport[]]>([
    ['starting', []],
    ['deciding', [acted(MIXED)]],
    ['standing by', [STOOD_BY]],
    ['failing', [FAILED]],
  ])('is a status when it was one: %s', (_role, reports) => {
    const sent: unknown = JSON.parse(JSON.stringify(boardAfter(...reports).status(NOW)));
    expect(isStatus(sent)).toBe(true);
  });

  it.each([
    [null],
    ['healthy'],
    [[]],
    [{}],
    [{ installation: 'acme', role: 'deciding', sources: [], pools: [], alarms: [], totals: null }],
    [{ installation: 'acme', role: 'deciding', sources: [], pools: {}, alarms: [], totals: { passes: 1 } }],
    [{ installation: 'acme', role: 'deciding', pools: [], totals: { passes: 1 } }],
  ])('is no status: %j', (document) => {
    expect(isStatus(document)).toBe(false);
  });
});
