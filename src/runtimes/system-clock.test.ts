import { describe, expect, it } from 'vitest';
import { milliseconds, minutes } from '../engine/time.ts';
import { systemClock } from './system-clock.ts';

describe('the system clock', () => {
  it('tells the time of this machine', () => {
    const before = Date.now();
    const now = systemClock.now();
    expect(now).toBeGreaterThanOrEqual(before);
    expect(now).toBeLessThanOrEqual(Date.now());
  });

  it('sleeps for as long as it was asked to', async () => {
    const before = performance.now();
    await systemClock.sleep(milliseconds(20));
    // Timers count whole milliseconds.
    expect(performance.now() - before).toBeGreaterThanOrEqual(19);
  });

  it('wakes at once when the signal aborts, and does not reject', async () => {
    const abort = new AbortController();
    const slept = systemClock.sleep(minutes(60), abort.signal);
    abort.abort(new Error('enough'));
    await expect(slept).resolves.toBeUndefined();
  });

  it('does not begin to sleep when the signal has aborted', async () => {
    await expect(systemClock.sleep(minutes(60), AbortSignal.abort())).resolves.toBeUndefined();
  });
});
