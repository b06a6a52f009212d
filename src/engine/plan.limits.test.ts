import { describe, expect, it } from 'vitest';
import { ALWAYS } from '../../test/support/limit-situations.ts';
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
} from '../../test/support/observations.ts';
import type { Spent } from './budget.ts';
import { explainAlarm, explainPool } from './explain.ts';
import { emptyHistory, type History } from './history.ts';
import type { Instance } from './instance.ts';
import type { Instruction } from './instruction.ts';
import { plan } from './plan.ts';
import type { FleetPolicy, PoolPolicy } from './pool.ts';
import { minutes } from './time.ts';

const SPOT = { ...OFFERING, price: 0.1 };
const ON_DEMAND = { ...SPOT, market: 'on-demand' as const, price: 0.3 };
const BUDGET = { timeZone: 'UTC', idleUntil: 0.8, onDemandUntil: 0.9 };

const spent = (ofDay: number): Spent => ({ day: '2026-01-05', ofDay, month: '2026-01', ofMonth: ofDay });

interface Scene {
  readonly waiting?: number;
  readonly instances?: readonly Instance[];
  readonly history?: Partial<History>;
  readonly instructions?: readonly Instruction[];
}

function decide(
  policy: FleetPolicy,
  { waiting = 0, instances = [], history = {}, instructions = [] }: Scene,
) {
  const remembered = instances.map(({ id, pool }) => [id, idleFor(minutes(20), { pool })] as const);
  return plan(
    anObservation({
      jobs: fresh(jobs(waiting === 0 ? [] : [pending(waiting)])),
      instances: fresh(instances),
      managers: Object.fromEntries(
        policy.pools.map(({ name }) => [
          name,
          fresh(instances.filter((one) => one.pool === name).map(({ id }) => aManager(id))),
        ]),
      ),
      instructions,
      history: { ...emptyHistory(NOW), instances: Object.fromEntries(remembered), ...history },
    }),
    policy,
  );
}

/** The decision of one pool in words. */
function told(pool: Partial<PoolPolicy>, scene: Scene, fleet: Partial<FleetPolicy> = {}): string {
  const [decided] = decide({ ...aPolicy(aPool({ offerings: [SPOT], ...pool })), ...fleet }, scene).pools;
  return decided === undefined ? '' : explainPool(decided);
}

const idleTwo = { slots: 2, time: minutes(5) };

describe('a decision under limits, in words', () => {
  it('names the schedule that holds', () => {
    const office = { name: 'office', periods: [ALWAYS], timeZone: 'UTC', idle: { slots: 3 }, max: 2 };
    expect(told({ schedules: [office] }, {})).toBe(
      '0 pending; slots 0 busy, 0 free, 0 booting, 0 leaving; desired 2 (schedule 0→3, max 3→2); schedule "office"; launch 2 instances (spot)',
    );
  });

  it('names the projects whose caps bind', () => {
    expect(told({ projectCaps: { others: 2, of: {} } }, { waiting: 5 })).toBe(
      '2 pending; slots 0 busy, 0 free, 0 booting, 0 leaving; desired 2 (demand 0→5, project cap 5→2); no launch: 3 jobs of project 1 do not count: it counts for as many as the cap lets; launch 2 instances (spot)',
    );
  });

  it('says what a budget takes away', () => {
    const budget = { ...BUDGET, day: 10 };
    const at = (dollars: number, over: Partial<PoolPolicy> = {}) =>
      told(
        { budget, idle: idleTwo, ...over },
        { waiting: 1, history: { spending: { pools: { linux: spent(dollars) } } } },
      )
        .split('; ')
        .slice(2);
    expect(at(1)).toEqual(['desired 3 (demand 0→1, idle target 1→3)', 'launch 3 instances (spot)']);
    expect(at(8.5)).toEqual([
      'desired 1 (demand 0→1, idle target 1→3, budget 3→1)',
      'no launch: budget of the pool: $8.50 of $10.00 today: nothing is bought to be idle',
      'launch 1 instance (spot)',
    ]);
    const both = {
      offerings: [ON_DEMAND, SPOT],
      split: { onDemandBase: 1, spotShare: 1, onDemandFallback: true },
    };
    expect(at(8.5, both).at(-1)).toBe('launch 1 instance (on-demand)');
    expect(at(9.5, both).slice(1)).toEqual([
      'no launch: budget of the pool: $9.50 of $10.00 today: only spot is bought, and nothing to be idle',
      'launch 1 instance (spot)',
    ]);
    const alone = {
      offerings: [ON_DEMAND],
      split: { onDemandBase: 0, spotShare: 0, onDemandFallback: false },
    };
    expect(at(9.5, alone)).toEqual([
      'desired 0 (demand 0→1, idle target 1→3, budget 3→0)',
      'no launch: budget of the pool: $9.50 of $10.00 today: only spot is bought, and nothing to be idle',
      'linux buys none',
      'nothing to do',
    ]);
    expect(at(12)).toEqual([
      'desired 0 (demand 0→1, budget 1→0)',
      'no launch: budget of the pool: $12.00 of $10.00 today: nothing is bought',
      'nothing to do',
    ]);
  });

  it('lets what is idle go once the budget is spent, min or not', () => {
    const history = { spending: { pools: { linux: spent(12) } } };
    const pool = { budget: { ...BUDGET, month: 10 }, idle: idleTwo, min: 1 };
    const instances = [anInstance('i-1'), anInstance('i-2')];
    expect(told(pool, { instances, history })).toContain('drain i-1 (idle), drain i-2 (idle)');
    expect(told(pool, { instances })).toContain('nothing to do');
  });

  it('says what an hour leaves room for', () => {
    const instances = [anInstance('i-1', { drain: { because: 'asked', at: ago(minutes(1)) } })];
    expect(told({ budget: { ...BUDGET, hour: 0.35 } }, { waiting: 5, instances })).toContain(
      'desired 2 (demand 0→5, budget 5→2); no launch: budget of the pool: $0.10 of $0.35 an hour leave room for 2 more; launch 2 instances (spot)',
    );
  });

  it('says since when it is paused', () => {
    const pause = { kind: 'pause', pool: 'linux', at: ago(minutes(3)) } as const;
    expect(told({ min: 1 }, { waiting: 2, instructions: [pause] })).toBe(
      '2 pending; slots 0 busy, 0 free, 0 booting, 0 leaving; desired 0 (demand 0→2, pause 2→0); paused; no launch: paused by command since 2026-01-05T07:57:00.000Z; nothing to do',
    );
  });

  it('says what the account may launch', () => {
    const few = { at: NOW, requests: 1, instances: 2 };
    const none = { at: NOW, requests: 0, instances: 900 };
    expect(told({ place: 'here' }, { waiting: 5, history: { launchTokens: { here: few } } })).toContain(
      'desired 2 (demand 0→5, launch pacing 5→2); no launch: EC2 lets the account launch 2 instances now: the rest follows as its limit allows; launch 2 instances (spot)',
    );
    expect(told({ place: 'here' }, { waiting: 5, history: { launchTokens: { here: none } } })).toContain(
      'no launch: EC2 lets the account launch no call now: the rest follows as its limit allows; nothing to do',
    );
    expect(told({ place: 'there' }, { waiting: 5, history: { launchTokens: { here: none } } })).toContain(
      'launch 5 instances',
    );
  });

  it('says how many all pools may have', () => {
    expect(told({}, { waiting: 5 }, { max: 3 })).toContain(
      'desired 3 (demand 0→5, fleet max 5→3); no launch: all pools together have the 3 instances that they may have; launch 3 instances (spot)',
    );
  });
});

