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
  jobs,
  NOW,
  OFFERING,
  pending,
  stale,
} from '../../test/support/observations.ts';
import { explainAction } from './explain.ts';
import { emptyHistory, type History, type InstanceHistory } from './history.ts';
import type { Instance } from './instance.ts';
import type { Observation } from './observation.ts';
import { plan } from './plan.ts';
import type { FleetPolicy } from './pool.ts';
import { type Duration, minutes, seconds } from './time.ts';

const LINUX = aPolicy(aPool());
const BOTH = aPolicy(aPool(), aPool({ name: 'arm', tags: ['arm'] }));

function history(instances: Readonly<Record<string, InstanceHistory>>, over: Partial<History> = {}): History {
  return { ...emptyHistory(NOW), instances, ...over };
}

/** Idle instances, each for so long, with their managers. */
function idleFleet(
  times: Readonly<Record<string, Duration>>,
  over: Partial<Instance> = {},
): Partial<Observation> {
  const ids = Object.keys(times);
  return {
    instances: fresh(ids.map((id) => anInstance(id, over))),
    managers: { linux: fresh(ids.map((id) => aManager(id))), arm: fresh([]) },
    history: history(Object.fromEntries(Object.entries(times).map(([id, time]) => [id, idleFor(time)]))),
  };
}

/** What is to be done, in words with the pool in front. */
function actions(over: Partial<Observation>, policy: FleetPolicy = LINUX): readonly string[] {
  return plan(anObservation(over), policy).actions.map(
    (action) => `${action.pool}: ${explainAction(action)}`,
  );
}

describe('a plan', () => {
  it('of a quiet fleet is empty, and says when it was made', () => {
    const decided = plan(anObservation(), LINUX);
    expect(decided).toEqual({
      at: NOW,
      pools: [
        {
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
        },
      ],
      actions: [],
      alarms: [],
      history: { ...emptyHistory(NOW), pools: { linux: { setbacks: 0, lastDesired: 0 } } },
    });
  });

  it('launches what is missing at once, from the offerings of the pool', () => {
    const decided = plan(anObservation({ jobs: fresh(jobs([pending(3)])) }), LINUX);
    expect(decided.actions).toEqual([{ do: 'launch', pool: 'linux', count: 3, offerings: [OFFERING] }]);
    expect(decided.pools[0]?.desired).toEqual({ count: 3, steps: [{ rule: 'demand', from: 0, to: 3 }] });
  });

  it('drains what nobody needs, the longest idle first', () => {
    const fleet = idleFleet({ 'i-1': minutes(6), 'i-2': minutes(9), 'i-3': minutes(1) });
    expect(actions(fleet)).toEqual(['linux: drain i-2 (idle)', 'linux: drain i-1 (idle)']);
    expect(actions(fleet, aPolicy(aPool({ min: 2 })))).toEqual(['linux: drain i-2 (idle)']);
    expect(actions({ ...fleet, jobs: fresh(jobs([pending(3)])) })).toEqual([]);
  });

  it('replaces what must leave with what the demand needs, and tells nobody twice', () => {
    const fleet = idleFleet({ 'i-1': minutes(1) }, { generation: 'g0' });
    const demand = { jobs: fresh(jobs([pending(1)])) };
    expect(actions({ ...fleet, ...demand })).toEqual([
      'linux: launch 1 instance (spot)',
      'linux: drain i-1 (drifted)',
    ]);
    const told = idleFleet(
      { 'i-1': minutes(1) },
      { generation: 'g0', drain: { because: 'drifted', at: NOW } },
    );
    expect(actions({ ...told, ...demand })).toEqual(['linux: launch 1 instance (spot)']);
    const interrupted = idleFleet(
      { 'i-1': minutes(1) },
      { interruption: { kind: 'interruption', at: NOW }, drain: { because: 'idle', at: NOW } },
    );
    expect(actions(interrupted)).toEqual([]);
  });

  it('waits for room where everything must leave at once', () => {
    const fleet = idleFleet(
      { 'i-1': minutes(1), 'i-2': minutes(1) },
      { interruption: { kind: 'interruption', at: NOW } },
    );
    const decided = plan(
      anObservation({ ...fleet, jobs: fresh(jobs([pending(2)])) }),
      aPolicy(aPool({ max: 2 })),
    );
    expect(decided.pools[0]?.holds).toEqual([
      { what: 'launch', because: 'draining instances (2) still count towards max + surge (2 + 1)' },
    ]);
    expect(decided.actions.map(explainAction)).toEqual([
      'launch 1 instance (spot)',
      'drain i-1 (interrupted)',
      'drain i-2 (interrupted)',
    ]);
  });

  it('carries out launches, then drains, then terminations, then forgets, pool by pool', () => {
    const over: Partial<Observation> = {
      jobs: fresh(jobs([pending(1, ['arm']), pending(1)])),
      instances: fresh([
        anInstance('i-1', { interruption: { kind: 'interruption', at: NOW } }),
        anInstance('i-2'),
        anInstance('i-3', { pool: 'arm', interruption: { kind: 'interruption', at: NOW } }),
        anInstance('i-4', { pool: 'arm' }),
      ]),
      managers: { linux: fresh([aManager('i-9')]), arm: fresh([]) },
      history: history({
        'i-2': { pool: 'linux', bootedFor: minutes(11) },
        'i-4': { pool: 'arm', bootedFor: minutes(11) },
        'i-9': idleFor(minutes(3), { goneSince: ago(minutes(3)) }),
      }),
    };
    expect(actions(over, BOTH)).toEqual([
      'linux: launch 1 instance (spot)',
      'arm: launch 1 instance (spot)',
      'linux: drain i-1 (interrupted)',
      'arm: drain i-3 (interrupted)',
      'linux: terminate i-2 (stuck)',
      'arm: terminate i-4 (stuck)',
      'linux: forget manager r_i-9 (instance gone)',
    ]);
  });
});

