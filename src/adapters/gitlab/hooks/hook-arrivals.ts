import type { Clock } from '../../../controller/ports.ts';
import { elapsed, type Instant } from '../../../engine/time.ts';
import type { WebhookEvent } from '../webhook/webhook-event.ts';

/** What last came of webhooks: told by the endpoint, asked after a test delivery. */
export class HookArrivals {
  readonly #clock: Clock;
  #admittedAt: Instant | undefined;
  #refused: { readonly at: Instant; readonly because: string } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Tells what became of one request at the endpoint. */
  note(event: WebhookEvent): void {
    const at = this.#clock.now();
    if (event.outcome === 'rejected') this.#refused = { at, because: event.because };
    else this.#admittedAt = at;
  }

  /** Whether one that was verified has come since then. */
  admittedSince(start: Instant): boolean {
    return this.#admittedAt !== undefined && elapsed(start, this.#admittedAt) >= 0;
  }

  /** Why one was refused since then; undefined: none was. */
  refusedSince(start: Instant): string | undefined {
    if (this.#refused === undefined || elapsed(start, this.#refused.at) < 0) return undefined;
    return this.#refused.because;
  }
}
