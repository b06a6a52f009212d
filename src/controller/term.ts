import { type Duration, elapsed, type Instant } from '../engine/time.ts';
import { PortError } from './errors.ts';
import type { Clock, Lease } from './ports.ts';

/**
 * One stretch of being the only decision maker. Nothing that changes the cloud starts unless the lease
 * outlasts the call's time-out, so that a paused process cannot act beside its successor.
 */
export class Term {
  readonly fence: number;
  readonly #lease: Lease;
  readonly #clock: Clock;
  readonly #duration: Duration;
  #expiresAt: Instant;

  private constructor(options: {
    lease: Lease;
    clock: Clock;
    duration: Duration;
    fence: number;
    expiresAt: Instant;
  }) {
    this.fence = options.fence;
    this.#lease = options.lease;
    this.#clock = options.clock;
    this.#duration = options.duration;
    this.#expiresAt = options.expiresAt;
  }

  /** Takes or extends the lease for `duration`; answers who holds it when that is somebody else. */
  static async begin(options: {
    lease: Lease;
    clock: Clock;
    duration: Duration;
  }): Promise<Term | { readonly holder: string; readonly expiresAt: Instant }> {
    const answer = await options.lease.acquire(options.clock.now(), options.duration);
    if (!answer.held) return answer;
    return new Term({ ...options, fence: answer.fence, expiresAt: answer.expiresAt });
  }

  /** Makes sure that the lease outlasts a call of `timeout`; throws `fenced` when it was lost. */
  async secure(timeout: Duration): Promise<void> {
    if (elapsed(this.#clock.now(), this.#expiresAt) > timeout) return;
    const answer = await this.#lease.acquire(this.#clock.now(), this.#duration);
    if (!answer.held || answer.fence !== this.fence) {
      throw new PortError({
        kind: 'fenced',
        system: 'store',
        doing: 'extending the lease',
        why: answer.held ? 'it had been taken over in between' : `${answer.holder} holds it now`,
        next: 'this controller stops acting and stands by',
      });
    }
    this.#expiresAt = answer.expiresAt;
  }
}
