import type { Market } from '../../../engine/pool.ts';
import type { Random } from '../random.ts';
import { Ec2Error, LostAnswer } from './error.ts';

export const SHORTAGE_CODES = [
  'InsufficientInstanceCapacity',
  'InsufficientFreeAddressesInSubnet',
  'MaxSpotInstanceCountExceeded',
  'SpotMaxPriceTooLow',
  'UnfulfillableCapacity',
  'VcpuLimitExceeded',
] as const;
export type ShortageCode = (typeof SHORTAGE_CODES)[number];

const SHORTAGE_MESSAGES: Readonly<Record<ShortageCode, string>> = {
  InsufficientInstanceCapacity:
    'There is no Spot capacity, or no On-Demand capacity, that matches your request.',
  InsufficientFreeAddressesInSubnet: 'The subnet has too few free addresses for the instance.',
  MaxSpotInstanceCountExceeded: 'Max spot instance count exceeded.',
  SpotMaxPriceTooLow: 'Your Spot request price is lower than the minimum required fulfillment price.',
  UnfulfillableCapacity: 'Unable to fulfill capacity due to your request configuration.',
  VcpuLimitExceeded: 'You have requested more vCPU capacity than your current limit allows.',
};

/** The refusal in EC2's words. */
export function shortageError(code: ShortageCode): Ec2Error {
  return new Ec2Error(code, SHORTAGE_MESSAGES[code]);
}

/** What an instance would be, and where. */
export interface Berth {
  readonly instanceType: string;
  readonly subnet: string;
  readonly zone: string;
}

/** Something that cannot be bought; what is left out matches everything. */
export interface Shortage {
  readonly code: ShortageCode;
  readonly instanceType?: string | undefined;
  readonly subnet?: string | undefined;
  readonly zone?: string | undefined;
  readonly market?: Market | undefined;
  /** Refuses only so many instances, which are then not bought elsewhere; absent: until lifted. */
  readonly next?: number | undefined;
}

/** How a machine is to boot, for whoever plays the machine. */
export type Boot = 'normal' | 'fails' | 'never';

/** How calls fail while EC2 is out: a 503, or no answer at all. */
export type Outage = 'unavailable' | 'unreachable';

/** Faults that a test or the sandbox's user scripts; without a script, nothing fails. */
export class Faults {
  #shortages: { readonly of: Shortage; left: number }[] = [];
  #throttles: { readonly action: string | undefined; left: number }[] = [];
  #refusals: { readonly action: string | undefined; readonly error: Ec2Error; left: number }[] = [];
  #boots: Boot[] = [];
  #hangs: () => boolean = () => false;
  #lostAnswers: { readonly action: string | undefined; left: number }[] = [];
  readonly #unavailable: string;
  /** Present while every call fails. */
  outage: Outage | undefined;

  /** `unavailable`: the service's code for being out. */
  constructor(unavailable = 'Unavailable') {
    this.#unavailable = unavailable;
  }

  /** Makes something scarce; the answer lifts it. */
  shortage(of: Shortage): () => void {
    const entry = { of, left: of.next ?? Number.POSITIVE_INFINITY };
    this.#shortages.push(entry);
    return () => {
      this.#shortages = this.#shortages.filter((one) => one !== entry);
    };
  }

  /** The next `times` calls (of one action, or of any) are refused with `RequestLimitExceeded`. */
  throttle(times: number, action?: string): void {
    this.#throttles.push({ action, left: times });
  }

  /** The next `times` calls (of one action, or of any) are refused like this, such as with `ResourceContention`. */
  refuse(error: Ec2Error, times: number, action?: string): void {
    this.#refusals.push({ action, error, left: times });
  }

  /** The next `times` changes (by one action, or by any; of EC2's, fleets alone) are made, but the caller never hears of it. */
  loseAnswers(times = 1, action?: string): void {
    this.#lostAnswers.push({ action, left: times });
  }

  /** The next `times` instances boot like this. */
  boot(as: Exclude<Boot, 'normal'>, times = 1): void {
    for (let count = 0; count < times; count++) this.#boots.push(as);
  }

  /** The share (0 to 1) of all instances launched from now on hangs while it boots, at random. */
  hangAtRandom(share: number, random: Random): void {
    this.#hangs = () => random() < share;
  }

  /** Ends every fault that has not yet happened. */
  clear(): void {
    this.#hangs = () => false;
    this.#shortages = [];
    this.#throttles = [];
    this.#refusals = [];
    this.#boots = [];
    this.#lostAnswers = [];
    this.outage = undefined;
  }

  /** Throws the outage or the refusal that is scripted; counts refusals down. */
  beforeCall(action: string): void {
    if (this.outage === 'unreachable') throw new LostAnswer(action);
    if (this.outage === 'unavailable') {
      throw new Ec2Error(this.#unavailable, 'The server is overloaded and cannot handle the request.');
    }
    const refusal = takeFirst(this.#refusals, action);
    if (refusal !== undefined) throw refusal.error;
  }

  /** Whether a scripted throttle refuses a call of `action`; counts down. */
  takeThrottle(action: string): boolean {
    return takeFirst(this.#throttles, action) !== undefined;
  }

  /** Whether the answer to a change that `action` has just made gets lost; counts down. */
  takeLostAnswer(action: string): boolean {
    return takeFirst(this.#lostAnswers, action) !== undefined;
  }

  /** How the instance just bought boots; counts down. */
  takeBoot(): Boot {
    return this.#boots.shift() ?? (this.#hangs() ? 'never' : 'normal');
  }

  /** Why one instance of the offering cannot be bought: for good, or for this instance alone. */
  refuses(berth: Berth, market: Market): { readonly code: ShortageCode; readonly once: boolean } | undefined {
    const match = this.#shortages.find(
      ({ of, left }) =>
        left > 0 &&
        (of.instanceType ?? berth.instanceType) === berth.instanceType &&
        (of.subnet ?? berth.subnet) === berth.subnet &&
        (of.zone ?? berth.zone) === berth.zone &&
        (of.market ?? market) === market,
    );
    if (match === undefined) return undefined;
    match.left--;
    return { code: match.of.code, once: match.of.next !== undefined };
  }
}

/** The first script that is left for the action; counts it down. */
function takeFirst<T extends { readonly action: string | undefined; left: number }>(
  scripts: readonly T[],
  action: string,
): T | undefined {
  const script = scripts.find((one) => one.left > 0 && (one.action ?? action) === action);
  if (script !== undefined) script.left--;
  return script;
}