const tokens = (requests: number, instances: number) => ({
  launchTokens: { here: { at: NOW, requests, instances } },
});

describe('what pools share', () => {
  const two = [
    aPool({ name: 'a', min: 3, offerings: [SPOT] }),
    aPool({ name: 'b', min: 3, offerings: [SPOT] }),
  ];
  const launches = (fleet: Partial<FleetPolicy>, history: Partial<History> = {}, pools = two) =>
    decide({ ...aPolicy(...pools), ...fleet }, { history }).actions.map((action) =>
      action.do === 'launch' ? `${action.pool} ${action.count}` : action.do,
    );

  it('goes to the first, and what is left to the next', () => {
    expect(launches({})).toEqual(['a 3', 'b 3']);
    expect(launches({ max: 4 })).toEqual(['a 3', 'b 1']);
    expect(launches({ max: 2 })).toEqual(['a 2']);
    expect(launches({ budget: { ...BUDGET, hour: 0.5 } })).toEqual(['a 3', 'b 2']);
    const here = two.map((pool) => ({ ...pool, place: 'here' }));
    expect(launches({}, tokens(5, 4), here)).toEqual(['a 3', 'b 1']);
    expect(launches({}, tokens(1, 100), here)).toEqual(['a 3']);
  });

  it('is told once where it is a budget of all pools', () => {
    const decided = decide(
      { ...aPolicy(...two), budget: { ...BUDGET, day: 5 } },
      { history: { spending: { pools: {}, fleet: spent(4.2) } } },
    );
    expect(decided.alarms.map(explainAlarm)).toEqual([
      'budget of all pools: $4.20 of $5.00 today: nothing is bought to be idle; what runs goes on',
    ]);
  });

  it('is told for each pool where it is their own', () => {
    const decided = decide(aPolicy(...two.map((pool) => ({ ...pool, budget: { ...BUDGET, day: 5 } }))), {
      history: { spending: { pools: { a: spent(6), b: spent(1) } } },
    });
    expect(decided.alarms.map(explainAlarm)).toEqual([
      'a: budget of the pool: $6.00 of $5.00 today: nothing is bought; what runs goes on',
    ]);
  });
});

it('instances are replaced by no pool that buys nothing', () => {
  const pause = { kind: 'pause', pool: 'linux', at: ago(minutes(3)) } as const;
  const pool = aPool({ min: 1, minAvailable: 1, offerings: [SPOT] });
  const old = anInstance('i-1', { generation: 'g0' });
  const scene = { instances: [old], waiting: 1 };
  expect(decide(aPolicy(pool), scene).actions.map((action) => action.do)).toEqual(['launch']);
  const paused = decide(aPolicy(pool), { ...scene, instructions: [pause] });
  expect(paused.actions.filter((action) => action.do === 'launch')).toEqual([]);
});
