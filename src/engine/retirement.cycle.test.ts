import { describe, expect, it } from 'vitest';
import { ago, aPolicy, aPool, NOW } from '../../test/support/observations.ts';
import { booting, busy, draining, idle, launching } from '../../test/support/views.ts';
import type { InstanceView } from './capacity.ts';
import { type Cycle, cycleOf, type DrainRequest, type Instruction } from './instruction.ts';
import type { PoolPolicy } from './pool.ts';
import { retirements } from './retirement.ts';
import { after, type Instant, minutes, seconds } from './time.ts';

interface Scene {
  readonly pool?: Partial<PoolPolicy>;
  readonly instructions?: readonly Instruction[];
  readonly managersFresh?: boolean;
  readonly jobsFresh?: boolean;
}

/** Everything was read just now. */
const FRESHLY = {
  now: NOW,
  managersFresh: true,
  managersReadAt: NOW,
  jobsFresh: true,
  instructions: [],
  cycle: undefined,
  failingUntil: undefined,
};

/** Who must leave, such as `drain i-1 (asked)`. */
function leaving(views: readonly InstanceView[], scene: Scene = {}): readonly string[] {
  const { managersFresh = true, jobsFresh = true, instructions = [] } = scene;
  const pool = aPool({ surge: 9, ...scene.pool });
  const told = { instructions, cycle: cycleOf(instructions, pool.name) };
  const at = { ...FRESHLY, ...told, policy: aPolicy(pool), pool, managersFresh, jobsFresh };
  const { leavers } = retirements(views, at);
  return leavers.map(({ view, because, by }) => `${by} ${view.instance.id} (${because})`);
}

const DRIFTED = { generation: 'g0' };
const TAKEN = { interruption: { kind: 'interruption', at: NOW } } as const;
const STUCK = seconds(601);
const young = (id: string) => idle(id, minutes(1), { launchedAt: ago(minutes(1)) });

/** Began ten minutes ago. */
const CYCLE: Cycle = { kind: 'cycle', pool: 'linux', startedAt: ago(minutes(10)), batch: 2 };

describe('a cycle', () => {
  const during = (over: Partial<Cycle> = {}, scene: Scene = {}): Scene => ({
    instructions: [{ ...CYCLE, ...over }],
    ...scene,
  });
  const three = [
    busy('i-1', 1, { launchedAt: ago(minutes(30)) }),
    idle('i-2', minutes(1), { launchedAt: ago(minutes(20)) }),
    idle('i-3', minutes(1), { launchedAt: ago(minutes(40)) }),
  ];

  it.each<[string, readonly string[], readonly string[]]>([
    [
      'replaces those that were launched before it, its batch at once: the idle first, the oldest first',
      leaving([...three, young('i-4')], during()),
      ['drain i-3 (drifted)', 'drain i-2 (drifted)'],
    ],
    [
      'all of them with a batch as large',
      leaving(three, during({ batch: 9 })),
      ['drain i-3 (drifted)', 'drain i-2 (drifted)', 'drain i-1 (drifted)'],
    ],
    [
      'and not as many as the surge of the pool',
      leaving(three, during({ batch: 1 }, { pool: { surge: 3 } })),
      ['drain i-3 (drifted)'],
    ],
    ['one at a time at least', leaving(three, during({ batch: 0 })), ['drain i-3 (drifted)']],
    [
      'counts those that are on their way',
      leaving([draining('i-9', 'drifted'), ...three], during()),
      ['drain i-3 (drifted)'],
    ],
    [
      'leaves one alone that was launched as it began',
      leaving([idle('i-1', minutes(1), { launchedAt: CYCLE.startedAt })], during()),
      [],
    ],
    [
      'leaves one alone that still boots',
      leaving([booting('i-1', seconds(9), { launchedAt: ago(minutes(11)) })], during()),
      [],
    ],
    ['leaves another pool alone', leaving(three, during({ pool: 'arm' })), []],
    ['stands still while it is paused', leaving(three, during({ paused: true })), []],
    [
      'and lets drift go on meanwhile',
      leaving([idle('i-4', minutes(1), { ...DRIFTED, launchedAt: NOW }), ...three], during({ paused: true })),
      ['drain i-4 (drifted)'],
    ],
    ['waits for fresh jobs', leaving(three, during({}, { jobsFresh: false })), []],
    ['waits for fresh managers', leaving(three, during({}, { managersFresh: false })), []],
    [
      'waits until it is known what is wanted',
      leaving(three, during({}, { pool: { awaits: 'its runner is missing' } })),
      [],
    ],
  ])('%s', (_name, actual, expected) => {
    expect(actual).toEqual(expected);
  });

  it.each<[string, readonly InstanceView[], Partial<PoolPolicy>, number]>([
    ['counts what boots, until one of the new has been ready', [...three, booting('i-4')], { min: 0 }, 1],
    ['as far as its batch goes', [...three, booting('i-4'), launching('i-5')], { min: 0 }, 0],
    ['then what min lacks', [...three, young('i-4'), booting('i-5')], { min: 5 }, 1],
    ['and not what boots beyond it', [...three, young('i-4'), booting('i-5')], { min: 4 }, 2],
    ['nor what is stuck', [...three, booting('i-4', STUCK)], { min: 4 }, 2],
  ])('%s', (_name, views, over, count) => {
    const pool = aPool({ surge: 1, ...over });
    const at = { ...FRESHLY, policy: aPolicy(pool), pool, instructions: [CYCLE], cycle: CYCLE };
    const { leavers } = retirements(views, at);
    expect(leavers.filter(({ because }) => because === 'drifted')).toHaveLength(count);
  });

  it('keeps as many ready as minAvailable says, and has the rest of its batch wait', () => {
    const pool = aPool({ surge: 2, min: 3, minAvailable: 3 });
    const at = { ...FRESHLY, policy: aPolicy(pool), pool, instructions: [CYCLE], cycle: CYCLE };
    const withNew = retirements([...three, young('i-4')], at);
    expect([withNew.leavers.length, withNew.waiting, withNew.spared]).toEqual([1, 1, 0]);
    const alone = retirements(three, at);
    expect([alone.leavers.length, alone.waiting, alone.spared]).toEqual([0, 2, 0]);
  });
});

