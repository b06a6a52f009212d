import type { VirtualClock } from '../../adapters/memory/clock.ts';
import { after, type Duration, elapsed, type Instant, later, milliseconds } from '../../engine/time.ts';

/** Which ticks of a loop are carried out: all, or those at which something can have changed. */
export type Ticking = 'always' | 'lazy';

/**
 * A loop that looks at the world at a fixed interval. A lazy one leaves out the ticks at which it would find what it
 * found before: whoever changes something that it looks at must wake it. What it does at a tick comes last of all that
 * happens at that instant, so that both ways see the same.
 */
export class Ticks {
  readonly #clock: VirtualClock;
  readonly #period: Duration;
  readonly #start: Instant;
  readonly #act: () => void;
  readonly #ticking: Ticking;
  #last: Instant | undefined;
  #next: Instant | undefined;
  #cancel: () => void = () => undefined;

  /** The first tick comes after `phase`; loops of different phases never meet. */
  constructor(
    clock: VirtualClock,
    period: Duration,
    act: () => void,
    ticking: Ticking = 'lazy',
    phase: Duration = milliseconds(0),
  ) {
    this.#clock = clock;
    this.#period = period;
    this.#start = after(clock.now(), phase);
    this.#act = act;
    this.#ticking = ticking;
    this.#plan(this.#start);
  }

  /** Something has changed: the next tick counts. */
  wake(): void {
    this.wakeAt(this.#clock.now());
  }

  /** Something will have changed at `at`: the first tick from then on counts. */
  wakeAt(at: Instant): void {
    if (this.#ticking === 'lazy') this.#plan(this.#tickFrom(later(at, this.#clock.now())));
  }

  #tickFrom(at: Instant): Instant {
    const ticks = Math.max(0, Math.ceil(elapsed(this.#start, at) / this.#period));
    const tick = after(this.#start, milliseconds(ticks * this.#period));
    return this.#last === undefined ? tick : later(tick, after(this.#last, this.#period));
  }

  #plan(tick: Instant): void {
    if (this.#next !== undefined && this.#next <= tick) return;
    this.#cancel();
    this.#next = tick;
    const last = (): void => void this.#clock.after(milliseconds(0), () => this.#fire());
    this.#cancel = this.#clock.after(elapsed(this.#clock.now(), tick), last);
  }

  #fire(): void {
    this.#last = this.#next;
    this.#next = undefined;
    this.#act();
    if (this.#ticking === 'always') this.#plan(this.#tickFrom(this.#clock.now()));
  }
}
