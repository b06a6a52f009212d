import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { ago, NOW } from '../../test/support/observations.ts';
import { isBeatDue, type TerminationFacts, terminationStep } from './termination.ts';
import { milliseconds, minutes, seconds } from './time.ts';

const HEARTBEAT = minutes(60);

/** A member that was asked to drain ten minutes ago, whose runner has gone; its group was told a minute ago. */
function facts(over: Partial<TerminationFacts> = {}): TerminationFacts {
  return {
    now: NOW,
    gone: false,
    retained: false,
    drainedAt: ago(minutes(10)),
    certain: true,
    wasReady: true,
    managerGone: true,
    busySlots: 0,
    beatAt: ago(minutes(1)),
    heartbeat: HEARTBEAT,
    ...over,
  };
}

const WORKING = { managerGone: false, busySlots: 1 };
const NEVER_READY = { wasReady: false, managerGone: false };
const DUE = { beatAt: ago(minutes(20)) };

describe('the end of a member', () => {
  it.each<readonly [string, Partial<TerminationFacts>, object]>([
    ['goes on once its runner has gone', {}, { do: 'complete', because: 'drained' }],
    [
      'goes on once the machine is gone',
      { gone: true, certain: false },
      { do: 'complete', because: 'machine gone' },
    ],
    ['begins with its drain', { drainedAt: undefined, ...WORKING }, { do: 'drain' }],
    [
      'begins with its drain, though nothing is certain',
      { drainedAt: undefined, certain: false },
      { do: 'drain' },
    ],
    ['waits for its job', WORKING, { do: 'wait' }],
    ['has the group wait for its job', { ...WORKING, ...DUE }, { do: 'heartbeat' }],
    ['waits for its runner', { managerGone: false }, { do: 'wait' }],
    ['waits for a job of a runner that GitLab has forgotten', { busySlots: 1 }, { do: 'wait' }],
    ['waits while nothing is certain', { certain: false }, { do: 'wait' }],
    ['has the group wait while nothing is certain', { certain: false, ...DUE }, { do: 'heartbeat' }],
    ['waits for what boots to see its tags', { ...NEVER_READY, drainedAt: ago(seconds(59)) }, { do: 'wait' }],
    [
      'goes on where no runner came up',
      { ...NEVER_READY, drainedAt: ago(seconds(60)) },
      { do: 'complete', because: 'never ready' },
    ],
    ['does not, where one came up late', { managerGone: false, drainedAt: ago(seconds(61)) }, { do: 'wait' }],
    ['tells a group nothing that has let go of it', { ...WORKING, ...DUE, retained: true }, { do: 'wait' }],
    ['is not forgotten by who was let go', { retained: true }, { do: 'complete', because: 'drained' }],
  ])('%s', (_name, over, step) => {
    expect(terminationStep(facts(over))).toEqual(step);
  });

  it('never comes while a job may run', () => {
    const anything = fc.record({
      retained: fc.boolean(),
      drainedAt: fc.constantFrom(undefined, ago(seconds(1)), ago(minutes(600))),
      certain: fc.boolean(),
      wasReady: fc.boolean(),
      managerGone: fc.boolean(),
      busySlots: fc.integer({ min: 0, max: 3 }),
      beatAt: fc.constantFrom(undefined, ago(seconds(1)), ago(minutes(600))),
    });
    fc.assert(
      fc.property(anything, (over) => {
        const mayWork = over.busySlots > 0 || !over.certain || (over.wasReady && !over.managerGone);
        const { do: what } = terminationStep(facts(over));
        expect(mayWork && what === 'complete').toBe(false);
      }),
    );
  });

  it('is heard of three times in the time for which its group waits', () => {
    const third = milliseconds(HEARTBEAT / 3);
    expect(isBeatDue(undefined, HEARTBEAT, NOW)).toBe(true);
    expect(isBeatDue(ago(third), HEARTBEAT, NOW)).toBe(true);
    expect(isBeatDue(ago(milliseconds(third - 1)), HEARTBEAT, NOW)).toBe(false);
  });
});