const request = (instance: string, how: DrainRequest['how']): DrainRequest => ({
  kind: 'drain',
  instance,
  at: ago(seconds(9)),
  how,
});

const ask = (how: DrainRequest['how'], ...ids: readonly string[]) => ids.map((id) => request(id, how));

describe('an instance that somebody wants gone', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    [
      'to be replaced, busy',
      leaving([busy('i-1'), idle('i-2')], { instructions: ask('replace', 'i-1') }),
      ['drain i-1 (asked)'],
    ],
    ['not before it has booted', leaving([booting('i-1')], { instructions: ask('replace', 'i-1') }), []],
    ['not on doubt', leaving([idle('i-1')], { instructions: ask('replace', 'i-1'), jobsFresh: false }), []],
    [
      'to be replaced, as many at once as the surge',
      leaving(
        ['i-1', 'i-2', 'i-3'].map((id) => busy(id)),
        { instructions: ask('replace', 'i-1', 'i-2', 'i-3'), pool: { surge: 2 } },
      ),
      ['drain i-1 (asked)', 'drain i-2 (asked)'],
    ],
    [
      'after those that were and still drain',
      leaving([draining('i-1', 'asked'), idle('i-2')], {
        instructions: ask('replace', 'i-1', 'i-2'),
        pool: { surge: 1 },
      }),
      [],
    ],
    [
      'before those that are only old',
      leaving([idle('i-1', minutes(1), DRIFTED), busy('i-2')], {
        instructions: ask('replace', 'i-2'),
        pool: { surge: 2 },
      }),
      ['drain i-1 (drifted)', 'drain i-2 (asked)'],
    ],
    [
      'to be let go, all at once',
      leaving([busy('i-1'), idle('i-2'), booting('i-3')], {
        instructions: ask('shrink', 'i-1', 'i-2', 'i-3'),
        pool: { surge: 0 },
      }),
      ['drain i-2 (asked)', 'drain i-3 (asked)', 'drain i-1 (asked)'],
    ],
    [
      'to be let go, also on doubt: its jobs end first',
      leaving([busy('i-1')], {
        instructions: ask('shrink', 'i-1'),
        jobsFresh: false,
        managersFresh: false,
      }),
      ['drain i-1 (asked)'],
    ],
    [
      'to be let go, which holds up no replacement',
      leaving([draining('i-1', 'asked'), idle('i-2', minutes(1), DRIFTED)], {
        instructions: ask('shrink', 'i-1'),
        pool: { surge: 1 },
      }).filter((one) => one.includes('i-2')),
      ['drain i-2 (drifted)'],
    ],
    [
      'for the cloud before',
      leaving([busy('i-1', 1, TAKEN)], { instructions: ask('shrink', 'i-1') }),
      ['drain i-1 (interrupted)'],
    ],
  ])('%s', (_name, actual, expected) => {
    expect(actual).toEqual(expected);
  });

  it('waits for another that is ready, where as many must stay, or goes all the same', () => {
    const pool = aPool({ surge: 1, min: 2, minAvailable: 2 });
    const at = { ...FRESHLY, policy: aPolicy(pool), pool };
    const views = [idle('i-1'), idle('i-2')];
    const replace = retirements(views, { ...at, instructions: ask('replace', 'i-1') });
    expect([replace.leavers.length, replace.waiting]).toEqual([0, 1]);
    const shrink = retirements(views, { ...at, instructions: ask('shrink', 'i-1') });
    expect([shrink.leavers.length, shrink.waiting]).toEqual([1, 0]);
  });
});

/** How many leave, and how many stay for it. */
function failing(views: readonly InstanceView[], failingUntil: Instant, over: Partial<PoolPolicy> = {}) {
  const pool = aPool({ surge: 2, ...over });
  const { leavers, spared } = retirements(views, { ...FRESHLY, policy: aPolicy(pool), pool, failingUntil });
  return [leavers.length, spared];
}

describe('while new instances fail', () => {
  const old = ['i-1', 'i-2', 'i-3'].map((id) => idle(id, minutes(1), DRIFTED));
  const later = after(NOW, seconds(1));

  it.each<[string, unknown, unknown]>([
    ['old ones stay until the next try', failing(old, later), [0, 3]],
    ['one leaves for each try', failing(old, NOW), [1, 2]],
    ['not while one that left before drains', failing([draining('i-9', 'drifted'), ...old], NOW), [0, 3]],
    ['not while the one that was bought boots', failing([...old, booting('i-9')], NOW), [0, 3]],
    ['nor while it is launched', failing([...old, launching('i-9')], NOW), [0, 3]],
    ['nor where fewer would be ready than must', failing(old, NOW, { minAvailable: 3 }), [0, 2]],
    [
      'what must leave leaves',
      failing([idle('i-9', minutes(1), TAKEN), booting('i-8', STUCK), ...old], later),
      [2, 3],
    ],
  ])('%s', (_name, actual, expected) => {
    expect(actual).toEqual(expected);
  });
});
