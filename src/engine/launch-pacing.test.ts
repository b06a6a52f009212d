import { describe, expect, it } from 'vitest';
import { afterLaunch, launchable, NEW_ACCOUNT, tokensAt } from './launch-pacing.ts';
import { after, instant, seconds } from './time.ts';

const START = instant(Date.UTC(2026, 0, 5, 8));
const full = { at: START, requests: 5, instances: 1000 };

describe('the limits on launches', () => {
  it('are unused at first', () => {
    expect(tokensAt(NEW_ACCOUNT, undefined, START)).toEqual(full);
    expect(launchable(full)).toBe(1000);
  });

  it('lose a call and its instances, and never more than there is', () => {
    expect(afterLaunch(full, 40)).toEqual({ at: START, requests: 4, instances: 960 });
    expect(afterLaunch({ at: START, requests: 0.5, instances: 3 }, 40)).toEqual({
      at: START,
      requests: 0,
      instances: 0,
    });
  });

  it('come back with time, up to what they were', () => {
    const left = { at: START, requests: 0, instances: 0 };
    expect(tokensAt(NEW_ACCOUNT, left, after(START, seconds(2)))).toMatchObject({
      requests: 4,
      instances: 4,
    });
    expect(tokensAt(NEW_ACCOUNT, left, after(START, seconds(9)))).toMatchObject({
      requests: 5,
      instances: 18,
    });
    expect(tokensAt(NEW_ACCOUNT, left, after(START, seconds(900)))).toMatchObject({ instances: 1000 });
  });

  it('let no instance through without a call, and only whole ones', () => {
    expect(launchable({ at: START, requests: 0.9, instances: 50 })).toBe(0);
    expect(launchable({ at: START, requests: 1, instances: 2.9 })).toBe(2);
  });
});
