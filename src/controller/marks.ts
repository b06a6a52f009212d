import type { DrainReason, Instance } from '../engine/instance.ts';
import { lastKnown, type Part, toldUntil } from '../engine/observation.ts';
import { type Duration, elapsed, type Instant } from '../engine/time.ts';

/** What we did to an instance that a lagging listing may not show yet. */
type Mark = { readonly at: Instant } & Pick<Instance, 'drain' | 'state'>;

/** What was done to instances lately, for as long as listings may lag behind it. */
export class Marks {
  readonly #lag: Duration;
  readonly #byInstance = new Map<string, Mark>();

  constructor(lag: Duration) {
    this.#lag = lag;
  }

  drained(instance: string, because: DrainReason, at: Instant): void {
    this.#byInstance.set(instance, { at, state: 'running', drain: { because, at } });
  }

  terminated(instance: string, at: Instant): void {
    this.#byInstance.set(instance, { at, state: 'shutting-down' });
  }

  /** The listing with everything that was done since. */
  fold(part: Part<readonly Instance[]>, now: Instant): Part<readonly Instance[]> {
    const until = toldUntil(part, now);
    for (const [id, { at }] of this.#byInstance) {
      if (elapsed(at, until) > this.#lag) this.#byInstance.delete(id);
    }
    if (!part.known || this.#byInstance.size === 0) return part;
    const value = lastKnown(part, []).map((instance) => {
      const mark = this.#byInstance.get(instance.id);
      return mark === undefined ? instance : withMark(instance, mark);
    });
    return { ...part, value };
  }
}

function withMark(instance: Instance, mark: Mark): Instance {
  // A member that waits at its hook is not ended yet, whatever it was told.
  const ending =
    mark.state === 'shutting-down' &&
    instance.state !== 'terminated' &&
    instance.membership?.hook !== 'termination';
  const drain = instance.drain ?? mark.drain;
  return { ...instance, ...(ending && { state: mark.state }), ...(drain !== undefined && { drain }) };
}
