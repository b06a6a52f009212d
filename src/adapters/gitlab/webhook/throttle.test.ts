import { describe, expect, it } from 'vitest';
import { minutes, seconds } from '../../../engine/time.ts';
import { VirtualClock } from '../../memory/clock.ts';
import { Throttle } from './throttle.ts';

const LIMITS = { perRemote: { burst: 3, perSecond: 1 }, overall: { burst: 5, perSecond: 2 } };

function scene() {
  const clock = new VirtualClock();
  const throttle = new Throttle(clock, LIMITS);
  const admitted = (count: number, remote: string): number =>
    Array.from({ length: count }, () => throttle.admits(remote)).filter(Boolean).length;
  return { clock, throttle, admitted };
}

describe('a throttle', () => {
  it('admits a burst of a remote, and more with time', async () => {
    const { clock, admitted } = scene();
    expect(admitted(10, 'a')).toBe(3);
    await clock.advance(seconds(2));
    expect(admitted(10, 'a')).toBe(2);
    await clock.advance(minutes(10));
    expect(admitted(10, 'a')).toBe(3);
  });

  it('does not let a remote that is held back use up what is left for others', () => {
    const { admitted } = scene();
    admitted(1000, 'a');
    expect(admitted(10, 'b')).toBe(2);
  });

  it('holds back many remotes together', async () => {
    const { clock, admitted } = scene();
    const flood = () =>
      Array.from({ length: 50 }, (_, index) => admitted(1, String(index))).filter((n) => n > 0);
    expect(flood()).toHaveLength(5);
    await clock.advance(seconds(1));
    expect(flood()).toHaveLength(2);
  });

  it('trusts a remote for a day', async () => {
    const { clock, throttle } = scene();
    expect(throttle.trusts('a')).toBe(false);
    throttle.trust('a');
    await clock.advance(minutes(24 * 60 - 1));
    expect([throttle.trusts('a'), throttle.trusts('b')]).toEqual([true, false]);
    await clock.advance(minutes(1));
    expect(throttle.trusts('a')).toBe(false);
  });

  it('forgets the oldest of ten thousand remotes', () => {
    const { throttle } = scene();
    for (let remote = 0; remote <= 10_000; remote++) throttle.trust(String(remote));
    expect([throttle.trusts('0'), throttle.trusts('1'), throttle.trusts('10000')]).toEqual([
      false,
      true,
      true,
    ]);
  });
});
