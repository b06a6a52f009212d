import type { Clock } from '../../../controller/ports.ts';
import { after, elapsed, type Instant, milliseconds, minutes } from '../../../engine/time.ts';
import type { Answer } from './answer.ts';
import { Bucket } from './bucket.ts';

/** Half of the 600 requests a minute that GitLab allows a user for the jobs of projects. */
const USUAL_REQUESTS = 300;
const MINUTE = minutes(1);
/** What is spent at once, as a part of a minute's requests. */
const BURST = 0.5;

/** What GitLab said is left of its own limit. */
interface Told {
  readonly reset: number;
  readonly until: Instant;
  left: number;
}

/**
 * The requests that may be made of GitLab in any minute. Nobody is stopped: whoever can wait asks what is `left` and
 * takes no more; whoever cannot just spends, and the others wait the longer. A `reserve`, a part of a minute's
 * requests, is what one leaves to those who can wait less.
 */
export class RequestBudget {
  readonly #clock: Clock;
  readonly #configured: number;
  readonly #bucket: Bucket;
  /** When requests of the last minute were made, oldest first. */
  #spent: Instant[] = [];
  #limit = Infinity;
  #told: Told | undefined;

  constructor(clock: Clock, perMinute = USUAL_REQUESTS) {
    this.#clock = clock;
    this.#configured = perMinute;
    this.#bucket = new Bucket({ burst: perMinute * BURST, perSecond: perMinute / 60 }, clock.now());
  }

  /** Requests a minute: as configured, or what GitLab says that it allows if that is less. */
  get perMinute(): number {
    return Math.min(this.#configured, this.#limit);
  }

  /** One request is made. */
  spend(): void {
    const now = this.#clock.now();
    this.#bucket.spend(now);
    this.#spent.push(now);
    if (this.#told !== undefined) this.#told.left -= 1;
  }

  /** How many requests somebody who leaves that reserve may make now. */
  left(reserve: number): number {
    const now = this.#clock.now();
    const recent = this.#spent.findIndex((at) => elapsed(at, now) < MINUTE);
    this.#spent = recent === -1 ? [] : this.#spent.slice(recent);
    const ofGitLab = this.#told !== undefined && this.#told.until > now ? this.#told.left : Infinity;
    const most = Math.min(this.#bucket.left(now), this.perMinute - this.#spent.length, ofGitLab);
    return Math.max(0, Math.floor(most - this.perMinute * reserve));
  }

  /**
   * Heeds what GitLab says of its own limit: `RateLimit-Limit`, `-Remaining` and `-Reset` (Unix seconds), a minute
   * long, where it sends them.
   */
  heed({ status, headers }: Answer): void {
    // Then the client leaves GitLab alone, and whoever asks must hear of it.
    if (status === 429) return;
    const [limit, left, reset] = ['limit', 'remaining', 'reset'].map((name) =>
      numberIn(headers.get(`ratelimit-${name}`)),
    );
    if (limit !== undefined && limit > 0) this.#limit = limit;
    if (left === undefined || reset === undefined) return;
    const now = this.#clock.now();
    const sentAt = Date.parse(headers.get('date') ?? '');
    const wait = reset * 1000 - (Number.isNaN(sentAt) ? now : sentAt);
    if (wait <= 0) return;
    // Answers overtake each other: of one period the lowest stands.
    const before = this.#told?.reset === reset ? this.#told.left : Infinity;
    const until = after(now, milliseconds(Math.min(wait, MINUTE)));
    this.#told = { reset, until, left: Math.min(left, before) };
  }
}

function numberIn(text: string | null): number | undefined {
  return text !== null && /^\d+$/.test(text) ? Number(text) : undefined;
}
