import { describe, expect, it } from 'vitest';
import { seconds } from '../../engine/time.ts';
import { DeliveryFaults } from './delivery-faults.ts';

const fates = (faults: DeliveryFaults) => Array.from({ length: 1000 }, () => faults.fate());

describe('faults of deliveries', () => {
  it('are none until they are scripted', () => {
    const faults = new DeliveryFaults();
    expect(new Set(fates(faults).map(String))).toEqual(new Set(['0']));
  });

  it('hit the share that was asked for, and the same ones for the same seed', () => {
    const faults = new DeliveryFaults();
    faults.set({ drop: 0.2, duplicate: 0.5, reorder: 0.5, delay: seconds(1), seed: 7 });
    const first = fates(faults);
    const dropped = first.filter(({ length }) => length === 0).length;
    expect(dropped).toBeGreaterThan(150);
    expect(dropped).toBeLessThan(250);
    const doubled = first.filter(({ length }) => length === 2).length;
    expect(doubled).toBeGreaterThan(340);
    expect(doubled).toBeLessThan(460);
    const late = first.flat();
    expect(Math.min(...late)).toBe(1000);
    expect(Math.max(...late)).toBeLessThanOrEqual(11_000);
    expect(late.filter((duration) => duration > 1000).length).toBeGreaterThan(400);
    faults.set({ drop: 0.2, duplicate: 0.5, reorder: 0.5, delay: seconds(1), seed: 7 });
    expect(fates(faults)).toEqual(first);
  });

  it('end with an empty script', () => {
    const faults = new DeliveryFaults();
    faults.set({ drop: 1 });
    expect(faults.fate()).toEqual([]);
    faults.set({});
    expect(faults.fate()).toEqual([0]);
  });
});
