import type { Job } from '../../adapters/memory/gitlab/job.ts';
import { type Duration, type Instant, milliseconds } from '../../engine/time.ts';
import type { SimulatedWorld } from '../world.ts';
import { type Ticking, Ticks } from './ticks.ts';

/** Where a manager runs the jobs that it gets. */
export interface Executor<Place> {
  /** Takes a place for a job that is about to be asked for; undefined: GitLab is not asked. */
  acquire(): Place | undefined;
  /** Runs a job that was got; `over` is called once it has ended. */
  use(place: Place, job: Job, over: () => void): void;
  /** GitLab had no job for the place. */
  release(place: Place): void;
  /** When time alone changes what `acquire` does; undefined: never. */
  due(): Instant | undefined;
}

/** How one `[[runners]]` entry of a gitlab-runner asks for jobs. */
export interface PollSettings {
  /** `check_interval`; default: as often as runners ask under the conditions. */
  readonly checkInterval?: Duration;
  /** `concurrent`, the number of workers; default: as many as it takes. */
  readonly concurrent?: number;
  /** `limit`, of jobs of this entry; default: none. */
  readonly limit?: number;
  /** `request_concurrency`, of requests under way; default 1. */
  readonly requestConcurrency?: number;
  /** How long a request takes that brings a job; default 100 ms. */
  readonly requestTime?: Duration;
  /** Default: lazy. */
  readonly ticking?: Ticking;
}

/** gitlab-runner names a manager after its machine. */
const SYSTEM_ID = 's_5e1f0a7c93b4';

/**
 * The poll loop of gitlab-runner (`commands/multi.go`): a request every interval while a worker is free, and another at
 * once after each that brought a job. A request that brings none takes no time, so that the ticks between do not matter.
 */
export class PollLoop<Place> {
  readonly #world: SimulatedWorld;
  readonly #settings: PollSettings;
  readonly #executor: Executor<Place>;
  readonly #ticks: Ticks;
  readonly #token: string;
  #jobs = 0;
  #requests = 0;
  /** The loop waits for a worker. */
  #blocked = false;

  constructor(world: SimulatedWorld, settings: PollSettings, executor: Executor<Place>) {
    const { clock, gitlab, conditions } = world;
    const { id, token } = world.runner();
    this.#world = world;
    this.#settings = settings;
    this.#executor = executor;
    this.#token = token;
    const { checkInterval = conditions.pollEvery, ticking } = settings;
    this.#ticks = new Ticks(clock, checkInterval, () => this.#tick(), ticking);
    gitlab.onQueueChange((runner) => {
      if (runner === id) this.wake();
    });
  }

  /** What the executor answers has changed. */
  wake(): void {
    this.#ticks.wake();
  }

  #tick(): void {
    this.#feed();
    const due = this.#executor.due();
    if (due !== undefined) this.#ticks.wakeAt(due);
  }

  #feed(): void {
    this.#blocked = !this.#hasWorker;
    if (!this.#blocked) this.#request();
  }

  get #hasWorker(): boolean {
    return this.#jobs < (this.#settings.concurrent ?? Infinity);
  }

  #request(): void {
    const { limit = 0, requestConcurrency = 1, requestTime = milliseconds(100) } = this.#settings;
    if ((limit > 0 && this.#jobs >= limit) || this.#requests >= requestConcurrency) return;
    const place = this.#executor.acquire();
    if (place === undefined) return;
    const contact = { token: this.#token, systemId: SYSTEM_ID };
    const job = this.#world.gitlab.requestJob({ ...contact, twoPhase: true });
    if (job === undefined) {
      this.#executor.release(place);
      return;
    }
    this.#jobs += 1;
    this.#requests += 1;
    this.#world.clock.after(requestTime, () => this.#got(place, job));
  }

  #got(place: Place, job: Job): void {
    this.#requests -= 1;
    if (this.#world.gitlab.acceptJob(job.token)) {
      this.#executor.use(place, job, () => this.#over());
    } else {
      this.#jobs -= 1;
      this.#executor.release(place);
    }
    this.wake();
    if (this.#hasWorker) this.#request();
  }

  #over(): void {
    this.#jobs -= 1;
    this.wake();
    if (this.#blocked) this.#feed();
  }
}
