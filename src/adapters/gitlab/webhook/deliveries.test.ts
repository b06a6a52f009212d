import { describe, expect, it } from 'vitest';
import { minutes } from '../../../engine/time.ts';
import { VirtualClock } from '../../memory/clock.ts';
import { Deliveries } from './deliveries.ts';

describe('deliveries', () => {
  it('are remembered for ten minutes', async () => {
    const clock = new VirtualClock();
    const deliveries = new Deliveries(clock);
    deliveries.add('a');
    await clock.advance(minutes(6));
    deliveries.add('b');
    await clock.advance(minutes(5));
    expect([deliveries.has('a'), deliveries.has('b'), deliveries.has('c')]).toEqual([false, true, false]);
  });

  it('are forgotten oldest first beyond ten thousand', () => {
    const deliveries = new Deliveries(new VirtualClock());
    for (let id = 0; id <= 10_000; id++) deliveries.add(String(id));
    expect([deliveries.has('0'), deliveries.has('1'), deliveries.has('10000')]).toEqual([false, true, true]);
  });
});
