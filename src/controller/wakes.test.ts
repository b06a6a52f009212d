import { describe, expect, it } from 'vitest';
import { NOW } from '../../test/support/observations.ts';
import { VirtualClock } from '../adapters/memory/clock.ts';
import { type Duration, elapsed, minutes, seconds } from '../engine/time.ts';
import type { Wake } from './observe.ts';
import { runPasses, Wakes } from './wakes.ts';

describe('wakes', () => {
  it('are one a pipeline, in the order of their first arrival', () => {
    const wakes = new Wakes();
    for (let count = 0; count < 1000; count++) wakes.add({ project: count % 2, pipeline: count % 5 });
    wakes.add({ project: 1, pipeline: 11 });
    expect(wakes.take()).toEqual({
      sweep: false,
      pipelines: [
        { project: 0, pipeline: 0 },
        { project: 1, pipeline: 1 },
        { project: 0, pipeline: 2 },
        { project: 1, pipeline: 3 },
        { project: 0, pipeline: 4 },
        { project: 1, pipeline: 0 },
        { project: 0, pipeline: 1 },
        { project: 1, pipeline: 2 },
        { project: 0, pipeline: 3 },
        { project: 1, pipeline: 4 },
        { project: 1, pipeline: 11 },
      ],
    });
  });

  it('are taken once', () => {
    const wakes = new Wakes();
    wakes.addSweep();
    wakes.add({ project: 1, pipeline: 1 });
    expect(wakes.take()).toEqual({ sweep: true, pipelines: [{ project: 1, pipeline: 1 }] });
    expect(wakes.take()).toEqual({ sweep: false, pipelines: [] });
  });

  it('tell that they have arrived, each taking anew', () => {
    const wakes = new Wakes();
    expect(wakes.arrived.aborted).toBe(false);
    wakes.addSweep();
    const { arrived } = wakes;
    expect(arrived.aborted).toBe(true);
    wakes.take();
    expect(wakes.arrived.aborted).toBe(false);
    wakes.add({ project: 1, pipeline: 1 });
    expect(wakes.arrived.aborted).toBe(true);
  });
});

interface Pass extends Wake {
  /** Seconds since the start. */
  readonly at: number;
}

/** The loop of passes with a poll every 15 s, each pass taking as long as is said. */
function loop({ takes = seconds(0) }: { takes?: Duration } = {}) {
  const clock = new VirtualClock(NOW);
  const wakes = new Wakes();
  const abort = new AbortController();
  const passes: Pass[] = [];
  const poll = { interval: seconds(15) };
  const state = { running: 0, overlapped: false, ended: false };
  const ended = runPasses({
    clock,
    wakes,
    pass: async (wake) => {
      passes.push({ at: elapsed(NOW, clock.now()) / 1000, ...wake });
      state.overlapped ||= state.running > 0;
      state.running += 1;
      if (takes > 0) await clock.sleep(takes);
      state.running -= 1;
    },
    pollInterval: () => poll.interval,
    spacing: seconds(1),
    signal: abort.signal,
  }).then(() => (state.ended = true));
  const wake = (pipeline = 1) => wakes.add({ project: 1, pipeline });
  return { clock, wakes, abort, passes, poll, state, ended, wake };
}

const times = (passes: readonly Pass[]) => passes.map(({ at }) => at);
const sweeps = (passes: readonly Pass[]) => passes.filter(({ sweep }) => sweep).map(({ at }) => at);

describe('the loop of passes', () => {
  it('begins with a sweep and sweeps at every poll interval', async () => {
    const { clock, passes } = loop();
    await clock.advance(seconds(50));
    expect(passes).toEqual([0, 15, 30, 45].map((at) => ({ at, sweep: true, pipelines: [] })));
  });

  it('makes one pass of a thousand wakes, with each pipeline once', async () => {
    const { clock, passes, wake } = loop();
    await clock.advance(seconds(5));
    for (let count = 0; count < 1000; count++) wake(count % 3);
    await clock.advance(seconds(5));
    const pipelines = [0, 1, 2].map((pipeline) => ({ project: 1, pipeline }));
    expect(passes.slice(1)).toEqual([{ at: 5, sweep: false, pipelines }]);
  });

  it('wakes at once, but starts no two passes within a second', async () => {
    const { clock, passes, wake } = loop();
    await clock.advance(seconds(5));
    for (let tenth = 0; tenth < 30; tenth++) {
      wake();
      await clock.advance(seconds(0.1));
    }
    expect(times(passes)).toEqual([0, 5, 6, 7, 8]);
  });

  it('keeps its sweeps under a steady stream of wakes', async () => {
    const { clock, passes, wake } = loop();
    for (let second = 0; second < 60; second++) {
      wake();
      await clock.advance(seconds(1));
    }
    expect(times(passes)).toEqual(Array.from({ length: 61 }, (_, at) => at));
    expect(sweeps(passes)).toEqual([0, 15, 30, 45, 60]);
  });

  it('sweeps when it is told to, and counts from there', async () => {
    const { clock, passes, wakes } = loop();
    await clock.advance(seconds(4));
    wakes.addSweep();
    await clock.advance(seconds(20));
    expect(sweeps(passes)).toEqual([0, 4, 19]);
    expect(times(passes)).toEqual([0, 4, 19]);
  });

  it('has one pass at a time, and takes what arrived meanwhile', async () => {
    const { clock, passes, state, wake } = loop({ takes: seconds(10) });
    await clock.advance(seconds(5));
    wake(7);
    await clock.advance(seconds(10));
    expect(passes).toEqual([
      { at: 0, sweep: true, pipelines: [] },
      { at: 10, sweep: false, pipelines: [{ project: 1, pipeline: 7 }] },
    ]);
    expect(state.overlapped).toBe(false);
  });

  it('sweeps without a pause when a pass takes longer than the interval', async () => {
    const { clock, passes } = loop({ takes: seconds(20) });
    await clock.advance(seconds(45));
    expect(sweeps(passes)).toEqual([0, 20, 40]);
  });

  it('asks for the interval each time', async () => {
    const { clock, passes, poll } = loop();
    await clock.advance(seconds(16));
    poll.interval = seconds(60);
    await clock.advance(minutes(3));
    expect(sweeps(passes)).toEqual([0, 15, 75, 135, 195]);
  });

  it.each([
    ['between two passes', 0, 7],
    ['in the pause after a pass', 0, 0.5],
    ['within a pass', 10, 5],
  ])('ends promptly %s', async (_name, takes, at) => {
    const { clock, passes, abort, state, ended } = loop({ takes: seconds(takes) });
    await clock.advance(seconds(at));
    abort.abort();
    await clock.advance(seconds(takes));
    await ended;
    expect(state.ended).toBe(true);
    expect(times(passes)).toEqual([0]);
  });

  it('runs no pass when it is over before it begins', async () => {
    const passes: Wake[] = [];
    await runPasses({
      clock: new VirtualClock(NOW),
      wakes: new Wakes(),
      pass: async (wake) => passes.push(wake),
      pollInterval: () => seconds(15),
      spacing: seconds(1),
      signal: AbortSignal.abort(),
    });
    expect(passes).toEqual([]);
  });
});
