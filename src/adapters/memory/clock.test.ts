import { describe, expect, it } from 'vitest';
import { after, instant, milliseconds, minutes, seconds } from '../../engine/time.ts';
import { VirtualClock } from './clock.ts';

const START = instant(Date.UTC(2026, 0, 5, 8));

/** A clock and a log of what happened when, in seconds. */
function scene() {
  const clock = new VirtualClock(START);
  const log: string[] = [];
  const note = (what: string) => void log.push(`${what}@${(clock.now() - START) / 1000}`);
  return { clock, log, note };
}

describe('virtual time', () => {
  it('stands still until it is told to pass', async () => {
    const { clock } = scene();
    expect(clock.now()).toBe(START);
    await clock.advance(seconds(90));
    expect(clock.now()).toBe(after(START, seconds(90)));
    await clock.advance(seconds(0));
    expect(clock.now()).toBe(after(START, seconds(90)));
  });

  it('starts at a fixed moment by default', () => {
    expect(new VirtualClock().now()).toBe(START);
  });
});

describe('timers', () => {
  it('fire in the order of their times, and of their making where those are equal', async () => {
    const { clock, log, note } = scene();
    clock.after(seconds(3), () => note('c'));
    clock.after(seconds(1), () => note('a'));
    clock.after(seconds(3), () => note('d'));
    clock.after(seconds(2), () => note('b'));
    clock.after(seconds(0), () => note('now'));
    await clock.advance(seconds(3));
    expect(log).toEqual(['now@0', 'a@1', 'b@2', 'c@3', 'd@3']);
  });

  it('fire up to the end of the time that passes, and once', async () => {
    const { clock, log, note } = scene();
    clock.after(seconds(5), () => note('five'));
    await clock.advance(milliseconds(4999));
    expect(log).toEqual([]);
    await clock.advance(milliseconds(1));
    await clock.advance(minutes(5));
    expect(log).toEqual(['five@5']);
  });

  it('fire within the same time where timers set them', async () => {
    const { clock, log, note } = scene();
    const tick = (): void => {
      note('tick');
      clock.after(seconds(2), tick);
    };
    tick();
    await clock.advance(seconds(5));
    expect(log).toEqual(['tick@0', 'tick@2', 'tick@4']);
  });

  it('do not fire when they are canceled, also by another of the same time, and canceling again is no error', async () => {
    const { clock, log, note } = scene();
    const cancelFirst = clock.after(seconds(1), () => note('first'));
    clock.after(seconds(2), () => cancelOther());
    const cancelOther = clock.after(seconds(2), () => note('other'));
    cancelFirst();
    cancelFirst();
    await clock.advance(seconds(9));
    cancelOther();
    expect(log).toEqual([]);
  });

  it('stay in order however many there are', async () => {
    const { clock } = scene();
    const fired: number[] = [];
    const times = Array.from({ length: 500 }, (_, index) => (index * 7919) % 500);
    const cancels = times.map((time) => clock.after(seconds(time), () => void fired.push(time)));
    cancels.forEach((cancel, index) => (index % 3 === 0 ? cancel() : undefined));
    await clock.advance(seconds(500));
    const kept = times.filter((_, index) => index % 3 !== 0);
    expect(fired).toEqual(kept.toSorted((a, b) => a - b));
  });

  it('let promises settle before the next one fires', async () => {
    const { clock, log, note } = scene();
    clock.after(seconds(1), async () => {
      await Promise.resolve();
      await Promise.resolve();
      note('settled');
    });
    clock.after(seconds(1), () => note('next'));
    await clock.advance(seconds(1));
    expect(log).toEqual(['settled@1', 'next@1']);
  });

  it('wait for nobody who waits for later time', async () => {
    const { clock, log, note } = scene();
    clock.after(seconds(1), async () => {
      await clock.sleep(seconds(10));
      note('slept');
    });
    clock.after(seconds(2), () => note('next'));
    await clock.advance(seconds(5));
    expect(log).toEqual(['next@2']);
    await clock.advance(seconds(6));
    expect(log).toEqual(['next@2', 'slept@11']);
  });

  it('that fail fail whoever lets time pass', async () => {
    const { clock } = scene();
    clock.after(seconds(1), () => Promise.reject(new Error('broken')));
    await expect(clock.advance(seconds(1))).rejects.toThrow('broken');
  });
});

describe('sleeping', () => {
  it('lasts as long as is said', async () => {
    const { clock, log, note } = scene();
    const sleeping = (async () => {
      await clock.sleep(seconds(1));
      note('one');
      await clock.sleep(seconds(2));
      note('three');
    })();
    await clock.advance(seconds(2));
    expect(log).toEqual(['one@1']);
    await clock.advance(seconds(1));
    await sleeping;
    expect(log).toEqual(['one@1', 'three@3']);
  });

  it('ends at once when it is aborted, and leaves no timer', async () => {
    const { clock, log, note } = scene();
    const abort = new AbortController();
    const sleeping = clock.sleep(seconds(60), abort.signal).then(() => note('awake'));
    await clock.advance(seconds(5));
    abort.abort();
    await sleeping;
    expect(log).toEqual(['awake@5']);
    await clock.advance(seconds(100));
    expect(log).toEqual(['awake@5']);
  });

  it('does not begin when it is aborted already', async () => {
    const { clock, log, note } = scene();
    await clock.sleep(seconds(60), AbortSignal.abort()).then(() => note('awake'));
    expect(log).toEqual(['awake@0']);
  });

  it('ends with its time where the signal never aborts', async () => {
    const { clock, log, note } = scene();
    const abort = new AbortController();
    const sleeping = clock.sleep(seconds(3), abort.signal).then(() => note('awake'));
    await clock.advance(seconds(3));
    await sleeping;
    abort.abort();
    expect(log).toEqual(['awake@3']);
  });

  it('of many ends in the order of their times', async () => {
    const { clock, log, note } = scene();
    const sleepers = [3, 1, 2].map((time) => clock.sleep(seconds(time)).then(() => note(`s${time}`)));
    await clock.advance(seconds(3));
    await Promise.all(sleepers);
    expect(log).toEqual(['s1@1', 's2@2', 's3@3']);
  });
});
