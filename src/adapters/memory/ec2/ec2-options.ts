import { type Duration, minutes } from '../../../engine/time.ts';
import type { Timers } from '../clock.ts';
import type { Supply } from './allocation.ts';
import type { ApiLimits } from './api-limits.ts';
import type { LifeTimes } from './instances.ts';
import { EC2_LIFE_TIMES, type LifeTime } from './life-times.ts';
import type { Place } from './place.ts';
import type { Quotas } from './quotas.ts';

/** The account and how fast its machines live. */
export interface Ec2Options {
  readonly timers: Timers;
  /** The same seed gives the same ids, addresses, capacity, times and interruptions. */
  readonly seed: number;
  /** From launch to `running`; default: spread as EC2's are. */
  readonly pendingFor?: LifeTime;
  /** From the start of a stopped instance to `running`; default: as `pendingFor`, or spread as EC2's are. */
  readonly startFor?: LifeTime;
  /** From `shutting-down` to `terminated`, and from `stopping` to `stopped`; default: spread as EC2's are. */
  readonly shutdownFor?: LifeTime;
  /** How long a terminated instance is still answered; default 1 h. */
  readonly terminatedVisibleFor?: Duration;
  /** By how much answers about instances lag behind the truth; default 0. */
  readonly listingLag?: Duration;
  /** How fast the account may call; default: what AWS documents for a new account. */
  readonly apiLimits?: ApiLimits | 'none';
  /** The account's quotas of virtual processors; default: none. */
  readonly quotas?: Quotas;
  readonly place?: Place;
  readonly supply?: Supply;
  /** The parameter behind an image id `resolve:ssm:NAME`; default: there is none. */
  readonly parameter?: (name: string) => string | undefined;
}

/** What the options say of times, with the defaults filled in. */
export function lifeTimesOf({
  pendingFor,
  startFor,
  shutdownFor,
  terminatedVisibleFor,
}: Ec2Options): LifeTimes {
  return {
    pendingFor: pendingFor ?? EC2_LIFE_TIMES.pending,
    startFor: startFor ?? pendingFor ?? EC2_LIFE_TIMES.start,
    shutdownFor: shutdownFor ?? EC2_LIFE_TIMES.shutdown,
    terminatedVisibleFor: terminatedVisibleFor ?? minutes(60),
  };
}
