import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { isPortError } from '../../src/controller/errors.ts';
import type { Store } from '../../src/controller/ports.ts';
import { emptyHistory } from '../../src/engine/history.ts';
import { instant, minutes } from '../../src/engine/time.ts';
import { decision, failure, intent, launchIds, noon, oneLaunched, type StoreWorld } from './store-world.ts';

/** In milliseconds: a slow disk needs its time for hundreds of writes. */
const PROPERTY_TIMEOUT = 60_000;

/** Every kind of write, under the given fence. */
const writes: Record<string, (to: Store, fence: number) => Promise<void>> = {
  saveHistory: (to, fence) => to.saveHistory(emptyHistory(instant(noon + 1)), fence),
  openIntent: (to, fence) => to.openIntent(intent('late', fence)),
  closeIntent: (to, fence) => to.closeIntent('early', oneLaunched, fence),
  addDecisions: (to, fence) => to.addDecisions([decision(2)], fence),
  'addDecisions of nothing': (to, fence) => to.addDecisions([], fence),
};

/** What every `Store` must do about writers that were replaced. */
export function fenceContract(name: string, make: () => Promise<StoreWorld>): void {
  describe(`store contract: ${name}: fence`, () => {
    let world: StoreWorld;
    let store: Store;
    beforeEach(async () => {
      world = await make();
      ({ store } = world);
      await store.saveHistory(emptyHistory(noon), 5);
      await store.openIntent(intent('early', 5));
      await store.addDecisions([decision(1)], 5);
    });

    afterEach(() => world.end());

    for (const [write, run] of Object.entries(writes)) {
      it(`lets ${write} pass with the fence seen last`, async () => {
        await expect(run(store, 5)).resolves.toBeUndefined();
      });

      it(`refuses ${write} with a lower fence, and changes nothing`, async () => {
        await world.another().addDecisions([], 6);
        const before = await contents(store);
        await expect(run(store, 5)).rejects.toMatchObject(failure('fenced'));
        expect(await contents(store)).toStrictEqual(before);
      });

      it(`lets ${write} pass with a higher fence, and remembers it through a crash`, async () => {
        await run(store, 7);
        await expect(world.reopen().addDecisions([decision(3)], 6)).rejects.toMatchObject(failure('fenced'));
      });

      it(`refuses ${write} with something that is no fence`, async () => {
        for (const fence of [Number.NaN, Number.POSITIVE_INFINITY, 6.5]) {
          await expect(run(store, fence)).rejects.toMatchObject(failure('refused'));
        }
      });
    }

    it('is not raised by a write that was refused', async () => {
      await expect(store.openIntent(intent('early', 9))).rejects.toMatchObject(failure('refused'));
      await expect(store.closeIntent('never', oneLaunched, 9)).rejects.toMatchObject(failure('not-found'));
      await store.addDecisions([decision(2)], 5);
      expect(await store.decisions(1)).toStrictEqual([decision(2)]);
    });

    it('is raised by granting the lease to another', async () => {
      const first = await world.lease('first').acquire(noon, minutes(1));
      const fence = first.held ? first.fence : Number.NaN;
      await store.addDecisions([decision(2)], fence);
      await world.lease('second').acquire(instant(noon + 60_000), minutes(1));
      await expect(store.addDecisions([decision(3)], fence)).rejects.toMatchObject(failure('fenced'));
    });

    it('lets the newer of two controllers win, whoever writes first', async () => {
      const older = store;
      const newer = world.another();
      const attempts = await Promise.allSettled([
        newer.openIntent(intent('newer', 7)),
        older.openIntent(intent('older', 6)),
        newer.saveHistory(emptyHistory(noon), 7),
        older.saveHistory(emptyHistory(instant(0)), 6),
      ]);
      expect(attempts.map((attempt) => attempt.status)).toStrictEqual([
        'fulfilled',
        'rejected',
        'fulfilled',
        'rejected',
      ]);
      expect(await store.history()).toStrictEqual(emptyHistory(noon));
      expect(await launchIds(store, instant(0))).toStrictEqual(['early', 'newer']);
    });

    it(
      'never lets a write pass below one that passed, in any order',
      async () => {
        const fences = fc.array(fc.tuple(fc.integer({ min: 6, max: 30 }), fc.boolean()), { maxLength: 20 });
        const other = world.another();
        let highest = 6;
        const race = fc.asyncProperty(fences, async (attempts) => {
          for (const [fence, useOther] of attempts) {
            const write = (useOther ? other : store).addDecisions([decision(fence)], fence);
            expect(await outcome(write)).toBe(fence < highest ? 'fenced' : 'passed');
            highest = Math.max(highest, fence);
          }
        });
        await store.addDecisions([], highest);
        await fc.assert(race, { numRuns: 30 });
      },
      PROPERTY_TIMEOUT,
    );
  });
}

async function contents(store: Store): Promise<unknown> {
  return [await store.history(), await store.intents(instant(0)), await store.decisions(9)];
}

function outcome(write: Promise<void>): Promise<string> {
  return write.then(
    () => 'passed',
    (error: unknown) => (isPortError(error, 'fenced') ? 'fenced' : String(error)),
  );
}
