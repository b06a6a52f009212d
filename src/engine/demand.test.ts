import { describe, expect, it } from 'vitest';
import {
  ago,
  anObservation,
  aPolicy,
  aPool,
  fresh,
  jobs,
  NOW,
  OFFERING,
  pending,
  stale,
} from '../../test/support/observations.ts';
import { booting, busy, idle, launching } from '../../test/support/views.ts';
import type { InstanceView } from './capacity.ts';
import { demandByPool } from './demand.ts';
import { emptyHistory, type PoolHistory, type UnservedJob } from './history.ts';
import type { KindDemand } from './job.ts';
import type { Observation } from './observation.ts';
import type { PoolPolicy } from './pool.ts';
import { after, type Instant, minutes, seconds } from './time.ts';

interface Scene {
  readonly pools?: readonly PoolPolicy[];
  readonly live?: Readonly<Record<string, readonly InstanceView[]>>;
  readonly draining?: Readonly<Record<string, number>>;
  readonly history?: Readonly<Record<string, PoolHistory>>;
  readonly unserved?: readonly UnservedJob[];
  readonly over?: Partial<Observation>;
}

const A = aPool({ name: 'a', max: 2 });
const B = aPool({ name: 'b', max: 2 });

/** What every pool is asked for. */
function demand(waiting: readonly KindDemand[], scene: Scene = {}) {
  const { pools = [A, B], live = {}, draining = {}, history = {}, unserved = [], over = {} } = scene;
  const observation = anObservation({
    jobs: fresh(jobs(waiting)),
    managers: { a: fresh([]), b: fresh([]) },
    history: { ...emptyHistory(NOW), pools: history, unserved },
    ...over,
  });
  const mustered = new Map(
    pools.map(({ name }) => [name, { live: live[name] ?? [], draining: draining[name] ?? 0 }]),
  );
  return Object.fromEntries(demandByPool(observation, aPolicy(...pools), mustered));
}

/** Only the numbers, in the order of the pools. */
function counts(waiting: readonly KindDemand[], scene: Scene = {}): readonly number[] {
  return Object.values(demand(waiting, scene)).map((one) => one.pending);
}

const until = (at: PoolHistory['retryAt'] & number) => ({ history: { a: { setbacks: 1, retryAt: at } } });

