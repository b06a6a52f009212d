import { describe, expect, it } from 'vitest';
import {
  ago,
  aManager,
  anInstance,
  anObservation,
  fresh,
  idleFor,
  jobs,
  NOW,
  OFFERING,
} from '../../test/support/observations.ts';
import { booting, busy, draining, idle, launching } from '../../test/support/views.ts';
import { capacityOf, exists, heldByInstance, viewOf, viewsByPool } from './capacity.ts';
import { emptyHistory } from './history.ts';
import type { InstanceHistory } from './history.ts';
import type { Instance, InstanceState } from './instance.ts';
import { minutes, seconds } from './time.ts';

const READY = { pool: 'linux', bootedFor: seconds(40), readyAt: ago(minutes(20)) };
const DRAIN = { because: 'idle', at: ago(seconds(20)) } as const;

type Facts = Parameters<typeof viewOf>[0];

/** Phase, busy slots and free slots of an instance of two slots. */
function seen(facts: Partial<Facts>, instance: Partial<Facts['instance']> = {}) {
  const view = viewOf({ instance: anInstance('i-1', { slots: 2, ...instance }), held: 0, ...facts });
  return [view.phase, view.busySlots, view.freeSlots];
}

describe('the phase of an instance', () => {
  const active = aManager('i-1', { active: true });

  it.each<[string, unknown, unknown]>([
    ['pending without manager launches', seen({}, { state: 'pending' }), ['launching', 0, 0]],
    ['running without manager boots', seen({}), ['booting', 0, 0]],
    ['a first contact makes it ready', seen({ manager: aManager('i-1') }), ['idle', 0, 2]],
    ['ready once is ready, also while its manager is missing', seen({ remembered: READY }), ['idle', 0, 2]],
    ['a job outranks the word idle', seen({ manager: aManager('i-1'), held: 1 }), ['busy', 1, 1]],
    ['a job proves ready before any contact', seen({ held: 1 }), ['busy', 1, 1]],
    ['active without a known job fills it', seen({ manager: active }), ['busy', 2, 0]],
    ['a known job says more than active', seen({ manager: active, held: 1 }), ['busy', 1, 1]],
    ['more jobs than slots fill it', seen({ manager: active, held: 5 }), ['busy', 2, 0]],
    ['a drain ends its free slots', seen({ remembered: READY }, { drain: DRAIN }), ['draining', 0, 0]],
    ['a drain keeps its jobs', seen({ remembered: READY, held: 1 }, { drain: DRAIN }), ['draining', 1, 0]],
    ['a drain counts before it is ready', seen({}, { drain: DRAIN }), ['draining', 0, 0]],
    [
      'an interruption drains',
      seen({ remembered: READY }, { interruption: { kind: 'interruption', at: NOW } }),
      ['draining', 0, 0],
    ],
    [
      'shutting down ends it, whatever was asked',
      seen({ remembered: READY, held: 1 }, { state: 'shutting-down', drain: DRAIN }),
      ['terminating', 1, 0],
    ],
    ['stopping ends it', seen({ remembered: READY }, { state: 'stopping' }), ['terminating', 0, 0]],
  ])('%s', (_name, actual, expected) => {
    expect(actual).toEqual(expected);
  });

  it('carries what is known beside it', () => {
    const instance = anInstance('i-1');
    const manager = aManager('i-1');
    const remembered = { ...idleFor(minutes(3)), managerMissingSince: ago(seconds(5)) };
    expect(viewOf({ instance, manager, held: 0, remembered })).toEqual({
      instance,
      phase: 'idle',
      busySlots: 0,
      freeSlots: 1,
      manager,
      readyAt: ago(minutes(3)),
      idleSince: ago(minutes(3)),
      bootedFor: seconds(40),
      managerMissingSince: ago(seconds(5)),
      spent: false,
    });
    expect(viewOf({ instance, manager, held: 0 }).readyAt).toBe(manager.firstSeenAt);
  });
});

/** Whether it takes no more, its free slots, and its phase. */
const afterJobs = (over: Partial<InstanceHistory>, held = 0, counted: Partial<Instance> = { maxJobs: 2 }) => {
  const remembered = idleFor(minutes(1), over);
  const instance = anInstance('i-1', counted);
  const { spent, freeSlots, phase } = viewOf({ instance, manager: aManager('i-1'), held, remembered });
  return [spent, freeSlots, phase];
};
const ran = (count: number) => ({ jobs: { count, last: [count] } });

describe('an instance that ends after some jobs', () => {
  it.each<[string, unknown, unknown]>([
    ['has room before them', afterJobs({}), [false, 1, 'idle']],
    ['has room between them', afterJobs(ran(1)), [false, 1, 'idle']],
    ['is full with the last', afterJobs(ran(2), 1), [true, 0, 'busy']],
    ['has no room after the last', afterJobs(ran(2)), [true, 0, 'idle']],
    [
      'has none when its manager is gone: it has ended',
      afterJobs({ managerMissingSince: NOW }),
      [true, 0, 'idle'],
    ],
    ['is another one that is not counted', afterJobs(ran(9), 0, {}), [false, 1, 'idle']],
  ])('%s', (_name, actual, expected) => {
    expect(actual).toEqual(expected);
  });
});

