import { isPortError, type PortError } from '../../../controller/errors.ts';
import type { Clock } from '../../../controller/ports.ts';
import { after, type Instant, minutes } from '../../../engine/time.ts';

/** The ways to learn of jobs, best first: all jobs of runners, jobs of several projects, jobs of one project. */
export const JOB_WAYS = ['runners', 'projects', 'rest'] as const;
export type JobWay = (typeof JOB_WAYS)[number];

/** How long a way that was refused is not tried again. */
const REFUSED_FOR = minutes(30);
/** A way that is down this often in a row counts as refused: GitLab itself may be fine. */
const MOST_FAILURES = 3;

/** Of a way that failed. */
interface Trouble {
  /** In a row. */
  readonly failures: number;
  readonly refusedUntil: Instant;
}

export interface JobWaysOptions {
  readonly clock: Clock;
  readonly ways: readonly JobWay[];
  readonly nameOf: (way: JobWay) => string;
  /** Hears once that GraphQL cannot be used. */
  readonly note: (message: string) => void;
}

/** Which ways to learn of jobs can be used. REST always is one. */
export class JobWays {
  readonly #options: JobWaysOptions;
  readonly #troubles = new Map<JobWay, Trouble>();
  readonly #told = new Set<JobWay>();
  #last: JobWay = 'rest';

  constructor(options: JobWaysOptions) {
    this.#options = options;
  }

  /** The way that was used last. */
  get last(): JobWay {
    return this.#last;
  }

  /** Takes the only way that there is; throws what it throws. */
  async insist(way: JobWay, run: () => Promise<void>): Promise<void> {
    await run();
    this.#last = way;
  }

  /** Answers whether it could be done this way; throws what no other way would do better. */
  async attempt(way: JobWay, run: () => Promise<void>, signal: AbortSignal): Promise<boolean> {
    const before = this.#troubles.get(way);
    const isRefused = before !== undefined && this.#options.clock.now() < before.refusedUntil;
    if (isRefused || !this.#options.ways.includes(way)) return false;
    try {
      await this.insist(way, run);
      this.#troubles.delete(way);
      return true;
    } catch (error) {
      if (signal.aborted || !isPortError(error) || concernsAllWays(error)) throw error;
      this.#trouble(way, error, (before?.failures ?? 0) + 1);
      return false;
    }
  }

  #trouble(way: JobWay, error: PortError, failures: number): void {
    const { clock, note, nameOf } = this.#options;
    const isDown = error.kind === 'unavailable' && failures < MOST_FAILURES;
    const refusedUntil = isDown ? clock.now() : after(clock.now(), REFUSED_FOR);
    this.#troubles.set(way, { failures, refusedUntil });
    if (isDown) throw error;
    // Administrators alone are shown the jobs of runners: that others are not is no news.
    if (way !== 'runners' && !this.#told.has(way)) note(`${nameOf(way)} cannot be used: ${error.message}`);
    this.#told.add(way);
  }
}

/** Whether another way would meet the same: GitLab is out of reach, or the token itself is no good. */
function concernsAllWays(error: PortError): boolean {
  if (error.kind === 'throttled' || error.kind === 'unreachable') return true;
  return error.kind === 'unauthorized' && error.details.why.includes('answered 401');
}
