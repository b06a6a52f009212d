import { describe, expect, it } from 'vitest';
import { aManager, anInstance, aPool, NOW, OFFERING } from '../../test/support/observations.ts';
import { failure, scriptedStore, surroundings } from '../../test/support/scripted-ports.ts';
import { INTERRUPTED } from '../engine/offerings.ts';
import { after, minutes, seconds } from '../engine/time.ts';
import { Notices } from './notices.ts';
import { Controller } from './reconcile.ts';

const SWEEP = { sweep: true, pipelines: [] };
const GLANCE = { sweep: false, pipelines: [] };
const RUNNING = anInstance('i-1');
const ELSEWHERE = { ...OFFERING, subnet: 'subnet-elsewhere' };

/** A controller that has seen one running instance, and what is announced to it. */
async function scene({ heeds = true } = {}) {
  const broken = { store: false };
  const around = surroundings({ pools: [aPool({ min: 1, max: 2, offerings: [OFFERING, ELSEWHERE] })] });
  around.fleet.instances = [RUNNING];
  around.runners.listed = { linux: [aManager('i-1')] };
  const store = scriptedStore(around.store, {
    saveHistory: (history, fence) =>
      broken.store ? Promise.reject(failure('unavailable')) : around.store.saveHistory(history, fence),
  });
  const notices = new Notices();
  const controller = new Controller({
    ...around,
    store,
    notices,
    heedsRebalance: () => heeds,
    policy: () => around.policy,
    freshFor: () => minutes(5),
    leaseFor: () => seconds(40),
    callTimeout: () => seconds(10),
  });
  const pass = (wake: typeof SWEEP & { readonly instances?: boolean } = GLANCE) =>
    controller.pass(wake, around.abort.signal);
  await pass(SWEEP);
  around.calls.length = 0;
  around.events.length = 0;
  const announce = (kind: 'interruption' | 'rebalance') =>
    notices.take(
      [{ receipt: kind, notice: { instance: 'i-1', kind, at: around.clock.now() } }],
      around.clock.now(),
    );
  return { ...around, broken, notices, pass, announce };
}

describe('a pass that a notice has woken', () => {
  it('reads nothing, drains the instance, launches another in its place and remembers its offering', async () => {
    const { pass, announce, calls, fleet, events, disk, notices } = await scene();
    expect(announce('interruption')).toBe('pass');
    const report = await pass();
    expect(report.pass).toBe('acted');
    expect(calls).toEqual(['prepare linux', 'launch 1 of linux', 'drain i-1 (interrupted)']);
    expect(fleet.requests.map(({ offerings }) => offerings)).toEqual([[ELSEWHERE]]);
    expect(events[0]).toEqual({
      event: 'interruption noticed',
      interruption: { instance: 'i-1', pool: 'linux', kind: 'interruption', heeded: true },
    });
    expect(disk.history?.shortfalls).toMatchObject([{ code: INTERRUPTED, offering: RUNNING.offering }]);
    expect(notices.finished()).toEqual(['interruption']);
  });

  it('tries a drain that failed again at the next pass, and lets go of the notice only then', async () => {
    const { pass, announce, calls, fleet, notices, events } = await scene();
    announce('rebalance');
    fleet.script.drain = () => Promise.reject(failure('throttled'));
    await pass();
    expect(notices.finished()).toEqual([]);
    fleet.script.drain = async () => undefined;
    await pass();
    expect(calls.filter((call) => call.startsWith('drain'))).toEqual([
      'drain i-1 (interrupted)',
      'drain i-1 (interrupted)',
    ]);
    expect(notices.finished()).toEqual(['rebalance']);
    expect(events.filter(({ event }) => event === 'interruption noticed')).toHaveLength(1);
  });

  it('keeps the notice when what it learned cannot be written down', async () => {
    const { pass, announce, broken, notices } = await scene();
    announce('interruption');
    broken.store = true;
    expect((await pass()).pass).toBe('failed');
    expect(notices.finished()).toEqual([]);
    broken.store = false;
    expect((await pass()).pass).toBe('acted');
    expect(notices.finished()).toEqual(['interruption']);
  });

  it('does not drain for a recommendation that its pool ignores', async () => {
    const { pass, announce, calls, events, notices } = await scene({ heeds: false });
    announce('rebalance');
    await pass();
    expect(calls).toEqual([]);
    expect(events).toMatchObject([{ interruption: { kind: 'rebalance', heeded: false } }]);
    expect(notices.finished()).toEqual(['rebalance']);
  });

  it('reads the instances alone where one of them has ended', async () => {
    const { pass, calls, clock } = await scene();
    await clock.advance(seconds(20));
    await pass({ ...GLANCE, instances: true });
    expect(calls).toEqual(['list']);
    expect(clock.now()).toBe(after(NOW, seconds(20)));
  });
});
