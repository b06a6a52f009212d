import { describe, expect, it } from 'vitest';
import {
  aManager,
  anInstance,
  anObservation,
  aPolicy,
  aPool,
  fresh,
  idleFor,
  jobs,
  NOW,
  pending,
  stale,
} from '../../test/support/observations.ts';
import { recording } from '../../test/support/scripted-ports.ts';
import { emptyHistory } from '../engine/history.ts';
import type { Cycle } from '../engine/instruction.ts';
import type { Observation } from '../engine/observation.ts';
import { plan } from '../engine/plan.ts';
import { after, minutes, seconds } from '../engine/time.ts';
import { Decisions } from './decisions.ts';

const POLICY = aPolicy(aPool(), aPool({ name: 'arm', tags: ['arm'] }));

/** Decisions about plans of two pools, with the words of what was recorded. */
function scene() {
  const { recorder, events } = recording();
  const decisions = new Decisions(recorder);
  const decide = (over: Partial<Observation> = {}) => {
    const managers = { linux: fresh([]), arm: fresh([]) };
    return decisions.record(plan(anObservation({ managers, ...over }), POLICY));
  };
  return { decide, events, decided: (over?: Partial<Observation>) => decide(over).map(({ pool }) => pool) };
}

const waiting = (count: number, tags = ['linux']) => ({ jobs: fresh(jobs([pending(count, tags)])) });

/** One instance, idle for a minute of the five that it must be. */
function idleFleet(idle = minutes(1)): Partial<Observation> {
  return {
    instances: fresh([anInstance('i-1')]),
    managers: { linux: fresh([aManager('i-1')]), arm: fresh([]) },
    history: { ...emptyHistory(NOW), instances: { 'i-1': idleFor(idle) } },
  };
}

/** A job that is not served, found so for the `times`-th time. */
function unserved(id: number, times = 1): Partial<Observation> {
  return {
    jobs: fresh(jobs([{ kind: { project: 1, tags: ['linux'] }, pending: [{ id, queuedAt: NOW }] }])),
    history: {
      ...emptyHistory(NOW),
      unserved: [{ id, pool: 'linux', since: NOW, until: after(NOW, minutes(1)), times }],
    },
  };
}

describe('a decision', () => {
  it('is recorded with its rules and its actions, and answered for the store', () => {
    const { decide, events } = scene();
    decide();
    events.length = 0;
    const decision = {
      at: NOW,
      pool: 'linux',
      summary:
        '3 pending; slots 0 busy, 0 free, 0 booting, 0 leaving; desired 3 (demand 0→3); launch 3 instances (spot)',
      steps: [{ rule: 'demand', from: 0, to: 3 }],
      actions: ['launch 3 instances (spot)'],
    };
    expect(decide(waiting(3))).toEqual([decision]);
    expect(events).toEqual([{ event: 'decided', decision }]);
  });

  it('is one a change and a pool', () => {
    const { decided } = scene();
    expect(decided()).toEqual(['linux', 'arm']);
    expect(decided()).toEqual([]);
    expect(decided(waiting(3))).toEqual(['linux']);
    expect(decided(waiting(3))).toEqual([]);
    expect(decided(waiting(4))).toEqual(['linux']);
    expect(decided(waiting(4, ['arm']))).toEqual(['linux', 'arm']);
    expect(decided()).toEqual(['arm']);
  });

  it('is not new because something still waits, and counts down', () => {
    const { decided } = scene();
    const held = (wait: number, setbacks = 1): Partial<Observation> => ({
      ...waiting(2),
      history: {
        ...emptyHistory(NOW),
        pools: { linux: { setbacks, retryAt: after(NOW, seconds(wait)) } },
      },
    });
    decided(held(12));
    expect(decided(held(11))).toEqual([]);
    expect(decided(held(7, 2))).toEqual([]);
    expect(decided(waiting(2))).toEqual(['linux']);
  });

  it('is new for another hold', () => {
    const { decided } = scene();
    decided(idleFleet());
    expect(decided(idleFleet(minutes(2)))).toEqual([]);
    expect(
      decided({ ...idleFleet(), managers: { linux: stale([aManager('i-1')]), arm: fresh([]) } }),
    ).toEqual(['linux']);
  });

  it('is new for another instance that leaves', () => {
    const { decided } = scene();
    decided(idleFleet(minutes(9)));
    const other: Partial<Observation> = {
      ...idleFleet(),
      instances: fresh([anInstance('i-2')]),
      history: { ...emptyHistory(NOW), instances: { 'i-2': idleFor(minutes(9)) } },
    };
    expect(decided(other)).toEqual(['linux']);
  });

  it('is new as a cycle begins, is paused, and ends, and not for how far it has come', () => {
    const { decided } = scene();
    const cycle: Cycle = { kind: 'cycle', pool: 'linux', startedAt: NOW, batch: 1, paused: true };
    decided(idleFleet());
    expect(decided({ ...idleFleet(), instructions: [cycle] })).toEqual(['linux']);
    const two = fresh([anInstance('i-1'), anInstance('i-2', { state: 'shutting-down' })]);
    expect(decided({ ...idleFleet(), instances: two, instructions: [cycle] })).toEqual([]);
    const { paused: _paused, ...resumed } = cycle;
    const unread = { managers: { linux: fresh([]), arm: fresh([]) } };
    expect(decided({ ...idleFleet(), ...unread, instructions: [resumed] })).toEqual(['linux']);
    expect(decided(idleFleet())).toEqual(['linux']);
  });

  it('is new for another job that is not served', () => {
    const { decided } = scene();
    decided(unserved(1));
    expect(decided(unserved(1))).toEqual([]);
    expect(decided(unserved(2))).toEqual(['linux']);
  });
});

/** Only the alarms, such as `raised: stale jobs`. */
function alarms(events: readonly object[]): readonly string[] {
  return events.flatMap((event) =>
    'alarm' in event && 'event' in event ? [`${String(event.event)}: ${JSON.stringify(event.alarm)}`] : [],
  );
}

const down = (failure: string): Partial<Observation> => ({ jobs: { known: false, failure } });

const said = (failure: string) => JSON.stringify({ alarm: 'stale', source: 'jobs', failure });

describe('an alarm', () => {
  it('is raised once and cleared once, however its text changes', () => {
    const { decide, events } = scene();
    for (const failure of ['500', '502', '503']) decide(down(failure));
    expect(alarms(events)).toEqual([`alarm raised: ${said('500')}`]);
    decide();
    decide();
    expect(alarms(events)).toEqual([`alarm raised: ${said('500')}`, `alarm cleared: ${said('503')}`]);
    decide(down('504'));
    expect(alarms(events).slice(2)).toEqual([`alarm raised: ${said('504')}`]);
  });

  it('is its own for each source', () => {
    const { decide, events } = scene();
    decide(down('500'));
    events.length = 0;
    decide({ managers: { linux: stale([]), arm: fresh([]) } });
    expect(alarms(events)).toEqual([
      'alarm raised: {"alarm":"stale","source":"managers of linux","failure":"gitlab answered 500"}',
      'alarm cleared: {"alarm":"stale","source":"jobs","failure":"500"}',
    ]);
  });

  it('about a job is not new because it is found again', () => {
    const { decide, events } = scene();
    for (const times of [1, 2, 3]) decide(unserved(1000, times));
    expect(alarms(events)).toEqual([
      'alarm raised: {"alarm":"unserved","pool":"linux","job":1000,"times":1}',
    ]);
  });
});
