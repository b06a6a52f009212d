import { describe, expect, it } from 'vitest';
import {
  aManager,
  anInstance,
  aPool,
  idleFor,
  jobs,
  NOW,
  OFFERING,
  pending,
} from '../../test/support/observations.ts';
import { failure, gave, type Scripts, surroundings } from '../../test/support/scripted-ports.ts';
import { MemoryLease } from '../adapters/memory/lease.ts';
import { emptyHistory } from '../engine/history.ts';
import { after, minutes, seconds } from '../engine/time.ts';
import { isPortError } from './errors.ts';
import type { LaunchIntent } from './ports.ts';
import { Controller } from './reconcile.ts';

const SWEEP = { sweep: true, pipelines: [] };
const GLANCE = { sweep: false, pipelines: [] };

/** A controller before a pending job and an empty fleet. */
function scene(scripts: Scripts = {}) {
  const around = surroundings(scripts);
  around.jobs.snapshot = jobs([pending(1)]);
  const controller = new Controller({
    ...around,
    policy: () => around.policy,
    freshFor: () => seconds(45),
    leaseFor: () => seconds(40),
    callTimeout: () => seconds(10),
  });
  return {
    ...around,
    controller,
    pass: (wake = SWEEP) => controller.pass(wake, around.abort.signal),
    /** The names of the events since the last time. */
    told: () => around.events.splice(0).map(({ event }) => event),
    changes: () => around.calls.filter((call) => /^(launch|drain|terminate|forget)/.test(call)),
  };
}

describe('a pass', () => {
  it('observes, plans, acts and records', async () => {
    const { pass, calls, disk, told, changes } = scene();
    const report = await pass();
    expect(report.pass).toBe('acted');
    if (report.pass !== 'acted') return;
    const action = { do: 'launch', pool: 'linux', count: 1, offerings: [OFFERING] };
    expect(report.plan.actions).toEqual([action]);
    expect(report.outcomes).toEqual([{ action, done: true, launched: ['i-1-0'], shortfalls: [] }]);
    expect(report.observation.now).toBe(NOW);
    expect(calls.slice(0, 3).toSorted()).toEqual(['list', 'managers linux', 'sweep']);
    expect(changes()).toEqual(['launch 1 of linux']);
    expect(told()).toEqual(['lease taken', 'decided', 'acted']);
    expect(disk.history).toEqual({
      ...emptyHistory(NOW),
      instances: { 'i-1-0': { pool: 'linux', bootedFor: 0 } },
      pools: { linux: { setbacks: 0, lastDesired: 1, lastScaledAt: NOW } },
    });
    expect(disk.decisions.map(({ pool, actions }) => [pool, actions])).toEqual([
      ['linux', ['launch 1 instance (spot)']],
    ]);
  });

  it('does not do again what the last one did, nor says it again', async () => {
    const { pass, changes, told, disk, clock } = scene();
    await pass();
    await clock.advance(seconds(1));
    await pass(GLANCE);
    told();
    await clock.advance(seconds(1));
    await pass();
    expect(changes()).toEqual(['launch 1 of linux']);
    expect(told()).toEqual([]);
    expect(disk.decisions).toHaveLength(2);
  });

  it('buys nothing again while the listing fails', async () => {
    const { pass, changes, fleet } = scene();
    await pass();
    fleet.script.list = () => Promise.reject(failure('unavailable'));
    await pass();
    await pass();
    expect(changes()).toEqual(['launch 1 of linux']);
  });

  it('finishes what was left open before it decides, and counts it although no listing shows it', async () => {
    const { pass, changes, store, clock, told } = scene();
    const template = { id: 'lt', version: '1' };
    const intent: LaunchIntent = {
      request: {
        launchId: 'l-1',
        pool: 'linux',
        count: 1,
        offerings: [OFFERING],
        slots: 1,
        generation: 'g1',
        template,
      },
      fence: 1,
      openedAt: NOW,
    };
    await store.openIntent(intent);
    await clock.advance(minutes(20));
    await pass();
    await pass();
    expect(changes()).toEqual(['launch 1 of linux']);
    expect(told()).toEqual(['lease taken', 'launch replayed', 'decided']);
  });

  it('remembers a setback, but none because it was told to stop', async () => {
    const refused = scene({ fleet: { launch: () => Promise.reject(failure('refused')) } });
    await refused.pass();
    expect(refused.disk.history?.pools).toEqual({
      linux: { setbacks: 1, retryAt: after(NOW, seconds(15)), lastDesired: 1 },
    });
    const stopped = scene();
    stopped.abort.abort();
    await stopped.pass();
    expect(stopped.changes()).toEqual([]);
    expect(stopped.disk.history?.pools).toEqual({ linux: { setbacks: 0, lastDesired: 1 } });
  });
});

describe('standing by', () => {
  it('reads and writes nothing, and says so once', async () => {
    const { pass, takeOver, calls, disk, told } = scene();
    await takeOver();
    expect(await pass()).toEqual({ pass: 'stood by', holder: 'another controller' });
    expect(await pass()).toEqual({ pass: 'stood by', holder: 'another controller' });
    expect(calls).toEqual([]);
    expect(disk.history).toBeUndefined();
    expect(told()).toEqual(['standing by']);
  });

  it('ends when the lease does', async () => {
    const { pass, takeOver, clock, told, changes } = scene();
    await takeOver();
    await pass();
    await clock.advance(seconds(41));
    expect((await pass()).pass).toBe('acted');
    expect((await pass(GLANCE)).pass).toBe('acted');
    expect(told()).toEqual(['standing by', 'lease taken', 'decided', 'acted', 'decided']);
    expect(changes()).toEqual(['launch 1 of linux']);
  });

  it('follows a turn of its own', async () => {
    const { pass, takeOver, clock, told } = scene();
    await pass();
    told();
    await clock.advance(seconds(41));
    await takeOver();
    await pass();
    expect(told()).toEqual(['standing by']);
  });
});

