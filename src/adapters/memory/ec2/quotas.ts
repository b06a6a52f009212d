import type { Market } from '../../../engine/pool.ts';
import type { ShortageCode } from './faults.ts';
import { type InstanceRecord, stateOf } from './instance-record.ts';
import { isStandard, vcpusOf } from './vcpus.ts';

/**
 * The most virtual processors that an account may have at the same time on each market, over all
 * Standard instance types; absent: as many as it likes. AWS raises these as an account grows.
 */
export type Quotas = Readonly<Partial<Record<Market, number>>>;

/** What AWS gives a new account: quotas L-1216C47A and L-34B43A08 of Service Quotas (from memory). */
export const NEW_ACCOUNT_QUOTAS: Quotas = { 'on-demand': 5, spot: 5 };

const CODES: Readonly<Record<Market, ShortageCode>> = {
  'on-demand': 'VcpuLimitExceeded',
  spot: 'MaxSpotInstanceCountExceeded',
};

/** How much of a quota is left for one market. */
export class QuotaUse {
  readonly #market: Market;
  #left: number;

  /** Counts the instances that pend or run; stopped ones use nothing. */
  constructor(quotas: Quotas, market: Market, instances: Iterable<InstanceRecord>) {
    this.#market = market;
    this.#left = quotas[market] ?? Number.POSITIVE_INFINITY;
    if (this.#left === Number.POSITIVE_INFINITY) return;
    for (const record of instances) {
      if (record.market !== market || !isStandard(record.instanceType)) continue;
      if (['pending', 'running'].includes(stateOf(record))) this.#left -= vcpusOf(record.instanceType);
    }
  }

  /** Uses what one instance of the type needs; the code of the refusal when that is more than is left. */
  use(instanceType: string): ShortageCode | undefined {
    if (!isStandard(instanceType)) return undefined;
    const needed = vcpusOf(instanceType);
    if (needed > this.#left) return CODES[this.#market];
    this.#left -= needed;
    return undefined;
  }
}
