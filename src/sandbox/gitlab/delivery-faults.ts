import { seededRandom } from '../../adapters/memory/random.ts';
import { type Duration, milliseconds, seconds } from '../../engine/time.ts';

/** What becomes of webhook deliveries on their way. Shares are from 0 to 1; what is absent happens to none. */
export interface DeliveryScript {
  /** Are lost without a trace. */
  readonly drop?: number;
  /** Are sent twice, under one idempotency key. */
  readonly duplicate?: number;
  /** Are held back for up to ten seconds, so that later ones overtake them. */
  readonly reorder?: number;
  /** How late all are. */
  readonly delay?: Duration;
  /** The same seed picks the same deliveries; absent: 1. */
  readonly seed?: number;
}

const LONGEST_HOLD = seconds(10);

/** Decides by its script and seed what becomes of each delivery. */
export class DeliveryFaults {
  #script: DeliveryScript = {};
  #random = seededRandom(1);

  /** Replaces the script; an empty one ends all faults. */
  set(script: DeliveryScript): void {
    this.#script = script;
    this.#random = seededRandom(script.seed ?? 1);
  }

  get script(): DeliveryScript {
    return this.#script;
  }

  /** How late each copy of one delivery is sent; none: it is lost. */
  fate(): readonly Duration[] {
    const { drop = 0, duplicate = 0, reorder = 0, delay = milliseconds(0) } = this.#script;
    if (this.#picks(drop)) return [];
    const copies = this.#picks(duplicate) ? [delay, delay] : [delay];
    return copies.map((late) =>
      this.#picks(reorder) ? milliseconds(late + Math.ceil(this.#random() * LONGEST_HOLD)) : late,
    );
  }

  #picks(share: number): boolean {
    return share > 0 && this.#random() < share;
  }
}
