import { describe, expect, it } from 'vitest';
import { anInstance, NOW } from '../../test/support/observations.ts';
import { recording } from '../../test/support/scripted-ports.ts';
import { VirtualClock } from '../adapters/memory/clock.ts';
import { MemoryNotices } from '../adapters/memory/notices.ts';
import { elapsed, minutes, seconds } from '../engine/time.ts';
import { listen } from './listen.ts';
import { Notices } from './notices.ts';
import type { NoticeSource } from './ports.ts';
import { Wakes } from './wakes.ts';

const OURS = 'i-00000000000000001';

/** A listener over a queue in virtual time; one instance is ours. */
function listening({ deciding = true, source }: { deciding?: boolean; source?: NoticeSource } = {}) {
  const clock = new VirtualClock(NOW);
  const memory = new MemoryNotices(clock, 1);
  const notices = new Notices();
  const { part } = notices.fold(
    { known: true, value: [anInstance(OURS)], readAt: NOW, freshFor: minutes(1) },
    () => true,
  );
  notices.settle(part, []);
  const wakes = new Wakes();
  const abort = new AbortController();
  const { recorder, events } = recording();
  const heard: { readonly at: number; readonly failure: string | undefined }[] = [];
  const role = { deciding };
  const ended = listen({
    clock,
    source: source ?? memory,
    notices,
    wakes,
    recorder,
    deciding: () => role.deciding,
    heard: (failure) => heard.push({ at: elapsed(NOW, clock.now()) / 1000, failure }),
    signal: abort.signal,
  });
  const stop = async (): Promise<void> => {
    abort.abort();
    await clock.advance(seconds(0));
    await ended;
  };
  return { clock, memory, notices, wakes, events, heard, role, stop };
}

describe('listening', () => {
  it('wakes a pass at once, and lets go of the delivery when that has taken it', async () => {
    const { clock, memory, notices, wakes, stop } = listening();
    await clock.advance(seconds(5));
    expect(wakes.arrived.aborted).toBe(false);
    memory.queue.send({ instance: OURS, kind: 'interruption', at: clock.now() });
    await clock.advance(seconds(0));
    expect(wakes.arrived.aborted).toBe(true);
    expect(wakes.take()).toEqual({ sweep: false, pipelines: [] });
    const { part } = notices.fold(
      {
        known: true,
        value: [anInstance(OURS, { drain: { because: 'interrupted', at: NOW } })],
        readAt: clock.now(),
        freshFor: minutes(1),
      },
      () => true,
    );
    notices.settle(part, []);
    expect(memory.queue.counts()).toEqual({ visible: 0, inFlight: 1 });
    await clock.advance(seconds(21));
    expect(memory.queue.counts()).toEqual({ visible: 0, inFlight: 0 });
    await stop();
  });

  it('asks for a new look at the instances when one of ours has ended', async () => {
    const { clock, memory, wakes, stop } = listening();
    memory.queue.send({ instance: OURS, kind: 'end', at: NOW });
    await clock.advance(seconds(0));
    expect(wakes.take()).toEqual({ sweep: false, pipelines: [], instances: true });
    expect(memory.queue.counts()).toEqual({ visible: 0, inFlight: 0 });
    await stop();
  });

  it('asks for a new look at the instances when the group of one of ours waits', async () => {
    const { clock, memory, wakes, stop } = listening();
    memory.queue.send({ instance: OURS, kind: 'hook', at: NOW });
    await clock.advance(seconds(0));
    expect(wakes.take()).toEqual({ sweep: false, pipelines: [], instances: true });
    expect(memory.queue.counts()).toEqual({ visible: 0, inFlight: 0 });
    await stop();
  });

  it('wakes nothing for instances of others', async () => {
    const { clock, memory, wakes, stop } = listening();
    memory.queue.send({ instance: 'i-00000000000000002', kind: 'interruption', at: NOW });
    memory.queue.send({ instance: 'i-00000000000000003', kind: 'end', at: NOW });
    await clock.advance(minutes(1));
    expect(wakes.arrived.aborted).toBe(false);
    await stop();
  });

  it('leaves everything to the process that decides while this one stands by', async () => {
    const { clock, memory, heard, role, wakes, stop } = listening({ deciding: false });
    memory.queue.send({ instance: OURS, kind: 'interruption', at: NOW });
    await clock.advance(minutes(5));
    expect(memory.queue.counts()).toEqual({ visible: 1, inFlight: 0 });
    expect(heard).toEqual([]);
    role.deciding = true;
    await clock.advance(seconds(5));
    expect(wakes.arrived.aborted).toBe(true);
    await stop();
  });

  it('stops in the middle of a wait', async () => {
    const { clock, heard, stop } = listening();
    await clock.advance(seconds(5));
    await stop();
    expect(heard.filter(({ failure }) => failure !== undefined)).toEqual([]);
  });
});

describe('a source that fails', () => {
  it('is asked again after growing pauses, and told of once', async () => {
    const { clock, memory, events, heard, stop } = listening();
    memory.outage = true;
    await clock.advance(minutes(4));
    // The first wait had begun before.
    const failed = heard.filter(({ failure }) => failure !== undefined).map(({ at }) => at);
    expect(failed.slice(0, 7)).toEqual([20, 21, 23, 27, 35, 51, 83]);
    expect(failed.slice(7)).toEqual([143, 203]);
    expect(events).toEqual([
      { event: 'read failed', source: 'events', why: 'waiting for notices: it does not answer' },
    ]);
    memory.outage = false;
    memory.queue.send({ instance: OURS, kind: 'interruption', at: clock.now() });
    await clock.advance(minutes(1));
    expect(events.slice(1)).toEqual([{ event: 'read recovered', source: 'events' }]);
    expect(heard.at(-1)?.failure).toBeUndefined();
    await stop();
  });

  it('and does so for an hour is asked about once a minute', async () => {
    const { clock, memory, heard, stop } = listening();
    memory.outage = true;
    await clock.advance(minutes(60));
    expect(heard.length).toBeGreaterThan(58);
    expect(heard.length).toBeLessThan(70);
    await stop();
  });

  it('and answers at once with nothing is asked once a second', async () => {
    let asked = 0;
    const source: NoticeSource = {
      receive: async () => {
        asked += 1;
        return [];
      },
      settle: async () => undefined,
    };
    const { clock, stop } = listening({ source });
    await clock.advance(seconds(10));
    expect(asked).toBeLessThanOrEqual(11);
    expect(asked).toBeGreaterThan(8);
    await stop();
  });

  it('and gives deliveries but cannot settle them still wakes', async () => {
    const source: NoticeSource = {
      receive: async () => [
        { receipt: 'x' },
        { receipt: 'y', notice: { instance: OURS, kind: 'interruption', at: NOW } },
      ],
      settle: async () => Promise.reject(new Error('not allowed')),
    };
    const { clock, wakes, heard, stop } = listening({ source });
    await clock.advance(seconds(0));
    expect(wakes.arrived.aborted).toBe(true);
    expect(heard).toEqual([{ at: 0, failure: 'not allowed' }]);
    await stop();
  });
});