const broken = () => Promise.reject(failure('unavailable', 'the disk is full'));

describe('a pass that fails', () => {
  const why = 'scripted: the disk is full';
  it.each<[string, Scripts]>([
    ['reading the launches', { store: { intents: broken } }],
    ['reading the history', { store: { history: broken } }],
    ['saving the history', { store: { saveHistory: broken } }],
    ['adding decisions', { store: { addDecisions: broken } }],
  ])('%s tells so, and does not throw', async (_name, scripts) => {
    const { pass, events } = scene(scripts);
    expect(await pass()).toEqual({ pass: 'failed', why });
    expect(events.at(-1)).toEqual({ event: 'pass failed', why });
  });

  it('asking for the lease tells so, and the next one tries again', async () => {
    const around = scene();
    const { lease } = around;
    const mended = new MemoryLease(around.disk, { owner: 'this controller' });
    lease.acquire = broken;
    expect(await around.pass()).toEqual({ pass: 'failed', why });
    lease.acquire = (now, duration) => mended.acquire(now, duration);
    expect((await around.pass()).pass).toBe('acted');
    expect(around.told()).toEqual(['pass failed', 'lease taken', 'decided', 'acted']);
  });

  it('by a defect tells so', async () => {
    const { pass } = scene({ store: { history: () => Promise.reject('a bare string') } });
    expect(await pass()).toEqual({ pass: 'failed', why: 'a bare string' });
  });

  it('because somebody else took over in its midst has lost the lease, and stands by next', async () => {
    const { pass, fleet, takeOver, told, disk } = scene();
    fleet.script.launch = async () => {
      await takeOver();
      return gave('i-9');
    };
    const report = await pass();
    expect(report).toEqual({
      pass: 'failed',
      why: expect.stringMatching(/^closing launch linux-1-\w+-0 in memory: fence 1 is outdated: 2 was seen$/),
    });
    expect(told()).toEqual(['lease taken', 'decided', 'lease lost']);
    expect([disk.history, disk.decisions]).toEqual([undefined, []]);
    expect(await pass()).toEqual({ pass: 'stood by', holder: 'another controller' });
    expect(told()).toEqual(['standing by']);
  });

  it('to save its history because somebody else has written has lost the lease', async () => {
    const { pass, takeOver, jobs: source, told } = scene();
    source.snapshot = jobs();
    source.script.sweep = async () => {
      await takeOver();
      return { jobs: source.snapshot, readAt: NOW };
    };
    expect(await pass()).toEqual({
      pass: 'failed',
      why: 'saving the history in memory: fence 1 is outdated: 2 was seen',
    });
    expect(told()).toEqual(['lease taken', 'decided', 'lease lost']);
  });
});

describe('a preview', () => {
  it('says what would be done, and changes nothing', async () => {
    const { controller, abort, calls, disk, told } = scene();
    const { plan, observation } = await controller.preview(abort.signal);
    expect(plan.actions).toEqual([{ do: 'launch', pool: 'linux', count: 1, offerings: [OFFERING] }]);
    expect(observation.now).toBe(NOW);
    expect(calls.toSorted()).toEqual(['list', 'managers linux', 'sweep']);
    expect(disk).toEqual(surroundings().disk);
    expect(told()).toEqual([]);
  });

  it('needs no lease, and sees what the holder remembers', async () => {
    const { controller, abort, fleet, runners, jobs: source, disk, takeOver } = scene();
    await takeOver();
    fleet.instances = [anInstance('i-1')];
    runners.listed = { linux: [aManager('i-1')] };
    source.snapshot = jobs();
    disk.history = { ...emptyHistory(NOW), instances: { 'i-1': idleFor(minutes(9)) } };
    const before = structuredClone(disk.history);
    const { plan } = await controller.preview(abort.signal);
    expect(plan.actions).toEqual([{ do: 'drain', pool: 'linux', instance: 'i-1', because: 'idle' }]);
    expect(disk.history).toEqual(before);
    expect(disk.lease?.owner).toBe('another controller');
  });

  it('leaves open launches open, and counts them', async () => {
    const { controller, abort, store, calls } = scene();
    const template = { id: 'lt', version: '1' };
    const request = {
      launchId: 'l-1',
      pool: 'linux',
      count: 1,
      offerings: [OFFERING],
      slots: 1,
      generation: 'g1',
      template,
    };
    await store.openIntent({ request, fence: 1, openedAt: NOW });
    const { plan } = await controller.preview(abort.signal);
    expect(plan.actions).toEqual([]);
    expect(plan.pools[0]?.capacity.booting).toBe(1);
    expect(calls).not.toContain('launch 1 of linux');
  });

  it('fails aloud: whoever asked wants to know', async () => {
    const { controller, abort } = scene({ store: { history: () => Promise.reject(failure('unavailable')) } });
    const error: unknown = await controller.preview(abort.signal).catch((thrown: unknown) => thrown);
    expect(isPortError(error, 'unavailable')).toBe(true);
  });
});

it('the policy of the moment decides', async () => {
  const around = surroundings();
  around.jobs.snapshot = jobs([pending(5)]);
  let policy = around.policy;
  const controller = new Controller({
    ...around,
    policy: () => policy,
    freshFor: () => seconds(45),
    leaseFor: () => seconds(40),
    callTimeout: () => seconds(10),
  });
  policy = { ...policy, pools: [aPool({ max: 2 })] };
  await controller.pass(SWEEP, around.abort.signal);
  expect(around.fleet.requests.map(({ count }) => count)).toEqual([2]);
});
