import { describe, expect, it } from 'vitest';
import { isPortError } from '../../src/controller/errors.ts';
import type { Delivery, Notice, NoticeSource } from '../../src/controller/ports.ts';
import { type Duration, instant, seconds } from '../../src/engine/time.ts';

/** A cloud that announces things, and a source that hears of them. */
export interface NoticeWorld extends AsyncDisposable {
  readonly source: NoticeSource;
  /** The source of another process on the same queue. */
  reopen(): NoticeSource;
  /** The cloud announces something. */
  announce(notice: Notice): Promise<void>;
  /** Somebody else writes nonsense where announcements arrive; absent where nobody else can. */
  readonly disturb?: () => Promise<void>;
  /** Lets the cloud go on for some time. */
  pass(duration: Duration): Promise<void>;
  /** What arrives no longer does: the source cannot be asked. */
  breakDown(): Promise<void>;
}

const signal = new AbortController().signal;
const AT = instant(Date.UTC(2026, 0, 5, 8));
/** Longer than a delivery is nobody else's. */
const HIDDEN = seconds(61);

function notice(over: Partial<Notice> = {}): Notice {
  return { instance: 'i-0123456789abcdef0', kind: 'interruption', at: AT, ...over };
}

/** All that arrives until nothing is due any more. */
async function receiveAll(source: NoticeSource, count: number): Promise<readonly Delivery[]> {
  const all: Delivery[] = [];
  while (all.length < count) all.push(...(await source.receive(signal)));
  return all;
}

const receipts = (deliveries: readonly Delivery[]): readonly string[] =>
  deliveries.map(({ receipt }) => receipt);

/** What every adapter of the port `NoticeSource` must do. */
export function noticeSourceContract(name: string, make: () => Promise<NoticeWorld>): void {
  describe(`notice source: ${name}`, () => {
    it.each(['interruption', 'rebalance', 'hook', 'end'] as const)('hears of an %s', async (kind) => {
      await using world = await make();
      await world.announce(notice({ kind }));
      const [delivery] = await receiveAll(world.source, 1);
      expect(delivery?.notice).toEqual(notice({ kind }));
    });

    it('hears of more than one delivery holds', async () => {
      await using world = await make();
      const ids = Array.from({ length: 25 }, (_, index) => `i-${String(index).padStart(17, '0')}`);
      for (const instance of ids) await world.announce(notice({ instance }));
      const deliveries = await receiveAll(world.source, 25);
      expect(new Set(deliveries.map((one) => one.notice?.instance))).toEqual(new Set(ids));
      expect(new Set(receipts(deliveries)).size).toBe(25);
    });

    it('gives what is not settled again, under another receipt', async () => {
      await using world = await make();
      await world.announce(notice());
      const [first] = await receiveAll(world.source, 1);
      await world.pass(HIDDEN);
      const [again] = await receiveAll(world.source, 1);
      expect(again?.notice).toEqual(first?.notice);
      expect(again?.receipt).not.toBe(first?.receipt);
      await world.source.settle(receipts(again === undefined ? [] : [again]), signal);
      await world.announce(notice({ kind: 'rebalance' }));
      await world.pass(HIDDEN);
      expect((await receiveAll(world.source, 1)).map((one) => one.notice?.kind)).toEqual(['rebalance']);
    });

    it('gives what another process has left', async () => {
      await using world = await make();
      await world.announce(notice());
      await receiveAll(world.source, 1);
      await world.pass(HIDDEN);
      expect(await receiveAll(world.reopen(), 1)).toHaveLength(1);
    });

    it('settles what is gone already, and nothing, without an error', async () => {
      await using world = await make();
      await world.announce(notice());
      const deliveries = await receiveAll(world.source, 1);
      await world.source.settle(receipts(deliveries), signal);
      await expect(world.source.settle(receipts(deliveries), signal)).resolves.toBeUndefined();
      await expect(world.source.settle([], signal)).resolves.toBeUndefined();
    });

    it('lets nonsense be settled like everything else', async () => {
      await using world = await make();
      await world.disturb?.();
      await world.announce(notice());
      const strange = world.disturb === undefined ? 0 : 1;
      const deliveries = await receiveAll(world.source, 1 + strange);
      expect(deliveries.filter((one) => one.notice === undefined)).toHaveLength(strange);
      await world.source.settle(receipts(deliveries), signal);
      await world.pass(HIDDEN);
      await world.announce(notice({ kind: 'rebalance' }));
      expect((await receiveAll(world.source, 1)).map((one) => one.notice?.kind)).toEqual(['rebalance']);
    });

    it('throws a failure of the port where it cannot be asked', async () => {
      await using world = await make();
      await world.breakDown();
      await expect(world.source.receive(signal)).rejects.toSatisfy((error) => isPortError(error));
      await expect(world.source.settle(['gone'], signal)).rejects.toSatisfy((error) => isPortError(error));
    });
  });
}
