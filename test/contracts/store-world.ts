import type { PortErrorKind } from '../../src/controller/errors.ts';
import type {
  DecisionRecord,
  LaunchIntent,
  LaunchRequest,
  LaunchResult,
  Lease,
  Store,
} from '../../src/controller/ports.ts';
import type { Offering } from '../../src/engine/pool.ts';
import { instant, type Instant } from '../../src/engine/time.ts';

/** One disk, and who uses it. */
export interface StoreWorld {
  readonly store: Store;
  /** A second controller's store over the same disk, beside the first. */
  another(): Store;
  /** The store after a crash: the first one was abandoned without a word. */
  reopen(): Store;
  /** A lease over the same disk. */
  lease(owner: string): Lease;
  /** Lets go of the disk. */
  end(): void;
}

/** When the examples happen. */
export const noon = instant(Date.UTC(2026, 0, 15, 12));
/** An offering. */
export const spot: Offering = { instanceType: 'm7i.large', subnet: 'subnet-1', market: 'spot' };
/** An answer of a launch. */
export const oneLaunched: LaunchResult = { launched: [{ id: 'i-1', offering: spot }], shortfalls: [] };

/** A launch request. */
export function request(launchId: string): LaunchRequest {
  return {
    launchId,
    pool: 'linux',
    count: 2,
    offerings: [spot],
    slots: 4,
    generation: 'g1',
    template: { id: 'lt-1', version: '7' },
  };
}

/** An open intent. */
export function intent(launchId: string, fence = 1, openedAt = noon): LaunchIntent {
  return { request: request(launchId), fence, openedAt };
}

/** A decision with a number to tell it by. */
export function decision(number: number): DecisionRecord {
  return { at: instant(noon + number), pool: 'linux', summary: `decision ${number}`, steps: [], actions: [] };
}

/** Which intents the store answers with. */
export async function launchIds(store: Store, since: Instant): Promise<readonly string[]> {
  return (await store.intents(since)).map((one) => one.request.launchId);
}

/** What a `PortError` of the store looks like. */
export function failure(kind: PortErrorKind): object {
  return { name: 'PortError', details: { kind, system: 'store' } };
}
