import type { Clock } from '../../../controller/ports.ts';
import { after, elapsed, type Instant, minutes } from '../../../engine/time.ts';
import { Bucket, type Rate } from '../client/bucket.ts';

/** How many requests of strangers are looked at. */
export interface ThrottleLimits {
  readonly perRemote: Rate;
  readonly overall: Rate;
}

export const STRANGERS: ThrottleLimits = {
  perRemote: { burst: 20, perSecond: 1 },
  overall: { burst: 200, perSecond: 20 },
};

const MOST_REMOTES = 10_000;
const TRUST = minutes(24 * 60);

/**
 * Holds back requests that have not proved who they are, by remote address and in all. A remote
 * whose signature was right is trusted for a day, so that a flood of strangers does not shut out a
 * GitLab whose requests can be told from theirs only after their body was read.
 */
export class Throttle {
  readonly #clock: Clock;
  readonly #limits: ThrottleLimits;
  readonly #overall: Bucket;
  readonly #remotes = new Map<string, Bucket>();
  readonly #trusted = new Map<string, Instant>();

  constructor(clock: Clock, limits: ThrottleLimits) {
    this.#clock = clock;
    this.#limits = limits;
    this.#overall = new Bucket(limits.overall, clock.now());
  }

  /** Whether one more request of the remote may be looked at. */
  admits(remote: string): boolean {
    const now = this.#clock.now();
    // A remote that is held back must not use up what is left for others.
    return this.#bucketOf(remote, now).take(now) && this.#overall.take(now);
  }

  trust(remote: string): void {
    keep(this.#trusted, remote, after(this.#clock.now(), TRUST));
  }

  trusts(remote: string): boolean {
    const until = this.#trusted.get(remote);
    return until !== undefined && elapsed(this.#clock.now(), until) > 0;
  }

  #bucketOf(remote: string, now: Instant): Bucket {
    const bucket = this.#remotes.get(remote) ?? new Bucket(this.#limits.perRemote, now);
    keep(this.#remotes, remote, bucket);
    return bucket;
  }
}

/** Keeps the newest entries only: addresses are free to whoever wants to fill the memory. */
function keep<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > MOST_REMOTES && oldest !== undefined) map.delete(oldest);
}