describe('a pending job counts', () => {
  const untagged = aPool({ name: 'b', runUntagged: true });

  it.each<[string, readonly number[], readonly number[]]>([
    ['in the first pool that serves it', counts([pending(2)]), [2, 0]],
    ['in the next when the first is full', counts([pending(3)]), [2, 1]],
    ['in the first again when nobody can grow', counts([pending(7)]), [5, 2]],
    [
      'where a free slot is, before the next pool',
      counts([pending(3)], { live: { a: [idle('i-1', minutes(1), { slots: 2 })] } }),
      [3, 0],
    ],
    [
      'where something boots',
      counts([pending(3)], { live: { a: [booting('i-1'), launching('i-2')] } }),
      [2, 1],
    ],
    [
      'not on slots that are taken',
      counts([pending(2)], { live: { a: [busy('i-1'), busy('i-2')] } }),
      [0, 2],
    ],
    [
      'by the slots that the pool would buy',
      counts([pending(7)], { pools: [aPool({ name: 'a', max: 2, slots: 3 }), B] }),
      [6, 1],
    ],
    ['only where all its tags are served', counts([pending(1, ['linux', 'gpu'])]), [0, 0]],
    [
      'where more tags are served than it has',
      counts([pending(1, ['arm'])], { pools: [A, aPool({ name: 'b', tags: ['arm', 'linux'] })] }),
      [0, 1],
    ],
    ['without tags only where that is allowed', counts([pending(1, [])], { pools: [A, untagged] }), [0, 1]],
    ['without tags nowhere where nobody allows it', counts([pending(1, [])]), [0, 0]],
  ])('%s', (_name, actual, expected) => {
    expect(actual).toEqual(expected);
  });

  it('elsewhere while the first pool backs off, until it may try again', () => {
    expect(counts([pending(2)], until(after(NOW, seconds(1))))).toEqual([0, 2]);
    expect(counts([pending(2)], until(NOW))).toEqual([2, 0]);
  });

  it('elsewhere while instances that drain take the room of the first pool', () => {
    const pools = [aPool({ name: 'a', max: 2, surge: 1 }), B];
    expect(counts([pending(2)], { pools, draining: { a: 1 } })).toEqual([2, 0]);
    expect(counts([pending(2)], { pools, draining: { a: 2 } })).toEqual([1, 1]);
    expect(counts([pending(2)], { pools, draining: { a: 9 } })).toEqual([0, 2]);
  });

  it('elsewhere while the first pool can buy none of its offerings', () => {
    const shortfall = { pool: 'a', offering: OFFERING, code: 'InsufficientInstanceCapacity' };
    const shortSince = (at: Instant): Scene => ({
      over: { history: { ...emptyHistory(NOW), shortfalls: [{ ...shortfall, at }] } },
    });
    expect(counts([pending(2)], shortSince(ago(seconds(59))))).toEqual([0, 2]);
    expect(counts([pending(2)], shortSince(ago(seconds(60))))).toEqual([2, 0]);
    const dear = aPool({ name: 'a', maxPrice: 0.1, offerings: [{ ...OFFERING, price: 0.2 }] });
    expect(counts([pending(2)], { pools: [dear, B] })).toEqual([0, 2]);
  });

  it('on what a pool has, also while it backs off', () => {
    const history = { a: { setbacks: 1, retryAt: after(NOW, seconds(9)) } };
    expect(counts([pending(2)], { history, live: { a: [booting('i-1')] } })).toEqual([1, 1]);
  });

  it('by its own id, not by the order of reading; kinds by project and tags', () => {
    const kinds = [
      { kind: { project: 2, tags: ['linux'] }, pending: [{ id: 1, queuedAt: ago(seconds(5)) }] },
      { kind: { project: 1, tags: ['linux'] }, pending: [{ id: 9, queuedAt: ago(seconds(40)) }] },
    ];
    const pools = [aPool({ name: 'a', max: 1 }), B];
    const expected = {
      a: { pending: 1, oldestSince: ago(seconds(40)), unserved: [] },
      b: { pending: 1, oldestSince: ago(seconds(5)), unserved: [] },
    };
    expect(demand(kinds, { pools })).toEqual(expected);
    expect(demand(kinds.toReversed(), { pools })).toEqual(expected);
  });

  it('with the moment since when the oldest waits', () => {
    const waiting = {
      kind: { project: 1, tags: ['linux'] },
      pending: [
        { id: 1, queuedAt: ago(seconds(5)) },
        { id: 2, queuedAt: ago(seconds(50)) },
        { id: 3, queuedAt: ago(seconds(20)) },
      ],
    };
    expect(demand([waiting], { pools: [aPool({ name: 'a' })] })).toEqual({
      a: { pending: 3, oldestSince: ago(seconds(50)), unserved: [] },
    });
    expect(demand([], { pools: [A] })).toEqual({ a: { pending: 0, unserved: [] } });
  });

  it('also when it was read long ago, and not at all when it never was', () => {
    expect(counts([], { over: { jobs: stale(jobs([pending(2)])) } })).toEqual([2, 0]);
    expect(counts([], { over: { jobs: { known: false, failure: 'not read yet' } } })).toEqual([0, 0]);
  });
});

const waits = (time = minutes(3)) => [pending(1, ['linux'], ago(time))];

const free = (time = minutes(4)): Scene => ({ live: { a: [idle('i-1', time)] } });

const remembered = (over: Partial<UnservedJob> = {}): UnservedJob => ({
  id: 1000,
  pool: 'a',
  since: ago(minutes(30)),
  until: after(NOW, seconds(1)),
  times: 1,
  ...over,
});

