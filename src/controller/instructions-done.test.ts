import { describe, expect, it } from 'vitest';
import {
  anInstance,
  anObservation,
  ago,
  fresh,
  NOW,
  OFFERING,
  stale,
} from '../../test/support/observations.ts';
import { recording } from '../../test/support/scripted-ports.ts';
import { MemoryDisk, MemoryStore } from '../adapters/memory/store.ts';
import type { Cycle, DrainRequest, Instruction } from '../engine/instruction.ts';
import type { Observation, UnansweredLaunch } from '../engine/observation.ts';
import { type Instant, minutes, seconds } from '../engine/time.ts';
import { retractDone } from './instructions-done.ts';

const CYCLE: Cycle = { kind: 'cycle', pool: 'linux', startedAt: ago(minutes(5)), batch: 1 };
const DRAIN: DrainRequest = { kind: 'drain', instance: 'i-1', at: ago(minutes(5)), how: 'replace' };
const OLD = anInstance('i-1', { launchedAt: ago(minutes(30)) });
const NEW = anInstance('i-2', { launchedAt: ago(minutes(4)) });

/** A launch that nobody answered yet. */
function launchedAt(openedAt: Instant): UnansweredLaunch {
  return {
    launchId: 'l-1',
    pool: 'linux',
    count: 1,
    slots: 1,
    generation: 'g1',
    offering: OFFERING,
    openedAt,
  };
}

/** What is left of the instructions after a pass that saw this, and which were said to be done. */
async function after(instructions: readonly Instruction[], over: Partial<Observation>) {
  const store = new MemoryStore(new MemoryDisk());
  for (const instruction of instructions) await store.instruct(instruction);
  const { recorder, events } = recording();
  await retractDone(anObservation({ instructions, ...over }), { store, recorder });
  const done = events.flatMap((event) => (event.event === 'instruction done' ? [event.instruction] : []));
  return { left: await store.instructions(), done };
}

describe('a cycle', () => {
  it.each<[string, Partial<Observation>, boolean]>([
    ['while an old one is there', { instances: fresh([OLD, NEW]) }, false],
    [
      'while an old one drains',
      { instances: fresh([{ ...OLD, drain: { because: 'drifted', at: ago(seconds(9)) } }]) },
      false,
    ],
    ['while an old one ends', { instances: fresh([{ ...OLD, state: 'shutting-down' }]) }, false],
    ['once all are new', { instances: fresh([NEW]) }, true],
    ['once the old ones have ended', { instances: fresh([{ ...OLD, state: 'terminated' }, NEW]) }, true],
    ['where there is none at all', { instances: fresh([]) }, true],
    ['whatever another pool has', { instances: fresh([{ ...OLD, pool: 'arm' }, NEW]) }, true],
    ['with one launched as it began', { instances: fresh([{ ...NEW, launchedAt: CYCLE.startedAt }]) }, true],
    ['with old readings', { instances: stale([NEW]) }, false],
    ['with no reading', { instances: { known: false, failure: 'no answer' } }, false],
    [
      'while its place is not listed',
      { instances: fresh([NEW]), unlisted: { linux: { known: false, failure: 'no answer' } } },
      false,
    ],
    [
      'while the place of another pool is not listed',
      { instances: fresh([NEW]), unlisted: { arm: { known: false, failure: 'no answer' } } },
      true,
    ],
    ['while a launch before it may have bought one', { unanswered: [launchedAt(ago(minutes(6)))] }, false],
    ['whatever a launch after it may have bought', { unanswered: [launchedAt(ago(minutes(4)))] }, true],
  ])('%s', async (_when, over, isDone) => {
    const expected = isDone ? { left: [], done: [CYCLE] } : { left: [CYCLE], done: [] };
    expect(await after([CYCLE], over)).toEqual(expected);
  });
});

describe('a request to drain', () => {
  it.each<[string, Partial<Observation>, boolean]>([
    ['while the instance is there', { instances: fresh([OLD]) }, false],
    ['once it is gone', { instances: fresh([NEW]) }, true],
    ['once it has stopped', { instances: fresh([{ ...OLD, state: 'stopped' }]) }, true],
    ['with old readings', { instances: stale([NEW]) }, false],
    [
      'while any place is not listed',
      { instances: fresh([NEW]), unlisted: { arm: { known: false, failure: 'no answer' } } },
      false,
    ],
  ])('%s', async (_when, over, isDone) => {
    const expected = isDone ? { left: [], done: [DRAIN] } : { left: [DRAIN], done: [] };
    expect(await after([DRAIN], over)).toEqual(expected);
  });

  it('is done by itself, whatever else goes on', async () => {
    const paused: Cycle = { ...CYCLE, paused: true };
    const other: DrainRequest = { ...DRAIN, instance: 'i-9' };
    expect(await after([paused, DRAIN, other], { instances: fresh([OLD]) })).toEqual({
      left: [paused, DRAIN],
      done: [other],
    });
  });
});

it('an instruction that was changed during the pass stays', async () => {
  const store = new MemoryStore(new MemoryDisk());
  const changed: Cycle = { ...CYCLE, startedAt: NOW };
  await store.instruct(changed);
  const observation = anObservation({ instructions: [CYCLE], instances: fresh([]) });
  await retractDone(observation, { store, recorder: recording().recorder });
  expect(await store.instructions()).toEqual([changed]);
});
