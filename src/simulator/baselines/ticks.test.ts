import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../adapters/memory/clock.ts';
import { after, elapsed, milliseconds, seconds } from '../../engine/time.ts';
import { type Ticking, Ticks } from './ticks.ts';

/** A loop of three seconds from half a second on, and the times in milliseconds at which it acted. */
function scene(ticking: Ticking) {
  const clock = new VirtualClock();
  const start = clock.now();
  const acted: number[] = [];
  const ticks = new Ticks(
    clock,
    seconds(3),
    () => acted.push(elapsed(start, clock.now())),
    ticking,
    milliseconds(500),
  );
  return { clock, start, acted, ticks };
}

describe('a lazy loop', () => {
  it('acts at its first tick, and then only where it was woken, on its grid', async () => {
    const { clock, acted, ticks } = scene('lazy');
    await clock.advance(seconds(60));
    ticks.wake();
    ticks.wake();
    await clock.advance(seconds(60));
    expect(acted).toEqual([500, 60_500]);
  });

  it('acts at the first tick from a time on', async () => {
    const { clock, start, acted, ticks } = scene('lazy');
    await clock.advance(seconds(10));
    ticks.wakeAt(after(start, seconds(100)));
    ticks.wakeAt(after(start, seconds(40)));
    await clock.advance(seconds(200));
    expect(acted).toEqual([500, 42_500]);
  });

  it('acts once a tick, though its own acts wake it', async () => {
    const clock = new VirtualClock();
    let left = 3;
    const acted: number[] = [];
    const start = clock.now();
    const ticks: Ticks = new Ticks(clock, seconds(3), () => {
      acted.push(elapsed(start, clock.now()));
      left -= 1;
      if (left > 0) ticks.wake();
    });
    await clock.advance(seconds(60));
    expect(acted).toEqual([0, 3000, 6000]);
  });
});

describe('a loop that always ticks', () => {
  it('acts at every tick', async () => {
    const { clock, acted, ticks } = scene('always');
    ticks.wake();
    await clock.advance(seconds(10));
    expect(acted).toEqual([500, 3500, 6500, 9500]);
  });
});

describe.each(['lazy', 'always'] as const)('what happens at the instant of a tick (%s)', (ticking) => {
  it('is seen at that tick, in whatever order it was planned', async () => {
    const { clock, acted, ticks } = scene(ticking);
    const seen: number[] = [];
    clock.after(milliseconds(3500), () => {
      seen.push(acted.length);
      ticks.wake();
    });
    await clock.advance(seconds(2));
    clock.after(milliseconds(1500), () => void seen.push(acted.length));
    await clock.advance(seconds(2));
    expect([seen, acted]).toEqual([
      [1, 1],
      [500, 3500],
    ]);
  });
});
