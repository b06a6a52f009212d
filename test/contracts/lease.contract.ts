import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Lease, LeaseAnswer, Store } from '../../src/controller/ports.ts';
import { instant, seconds } from '../../src/engine/time.ts';

/** In milliseconds: a slow disk needs its time for hundreds of writes. */
const PROPERTY_TIMEOUT = 60_000;

/** One disk, and who competes for it. */
export interface LeaseWorld {
  /** The lease as `owner` sees it; each call is a view of its own, as another process has it. */
  lease(owner: string, isGone?: (holder: string) => boolean): Lease;
  /** A store over the same disk. */
  readonly store: Store;
  /** Lets go of the disk. */
  end(): void;
}

const start = Date.UTC(2026, 0, 15, 12);
const term = seconds(30);

function at(second: number) {
  return instant(start + second * 1000);
}

function fenceOf(answer: LeaseAnswer): number {
  if (!answer.held) throw new Error(`the lease is held by ${answer.holder}`);
  return answer.fence;
}

/** What every `Lease` must do. */
export function leaseContract(name: string, make: () => Promise<LeaseWorld>): void {
  describe(`lease contract: ${name}`, () => {
    let world: LeaseWorld;
    beforeEach(async () => {
      world = await make();
    });
    afterEach(() => world.end());

    it('is free at first', async () => {
      const answer = await world.lease('a').acquire(at(0), term);
      expect(answer).toStrictEqual({ held: true, fence: expect.any(Number), expiresAt: at(30) });
    });

    it('is extended by its holder, which keeps its fence', async () => {
      const lease = world.lease('a');
      const fence = fenceOf(await lease.acquire(at(0), term));
      expect(await lease.acquire(at(20), term)).toStrictEqual({ held: true, fence, expiresAt: at(50) });
      expect(await world.lease('b').acquire(at(49), term)).toMatchObject({ held: false });
    });

    it('is denied to another until it expires, naming the holder and the end', async () => {
      await world.lease('holder-a').acquire(at(0), term);
      const answer = await world.lease('b').acquire(at(29), term);
      expect(answer).toStrictEqual({
        held: false,
        holder: expect.stringContaining('holder-a'),
        expiresAt: at(30),
      });
    });

    it('is not prolonged by being denied', async () => {
      const b = world.lease('b');
      await world.lease('a').acquire(at(0), term);
      await b.acquire(at(29), term);
      expect(await b.acquire(at(30), term)).toMatchObject({ held: true });
    });

    it('goes to another at the instant it expires, with a higher fence', async () => {
      const a = world.lease('a');
      const fence = fenceOf(await a.acquire(at(0), term));
      expect(fenceOf(await world.lease('b').acquire(at(30), term))).toBeGreaterThan(fence);
      expect(await a.acquire(at(31), term)).toMatchObject({ held: false });
    });

    it('has a higher fence when the same owner takes it again after expiry', async () => {
      const lease = world.lease('a');
      const fence = fenceOf(await lease.acquire(at(0), term));
      expect(fenceOf(await lease.acquire(at(30), term))).toBeGreaterThan(fence);
    });

    it('is free after its release, with a higher fence for the same owner and another', async () => {
      const a = world.lease('a');
      const first = fenceOf(await a.acquire(at(0), term));
      await a.release();
      const second = fenceOf(await a.acquire(at(1), term));
      await a.release();
      const third = fenceOf(await world.lease('b').acquire(at(2), term));
      expect([first, second, third]).toStrictEqual([first, second, third].toSorted((x, y) => x - y));
      expect(new Set([first, second, third]).size).toBe(3);
    });

    it('is released by its holder only', async () => {
      const a = world.lease('a');
      const b = world.lease('b');
      await b.release();
      const fence = fenceOf(await a.acquire(at(0), term));
      await b.release();
      expect(await b.acquire(at(1), term)).toMatchObject({ held: false });
      expect(await a.acquire(at(1), term)).toMatchObject({ held: true, fence });
    });

    it('is not released by a holder that lost it', async () => {
      const a = world.lease('a');
      await a.acquire(at(0), term);
      await world.lease('b').acquire(at(30), term);
      await a.release();
      expect(await a.acquire(at(31), term)).toMatchObject({ held: false });
    });

    it('goes at once, with a higher fence, when its holder is provably gone', async () => {
      const fence = fenceOf(await world.lease('crashed').acquire(at(0), term));
      const next = world.lease('b', (holder) => holder === 'crashed');
      expect(fenceOf(await next.acquire(at(1), term))).toBeGreaterThan(fence);
      const unrelated = world.lease('c', (holder) => holder === 'crashed');
      expect(await unrelated.acquire(at(2), term)).toMatchObject({ held: false });
    });

    it('is the same for every view of one owner', async () => {
      const fence = fenceOf(await world.lease('a').acquire(at(0), term));
      expect(await world.lease('a').acquire(at(1), term)).toMatchObject({ held: true, fence });
    });

    it('has a fence above every write that the store let pass', async () => {
      const a = world.lease('a');
      const fence = fenceOf(await a.acquire(at(0), term));
      await world.store.addDecisions([], fence + 5);
      expect(fenceOf(await a.acquire(at(1), term))).toBeGreaterThan(fence + 5);
      await world.store.addDecisions([], fence + 10);
      expect(fenceOf(await world.lease('b').acquire(at(60), term))).toBeGreaterThan(fence + 10);
    });

    it('is held by exactly one of many who ask at once', async () => {
      const owners = ['a', 'b', 'c', 'd', 'e'];
      const answers = await Promise.all(owners.map((owner) => world.lease(owner).acquire(at(0), term)));
      expect(answers.filter((answer) => answer.held)).toHaveLength(1);
    });

    it(
      'has one holder at a time and a fence that grows with each change, whatever happens',
      async () => {
        const steps = fc.array(
          fc.record({
            owner: fc.constantFrom('a', 'b', 'c'),
            wait: fc.integer({ min: 0, max: 40 }),
            release: fc.boolean(),
          }),
          { maxLength: 15 },
        );
        let clock = 0;
        let highest = 0;
        const story = fc.asyncProperty(steps, async (acts) => {
          clock += 100;
          let grant: Grant | undefined;
          for (const { owner, wait, release } of acts) {
            clock += wait;
            const last = grant !== undefined && clock < grant.end ? grant : undefined;
            const answer = await world.lease(owner).acquire(at(clock), term);
            expect(verdict(answer, last, highest)).toBe(expected(owner, last));
            if (answer.held) {
              highest = answer.fence;
              grant = { owner, fence: answer.fence, end: clock + 30 };
            }
            if (release) {
              await world.lease(owner).release();
              if (grant?.owner === owner) grant = undefined;
            }
          }
        });
        await fc.assert(story, { numRuns: 30 });
      },
      PROPERTY_TIMEOUT,
    );
  });
}

interface Grant {
  readonly owner: string;
  readonly fence: number;
  readonly end: number;
}

function expected(owner: string, last: Grant | undefined): string {
  if (last === undefined) return 'granted with a higher fence';
  return last.owner === owner ? 'extended' : 'denied';
}

function verdict(answer: LeaseAnswer, last: Grant | undefined, highest: number): string {
  if (!answer.held) return 'denied';
  if (answer.fence === last?.fence) return 'extended';
  return answer.fence > highest ? 'granted with a higher fence' : 'granted with an old fence';
}
