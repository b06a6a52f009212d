import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { LaunchIntent, Store } from '../../src/controller/ports.ts';
import { emptyHistory, type InstanceHistory } from '../../src/engine/history.ts';
import { instant, minutes } from '../../src/engine/time.ts';
import { instructionContract } from './store-instructions.contract.ts';
import { fenceContract } from './store-fence.contract.ts';
import { decisionLists, histories, instants, launchRequests, launchResults } from './store-values.ts';
import {
  decision,
  failure,
  intent,
  launchIds,
  noon,
  oneLaunched,
  request,
  spot,
  type StoreWorld,
} from './store-world.ts';

/** In milliseconds: a slow disk needs its time for hundreds of writes. */
const PROPERTY_TIMEOUT = 60_000;

/** What every `Store` must do. */
export function storeContract(name: string, make: () => Promise<StoreWorld>): void {
  describe(`store contract: ${name}`, () => {
    let world: StoreWorld;
    let store: Store;
    beforeEach(async () => {
      world = await make();
      ({ store } = world);
    });
    afterEach(() => world.end());

    describe('history', () => {
      it('has none at first', async () => {
        expect(await store.history()).toBeUndefined();
      });

      it('answers with the one saved last, to every store over the disk', async () => {
        await store.saveHistory(emptyHistory(noon), 1);
        await store.saveHistory({ ...emptyHistory(noon), pools: { linux: { setbacks: 3 } } }, 1);
        const saved = { ...emptyHistory(noon), pools: { linux: { setbacks: 3 } } };
        expect(await store.history()).toStrictEqual(saved);
        expect(await world.another().history()).toStrictEqual(saved);
        expect(await world.reopen().history()).toStrictEqual(saved);
      });

      it('takes what is undefined for absent', async () => {
        const forgetful = { pool: 'linux', bootedFor: minutes(1), readyAt: undefined, idleSince: undefined };
        await store.saveHistory({ ...emptyHistory(noon), instances: { 'i-1': forgetful } }, 1);
        const saved = (await world.reopen().history())?.instances['i-1'];
        expect(saved).toEqual({ pool: 'linux', bootedFor: minutes(1) });
      });

      it('is shared with nobody', async () => {
        const instances: Record<string, InstanceHistory> = {};
        await store.saveHistory({ ...emptyHistory(noon), instances }, 1);
        instances['i-1'] = { pool: 'linux', bootedFor: minutes(1) };
        expect((await store.history())?.instances).toStrictEqual({});
        expect(await store.history()).not.toBe(await store.history());
      });

      it('refuses a number that could not be read back', async () => {
        const broken = { ...emptyHistory(noon), pools: { linux: { setbacks: Number.NaN } } };
        await expect(store.saveHistory(broken, 1)).rejects.toMatchObject(failure('refused'));
        expect(await store.history()).toBeUndefined();
      });

      it(
        'comes back as it was saved, whatever is in it',
        async () => {
          let fence = 0;
          const roundTrip = fc.asyncProperty(histories, async (history) => {
            fence += 1;
            await store.saveHistory(history, fence);
            expect(await world.store.history()).toStrictEqual(history);
          });
          await fc.assert(roundTrip, { numRuns: 100 });
        },
        PROPERTY_TIMEOUT,
      );
    });

    describe('intents', () => {
      it('answers with open ones whatever their age, and with closed ones opened after `since`', async () => {
        await store.openIntent(intent('old-open', 1, instant(noon - 60_000)));
        await store.openIntent(intent('old-closed', 1, instant(noon - 50_000)));
        await store.openIntent(intent('at-since', 1, noon));
        await store.openIntent(intent('new-closed', 1, instant(noon + 1)));
        for (const id of ['old-closed', 'at-since', 'new-closed'])
          await store.closeIntent(id, oneLaunched, 1);
        expect(await launchIds(store, noon)).toStrictEqual(['old-open', 'new-closed']);
      });

      it('answers oldest first, and in the order of opening at the same instant', async () => {
        await store.openIntent(intent('b', 1, instant(noon + 5)));
        await store.openIntent(intent('z', 1, noon));
        await store.openIntent(intent('a', 1, noon));
        expect(await launchIds(store, noon)).toStrictEqual(['z', 'a', 'b']);
      });

      it('opens without a result and closes with one', async () => {
        await store.openIntent(intent('a'));
        expect(await store.intents(noon)).toStrictEqual([intent('a')]);
        await store.closeIntent('a', oneLaunched, 1);
        const before = instant(noon - 1);
        expect(await store.intents(before)).toStrictEqual([{ ...intent('a'), result: oneLaunched }]);
      });

      it('refuses a launchId that exists, open or closed, and keeps the first', async () => {
        await store.openIntent(intent('a'));
        const second = { ...intent('a'), request: { ...request('a'), count: 9 } };
        await expect(store.openIntent(second)).rejects.toMatchObject(failure('refused'));
        await expect(world.another().openIntent(second)).rejects.toMatchObject(failure('refused'));
        expect(await store.intents(noon)).toStrictEqual([intent('a')]);
        await store.closeIntent('a', oneLaunched, 1);
        await expect(store.openIntent(second)).rejects.toMatchObject(failure('refused'));
      });

      it('does not find an unknown launch to close', async () => {
        await expect(store.closeIntent('never', oneLaunched, 1)).rejects.toMatchObject(failure('not-found'));
      });

      it('closes twice with the same result, and refuses another one', async () => {
        await store.openIntent(intent('a'));
        await store.closeIntent('a', oneLaunched, 1);
        await store.closeIntent('a', structuredClone(oneLaunched), 1);
        await expect(store.closeIntent('a', { launched: [], shortfalls: [] }, 1)).rejects.toMatchObject(
          failure('refused'),
        );
        expect((await store.intents(instant(0)))[0]?.result).toStrictEqual(oneLaunched);
      });

      it('keeps an open launch through a crash', async () => {
        await store.openIntent(intent('a'));
        expect(await world.reopen().intents(noon)).toStrictEqual([intent('a')]);
      });

      it('forgets closed ones a day older than the newest, never open ones', async () => {
        const day = 24 * 60 * 60_000;
        await store.openIntent(intent('open', 1, noon));
        await store.openIntent(intent('closed', 1, noon));
        await store.openIntent(intent('edge', 1, instant(noon + 1)));
        for (const id of ['closed', 'edge']) await store.closeIntent(id, oneLaunched, 1);
        await store.openIntent(intent('newest', 1, instant(noon + day + 1)));
        expect(await launchIds(store, instant(0))).toStrictEqual(['open', 'edge', 'newest']);
      });

      it('is shared with nobody', async () => {
        const offerings = [spot];
        await store.openIntent({ ...intent('a'), request: { ...request('a'), offerings } });
        offerings.pop();
        expect((await store.intents(noon))[0]?.request.offerings).toStrictEqual([spot]);
      });

      it(
        'come back as they were written, whatever is in them',
        async () => {
          let number = 0;
          const roundTrip = fc.asyncProperty(
            launchRequests,
            launchResults,
            instants,
            async (some, result, openedAt) => {
              number += 1;
              const launchId = `launch-${number}`;
              const opened: LaunchIntent = { request: { ...some, launchId }, fence: number, openedAt };
              await store.openIntent(opened);
              expect(await find(store, launchId)).toStrictEqual(opened);
              await store.closeIntent(launchId, result, number);
              // A newer one may have let it go already.
              const kept = await find(store, launchId);
              const closed = { ...opened, result };
              expect(kept ?? closed).toStrictEqual(closed);
            },
          );
          await fc.assert(roundTrip, { numRuns: 100 });
        },
        PROPERTY_TIMEOUT,
      );
    });

    describe('decisions', () => {
      it('answers with the newest first, at most `limit`', async () => {
        expect(await store.decisions(5)).toStrictEqual([]);
        await store.addDecisions([decision(1), decision(2)], 1);
        await store.addDecisions([], 1);
        await store.addDecisions([decision(3)], 1);
        expect(await store.decisions(2)).toStrictEqual([decision(3), decision(2)]);
        expect(await store.decisions(9)).toHaveLength(3);
        expect(await store.decisions(0)).toStrictEqual([]);
        expect(await store.decisions(-1)).toStrictEqual([]);
      });

      it('keeps at least the last 1,000, and not all of them for ever', async () => {
        for (let batch = 0; batch < 10; batch += 1) {
          const added = Array.from({ length: 500 }, (_, index) => decision(batch * 500 + index));
          await store.addDecisions(added, 1);
        }
        const kept = await store.decisions(5000);
        expect(kept.length).toBeGreaterThanOrEqual(1000);
        expect(kept.length).toBeLessThan(5000);
        expect(kept[0]).toStrictEqual(decision(4999));
        expect(kept[999]).toStrictEqual(decision(4000));
      });

      it(
        'come back as they were added, whatever is in them',
        async () => {
          const roundTrip = fc.asyncProperty(decisionLists, async (added) => {
            await store.addDecisions(added, 1);
            expect(await store.decisions(added.length)).toStrictEqual(added.toReversed());
          });
          await fc.assert(roundTrip, { numRuns: 100 });
        },
        PROPERTY_TIMEOUT,
      );
    });
  });
  instructionContract(name, make);
  fenceContract(name, make);
}

async function find(store: Store, launchId: string): Promise<LaunchIntent | undefined> {
  return (await store.intents(instant(Number.MIN_SAFE_INTEGER))).find(
    (one) => one.request.launchId === launchId,
  );
}