describe('a job beside a free fitting slot', () => {
  it('stops counting after two minutes, for five', () => {
    expect(demand(waits(), free())).toEqual({
      a: {
        pending: 0,
        unserved: [{ id: 1000, pool: 'a', since: NOW, until: after(NOW, minutes(5)), times: 1 }],
      },
      b: { pending: 0, unserved: [] },
    });
  });

  it.each<[string, readonly number[], readonly number[]]>([
    ['the job waits for less', counts(waits(seconds(119)), free()), [1, 0]],
    ['the job waits for just as long', counts(waits(seconds(120)), free()), [0, 0]],
    ['the slot is free for less', counts(waits(), free(seconds(119))), [1, 0]],
    [
      'the manager of the free slot is gone, so nobody asks for it',
      counts(waits(), { live: { a: [{ ...idle('i-1'), managerMissingSince: ago(seconds(30)) }] } }),
      [1, 0],
    ],
    ['nothing is free', counts(waits(), { live: { a: [busy('i-1')] } }), [1, 0]],
    [
      'a slot beside a running job says nothing',
      counts(waits(), { live: { a: [busy('i-1', 1, { slots: 2 })] } }),
      [1, 0],
    ],
    [
      'the slot does not fit',
      counts([pending(1, ['arm'], ago(minutes(3)))], {
        ...free(),
        pools: [A, aPool({ name: 'b', tags: ['arm'] })],
      }),
      [0, 1],
    ],
    ['the jobs are stale', counts([], { ...free(), over: { jobs: stale(jobs(waits())) } }), [1, 0]],
    [
      'the managers are stale',
      counts(waits(), { ...free(), over: { managers: { a: stale([]), b: fresh([]) } } }),
      [1, 0],
    ],
  ])('counts or not: %s', (_name, actual, expected) => {
    expect(actual).toEqual(expected);
  });

  it('of a later pool stops counting there', () => {
    expect(demand(waits(), { live: { b: [idle('i-1')] } })).toEqual({
      a: { pending: 0, unserved: [] },
      b: {
        pending: 0,
        unserved: [{ id: 1000, pool: 'b', since: NOW, until: after(NOW, minutes(5)), times: 1 }],
      },
    });
  });

  it('stays where it was found until its wait is over, also when the slot is gone', () => {
    for (const pool of ['a', 'b']) {
      const before = remembered({ pool });
      const { [pool]: there, ...others } = demand(waits(), { unserved: [before] });
      expect(there).toEqual({ pending: 0, unserved: [before] });
      expect(Object.values(others)).toEqual([{ pending: 0, unserved: [] }]);
    }
  });

  it('of a pool that serves it no more stays with the first that does', () => {
    const before = remembered({ pool: 'gone' });
    expect(demand(waits(), { unserved: [before] })).toEqual({
      a: { pending: 0, unserved: [before] },
      b: { pending: 0, unserved: [] },
    });
  });

  it('counts again when its wait is over', () => {
    expect(counts(waits(), { unserved: [remembered({ until: NOW })] })).toEqual([1, 0]);
  });

  it.each([
    [1, 10],
    [2, 20],
    [4, 80],
    [5, 120],
    [30, 120],
  ])('found unserved again after %s times waits %s minutes', (times, wait) => {
    const unserved = [remembered({ until: NOW, times })];
    expect(demand(waits(), { ...free(), unserved })['a']?.unserved).toEqual([
      { id: 1000, pool: 'a', since: ago(minutes(30)), until: after(NOW, minutes(wait)), times: times + 1 },
    ]);
  });

  it('leaves its room to others', () => {
    const kinds = [
      ...waits(),
      { kind: { project: 2, tags: ['linux'] }, pending: [{ id: 1, queuedAt: ago(seconds(1)) }] },
    ];
    expect(counts(kinds, { ...free(), pools: [aPool({ name: 'a', max: 1 }), B] })).toEqual([1, 0]);
  });
});