it.each<[InstanceState, boolean]>([
  ['pending', true],
  ['running', true],
  ['shutting-down', true],
  ['stopping', true],
  ['stopped', false],
  ['terminated', false],
])('a %s instance exists: %s', (state, expected) => {
  expect(exists(anInstance('i-1', { state }))).toBe(expected);
});

it('counts held jobs an instance, and none that others hold', () => {
  const held = [
    { id: 1, project: 1, instance: 'i-1' },
    { id: 2, project: 1, instance: 'i-2' },
    { id: 3, project: 2, instance: 'i-1' },
    { id: 4, project: 2 },
  ];
  expect([...heldByInstance(held)]).toEqual([
    ['i-1', 2],
    ['i-2', 1],
  ]);
});

describe('the views of a fleet', () => {
  it('join every source by pool, in the order of ids', () => {
    const observation = anObservation({
      jobs: fresh(jobs([], [{ id: 7, project: 1, instance: 'i-2' }])),
      instances: fresh([
        anInstance('i-3', { pool: 'arm' }),
        anInstance('i-2', { slots: 2 }),
        anInstance('i-1'),
        anInstance('i-0', { state: 'terminated' }),
      ]),
      managers: {
        linux: fresh([aManager('i-1'), aManager('i-2'), { ...aManager('i-9'), instance: 'i-9' }]),
        // A manager counts for the pool whose runner it is of.
        arm: fresh([aManager('i-1', { active: true })]),
      },
      history: { ...emptyHistory(NOW), instances: { 'i-1': idleFor(minutes(2)) } },
    });
    const seenViews = [...viewsByPool(observation)].map(([pool, views]) => [
      pool,
      views.map(({ instance, phase, busySlots, idleSince }) => [instance.id, phase, busySlots, idleSince]),
    ]);
    expect(seenViews).toEqual([
      [
        'linux',
        [
          ['i-1', 'idle', 0, ago(minutes(2))],
          ['i-2', 'busy', 1, undefined],
        ],
      ],
      ['arm', [['i-3', 'booting', 0, undefined]]],
    ]);
  });

  it('count an unanswered launch as if it had bought', () => {
    const unanswered = {
      launchId: 'launch-9',
      pool: 'linux',
      count: 2,
      slots: 3,
      generation: 'g1',
      offering: OFFERING,
      openedAt: ago(seconds(5)),
    };
    const views = viewsByPool(anObservation({ unanswered: [unanswered] })).get('linux') ?? [];
    expect(views.map(({ instance, phase }) => [instance.id, instance.slots, phase])).toEqual([
      ['launch-9/0', 3, 'launching'],
      ['launch-9/1', 3, 'launching'],
    ]);
    expect(views[0]?.instance.launchedAt).toBe(ago(seconds(5)));
  });

  it('count an unanswered launch once, also when some of its instances are listed already', () => {
    const unanswered = {
      launchId: 'launch-9',
      pool: 'linux',
      count: 3,
      slots: 1,
      generation: 'g1',
      offering: OFFERING,
      openedAt: ago(seconds(5)),
    };
    const ids = (...listed: readonly string[]) => {
      const instances = fresh(listed.map((id) => anInstance(id, { launchId: 'launch-9' })));
      const views = viewsByPool(anObservation({ instances, unanswered: [unanswered] })).get('linux') ?? [];
      return views.map(({ instance }) => instance.id);
    };
    expect(ids('i-1', 'i-2')).toEqual(['i-1', 'i-2', 'launch-9/0']);
    expect(ids('i-1', 'i-2', 'i-3')).toEqual(['i-1', 'i-2', 'i-3']);
    expect(ids('i-1', 'i-2', 'i-3', 'i-4')).toEqual(['i-1', 'i-2', 'i-3', 'i-4']);
  });

  it('of nothing read are none', () => {
    const unknown = { known: false, failure: 'not read yet' } as const;
    expect([...viewsByPool(anObservation({ instances: unknown, jobs: unknown, managers: {} }))]).toEqual([]);
  });
});

it('capacity adds up slots by what they are doing', () => {
  const four = { slots: 4 };
  const views = [
    busy('i-1', 3, four),
    idle('i-2', minutes(1), four),
    booting('i-3', seconds(1), four),
    launching('i-4'),
    draining('i-5', 'idle', four),
    idle('i-6', minutes(1), { state: 'shutting-down', slots: 2 }),
  ];
  expect(capacityOf(views)).toEqual({ busy: 3, free: 5, booting: 5, leaving: 6 });
  expect(capacityOf([])).toEqual({ busy: 0, free: 0, booting: 0, leaving: 0 });
});
