import { PortError } from '../../../controller/errors.ts';
import type { Clock } from '../../../controller/ports.ts';
import { after, elapsed, type Instant, milliseconds, minutes } from '../../../engine/time.ts';
import type { GitLabCall } from './call.ts';

/** How long to leave a GitLab alone that throttles and does not say how long. */
const UNTOLD_WAIT = minutes(1);

/** The time in which GitLab wants to be left alone. */
export class QuietPeriod {
  readonly #clock: Clock;
  #end: Instant | undefined;
  #requestId: string | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Begins when a call was throttled for good; answers the error to throw, with how long to wait. */
  begin(error: PortError): PortError {
    const retryAfter = error.details.retryAfter ?? UNTOLD_WAIT;
    this.#end = after(this.#clock.now(), milliseconds(retryAfter));
    this.#requestId = error.details.requestId;
    return new PortError({ ...error.details, retryAfter });
  }

  /** Throws `throttled` until the period is over. */
  admit(call: GitLabCall): void {
    if (this.#end === undefined) return;
    const retryAfter = elapsed(this.#clock.now(), this.#end);
    if (retryAfter <= 0) {
      this.#end = undefined;
      return;
    }
    throw new PortError({
      kind: 'throttled',
      system: 'gitlab',
      doing: call.doing,
      why: `not asked, because GitLab wants to be left alone for another ${Math.ceil(retryAfter / 1000)} s`,
      next: 'poll less often, or raise the rate limit in GitLab',
      retryAfter,
      ...(this.#requestId === undefined ? {} : { requestId: this.#requestId }),
    });
  }
}