describe('doubt', () => {
  const fleet = idleFleet({ 'i-1': minutes(9) });

  it.each<[string, Partial<Observation>, readonly string[]]>([
    ['jobs', { jobs: stale(jobs()) }, ['jobs not freshly read: doubt never scales in']],
    [
      'managers',
      { managers: { linux: stale([aManager('i-1')]) } },
      ['managers not freshly read: doubt never scales in'],
    ],
    [
      'instances',
      { instances: stale([anInstance('i-1')]) },
      ['instances not freshly read: doubt never scales in'],
    ],
  ])('about %s holds the scale-in', (_name, over, because) => {
    const decided = plan(anObservation({ ...fleet, ...over }), LINUX);
    // Stale demand without a memory keeps what there is.
    expect([decided.actions, decided.pools[0]?.holds.map((hold) => hold.because)]).toEqual([[], because]);
  });

  it('about demand keeps desired at its last fresh value, or at what there is', () => {
    const over = { ...fleet, jobs: stale(jobs([pending(5)])) };
    expect(actions(over)).toEqual([]);
    const known = history(
      { 'i-1': idleFor(minutes(9)) },
      { pools: { linux: { setbacks: 0, lastDesired: 3 } } },
    );
    expect(actions({ ...over, history: known })).toEqual(['linux: launch 2 instances (spot)']);
  });

  it('about instances launches nothing', () => {
    const over = { instances: stale([]), jobs: fresh(jobs([pending(2)])) };
    expect(plan(anObservation(over), LINUX).pools[0]?.holds).toEqual([
      { what: 'launch', because: 'the instances could not be read: buying blind could buy twice' },
    ]);
  });
});

describe('instances of a pool that is configured no more', () => {
  const over: Partial<Observation> = {
    instances: fresh([
      anInstance('i-1', { pool: 'old' }),
      anInstance('i-2', { pool: 'old', state: 'pending' }),
      anInstance('i-3', { pool: 'old', drain: { because: 'drifted', at: NOW } }),
      anInstance('i-4', { pool: 'old', state: 'shutting-down' }),
    ]),
  };

  it('drain', () => {
    expect(actions(over)).toEqual(['old: drain i-1 (drifted)', 'old: drain i-2 (drifted)']);
  });

  it('stay on doubt about what there is', () => {
    expect(actions({ ...over, instances: stale([anInstance('i-1', { pool: 'old' })]) })).toEqual([]);
  });

  it('are left alone while they are only a launch without an answer: nobody knows their ids', () => {
    const unanswered = {
      launchId: 'l-1',
      pool: 'old',
      count: 2,
      slots: 1,
      generation: 'g1',
      offering: OFFERING,
      openedAt: NOW,
    };
    expect(actions({ unanswered: [unanswered] })).toEqual([]);
  });
});

describe('managers', () => {
  const gone = (time: Duration) => history({ 'i-1': idleFor(minutes(9), { goneSince: ago(time) }) });
  const managers = { linux: fresh([aManager('i-1'), { systemId: 's_1', firstSeenAt: NOW, active: false }]) };

  it.each<[string, Partial<Observation>, readonly string[]]>([
    [
      'of instances that are gone are forgotten',
      { managers, history: gone(minutes(2)) },
      ['linux: forget manager r_i-1 (instance gone)'],
    ],
    ['not before the grace is over', { managers, history: gone(seconds(119)) }, []],
    [
      'not while they may be old news',
      { managers: { linux: stale([aManager('i-1')]) }, history: gone(minutes(9)) },
      [],
    ],
    ['not while the listing is old', { managers, history: gone(minutes(9)), instances: stale([]) }, []],
    ['of instances that nobody knows stay while they may be alive', { managers }, []],
    [
      'of instances that are there stay',
      { managers, history: history({ 'i-1': idleFor(minutes(1)) }), instances: fresh([anInstance('i-1')]) },
      [],
    ],
    [
      'of other pools stay',
      { managers: { arm: managers.linux, linux: fresh([]) }, history: gone(minutes(9)) },
      [],
    ],
  ])('%s', (_name, over, expected) => {
    expect(actions(over)).toEqual(expected);
  });

  it('are forgotten in the order of their names', () => {
    const names = ['i-3', 'i-1', 'i-2'];
    const past = history(
      Object.fromEntries(names.map((id) => [id, idleFor(minutes(9), { goneSince: ago(minutes(5)) })])),
    );
    const over = { managers: { linux: fresh(names.map((id) => aManager(id))) }, history: past };
    expect(actions(over)).toEqual(
      ['r_i-1', 'r_i-2', 'r_i-3'].map((id) => `linux: forget manager ${id} (instance gone)`),
    );
  });
});
