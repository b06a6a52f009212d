import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Store } from '../../src/controller/ports.ts';
import { emptyHistory } from '../../src/engine/history.ts';
import { type Cycle, type DrainRequest, type Instruction, keyOf } from '../../src/engine/instruction.ts';
import { instant } from '../../src/engine/time.ts';
import { anyInstruction } from './store-values.ts';
import { noon, type StoreWorld } from './store-world.ts';

/** In milliseconds: a slow disk needs its time for hundreds of writes. */
const PROPERTY_TIMEOUT = 60_000;

const cycle: Cycle = { kind: 'cycle', pool: 'linux', startedAt: noon, batch: 1 };
const drain: DrainRequest = { kind: 'drain', instance: 'i-1', at: noon, how: 'replace' };

async function all(store: Store): Promise<ReadonlySet<string>> {
  return new Set((await store.instructions()).map((instruction) => JSON.stringify(instruction)));
}

const texts = (...instructions: readonly Instruction[]): ReadonlySet<string> =>
  new Set(instructions.map((instruction) => JSON.stringify(instruction)));

/** What every `Store` must do with what operators ask for. */
export function instructionContract(name: string, make: () => Promise<StoreWorld>): void {
  describe(`store contract: ${name}: instructions`, () => {
    let world: StoreWorld;
    let store: Store;
    beforeEach(async () => {
      world = await make();
      ({ store } = world);
    });
    afterEach(() => world.end());

    it('has none at first', async () => {
      expect(await store.instructions()).toStrictEqual([]);
    });

    it('answers with all of them, to every store over the disk, and through a crash', async () => {
      await store.instruct(cycle);
      await world.another().instruct(drain);
      for (const one of [store, world.another(), world.reopen()]) {
        expect(await all(one)).toStrictEqual(texts(cycle, drain));
      }
    });

    it('puts a later one in the place of the one for the same pool or instance', async () => {
      await store.instruct(cycle);
      await store.instruct({ ...cycle, batch: 3, paused: true });
      await store.instruct({ ...cycle, pool: 'i-1' });
      await store.instruct(drain);
      await store.instruct({ ...drain, how: 'shrink' });
      expect(await all(store)).toStrictEqual(
        texts({ ...cycle, batch: 3, paused: true }, { ...cycle, pool: 'i-1' }, { ...drain, how: 'shrink' }),
      );
    });

    it('crosses out what is carried out, and nothing else', async () => {
      await store.instruct(cycle);
      await store.instruct(drain);
      await store.retract(cycle);
      expect(await store.instructions()).toStrictEqual([drain]);
      await expect(store.retract(cycle)).resolves.toBeUndefined();
      await store.retract(drain);
      expect(await world.reopen().instructions()).toStrictEqual([]);
    });

    it('keeps one that was changed since it was read', async () => {
      await store.instruct(cycle);
      const [read = cycle] = await store.instructions();
      await world.another().instruct({ ...cycle, batch: 2 });
      await store.retract(read);
      expect(await store.instructions()).toStrictEqual([{ ...cycle, batch: 2 }]);
    });

    it('takes them from whoever does not decide, beside the writes of the one that does', async () => {
      await store.saveHistory(emptyHistory(noon), 9);
      await world.another().instruct(cycle);
      await store.saveHistory(emptyHistory(instant(noon + 1)), 9);
      expect(await store.instructions()).toStrictEqual([cycle]);
      await world.another().retract(cycle);
      expect(await store.instructions()).toStrictEqual([]);
    });

    it('shares them with nobody', async () => {
      const mine = { ...cycle };
      await store.instruct(mine);
      mine.batch = 7;
      expect(await store.instructions()).toStrictEqual([cycle]);
    });

    it(
      'come back as they were written, whatever is in them, and can be crossed out',
      async () => {
        const roundTrip = fc.asyncProperty(anyInstruction, async (instruction) => {
          await store.instruct(instruction);
          const kept = (await store.instructions()).find((one) => keyOf(one) === keyOf(instruction));
          expect(kept).toStrictEqual(instruction);
          await store.retract(kept ?? instruction);
          expect(await store.instructions()).toStrictEqual([]);
        });
        await fc.assert(roundTrip, { numRuns: 100 });
      },
      PROPERTY_TIMEOUT,
    );
  });
}
