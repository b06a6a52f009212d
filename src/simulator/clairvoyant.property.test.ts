import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { instant, minutes, seconds } from '../engine/time.ts';
import { clairvoyantBound } from './clairvoyant.ts';

interface Script {
  readonly from: number;
  readonly to: number;
}

const BOOT = 10;

const scripts = fc.array(
  fc
    .tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: 25 }))
    .map(([from, length]) => ({ from, to: from + length })),
  { minLength: 1, maxLength: 6 },
);

/** Every way to deal the scripts out to machines. */
function dealt(items: readonly Script[]): readonly (readonly (readonly Script[])[])[] {
  const [first, ...rest] = items;
  if (first === undefined) return [[]];
  return dealt(rest).flatMap((machines) => [
    [[first], ...machines],
    ...machines.map((machine, at) => machines.with(at, [first, ...machine])),
  ]);
}

/** What one machine costs that ends and boots anew in longer gaps; Infinity where it has too few slots. */
function priceOf(machine: readonly Script[], slots: number): number {
  const crowded = machine.some(
    ({ from }) => machine.filter((one) => one.from <= from && from < one.to).length > slots,
  );
  if (crowded) return Infinity;
  let price = 0;
  let until = -Infinity;
  for (const { from, to } of machine.toSorted((one, other) => one.from - other.from)) {
    price += from > until ? Math.min(BOOT, from - until) : 0;
    price += Math.max(0, to - Math.max(from, until));
    until = Math.max(until, to);
  }
  return price;
}

function cheapest(items: readonly Script[], slots: number, maxJobs: number): number {
  const prices = dealt(items)
    .filter((machines) => machines.every(({ length }) => length <= maxJobs))
    .map((machines) => machines.reduce((sum, machine) => sum + priceOf(machine, slots), 0));
  return Math.min(...prices);
}

function bound(items: readonly Script[], slots: number, maxJobs?: number): number {
  const pipelines = items.map(({ from, to }) => ({
    at: seconds(from),
    project: 'shop',
    stages: ['test'],
    jobs: [{ name: 'unit', stage: 'test', tags: [], duration: seconds(to - from) }],
  }));
  const workload = { name: 'drawn', start: instant(0), length: minutes(5), pipelines };
  const startDelay = { pending: seconds(5), boot: seconds(BOOT) };
  const asked = { startDelay, slots, ...(maxJobs !== undefined && { maxJobs }) };
  return (clairvoyantBound(workload, asked)?.billed ?? NaN) / 1000;
}

describe('the clairvoyant bound', () => {
  it('is the cheapest of all ways to deal jobs out to machines with one slot', () => {
    fc.assert(
      fc.property(scripts, (items) => {
        expect(bound(items, 1)).toBe(cheapest(items, 1, Infinity));
        expect(bound(items, 1, 1)).toBe(cheapest(items, 1, 1));
      }),
    );
  });

  it('is no dearer than the cheapest with several slots, or several jobs a machine', () => {
    fc.assert(
      fc.property(
        scripts,
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 4 }),
        (items, slots, maxJobs) => {
          expect(bound(items, slots)).toBeLessThanOrEqual(cheapest(items, slots, Infinity));
          expect(bound(items, slots, maxJobs)).toBeLessThanOrEqual(cheapest(items, slots, maxJobs));
        },
      ),
    );
  });
});
