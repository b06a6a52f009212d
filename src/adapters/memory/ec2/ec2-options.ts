import type { Duration } from '../../../engine/time.ts';
import type { Timers } from '../clock.ts';
import type { Supply } from './allocation.ts';
import type { Place } from './place.ts';

/** The account and how fast its machines live. */
export interface Ec2Options {
  readonly timers: Timers;
  /** The same seed gives the same ids, addresses and capacity. */
  readonly seed: number;
  /** From launch to `running`; default 5 s. */
  readonly pendingFor?: Duration;
  /** From `shutting-down` to `terminated`, and from `stopping` to `stopped`; default 5 s. */
  readonly shutdownFor?: Duration;
  /** How long a terminated instance is still answered; default 1 h. */
  readonly terminatedVisibleFor?: Duration;
  /** By how much answers about instances lag behind the truth; default 0. */
  readonly listingLag?: Duration;
  readonly place?: Place;
  readonly supply?: Supply;
  /** The parameter behind an image id `resolve:ssm:NAME`; default: there is none. */
  readonly parameter?: (name: string) => string | undefined;
}
