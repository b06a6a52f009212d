import type { PortError } from '../../../controller/errors.ts';
import type { Clock, Enough } from '../../../controller/ports.ts';
import { after, type Duration, elapsed, type Instant, milliseconds, minutes } from '../../../engine/time.ts';
import { concurrently } from '../client/concurrently.ts';
import type { Beginning, JobPicture } from './job-picture.ts';
import { isUnreadable, type ProjectJobReader } from './job-reader.ts';
import type { RequestBudget } from '../client/request-budget.ts';
import type { WatchedProject } from './watched-project.ts';

/** What sweeps leave of a minute's requests: to managers, to scopes and to what webhooks name. */
export const SWEEP_RESERVE = 0.2;
/** What is spent at once is half a minute's requests. */
const MOST_AT_ONCE = 0.5 - SWEEP_RESERVE;
/** The part of a sweep that projects with jobs may take from those without. */
const BUSY_SHARE = 0.5;
/** Also while every pool is full no project stays unread for longer, beyond its round. */
export const LONGEST_UNREAD = minutes(5);
const USUAL_INTERVAL = milliseconds(15_000);

export interface ProjectSweepOptions {
  readonly clock: Clock;
  readonly budget: RequestBudget;
  readonly picture: JobPicture;
  readonly concurrency: number;
}

export interface ProjectSweepOrder {
  readonly reader: ProjectJobReader;
  readonly watched: ReadonlyMap<number, WatchedProject>;
  /** Projects that a webhook has named since they were read. */
  readonly named: Set<number>;
  readonly enough: Enough;
  /** Readings that began later need not be repeated. */
  readonly since: Beginning;
  readonly unreadable: (project: WatchedProject, failure: PortError) => void;
  readonly readable: (project: WatchedProject) => void;
  readonly signal: AbortSignal;
}

/** How a sweep went. */
export interface SweepReport {
  /** How many projects were read. */
  readonly read: number;
  /** Whether it ended because the demand is enough. */
  readonly isEnough: boolean;
  /** How long it takes to read every project once; absent: one sweep is enough. */
  readonly round?: Duration;
}

/** Reads as many projects as the budget allows: those with jobs first, then those that were unread for longest. */
export class ProjectSweep {
  readonly #options: ProjectSweepOptions;
  readonly #startedAt: Instant;
  #lastAt: Instant | undefined;
  /** Until when projects may still be as old as they became while every pool was full. */
  #relaxedUntil: Instant | undefined;

  constructor(options: ProjectSweepOptions) {
    this.#options = options;
    this.#startedAt = options.clock.now();
  }

  /** Throws what concerns more than one project, or the only one that could be tried. */
  async run(order: ProjectSweepOrder): Promise<SweepReport> {
    const { budget, clock, picture, concurrency } = this.#options;
    const { reader, watched, since, signal } = order;
    const now = clock.now();
    const [busy, others] = this.#queues(order);
    const most = budget.left(SWEEP_RESERVE);
    const busyNow = others.length === 0 ? busy.length : Math.ceil(most * BUSY_SHARE) * reader.batch;
    const queue = [...busy.slice(0, busyNow), ...others, ...busy.slice(busyNow)];
    const run = { order, queue, isEnough: false, failures: [] as PortError[] };
    const lanes = Array.from({ length: concurrency }, (_, lane) => lane);
    await concurrently(lanes, concurrency, signal, (_lane, either) => this.#readLane(run, either));
    const read = [...watched.keys()].filter((project) => picture.isReadSince(project, since)).length;
    const [failure] = run.failures;
    if (read === 0 && failure !== undefined) throw failure;
    const round = this.#round(order, Math.min(busy.length, busyNow), now);
    this.#lastAt = now;
    if (run.isEnough) this.#relaxedUntil = after(now, milliseconds(LONGEST_UNREAD + round));
    const isRelaxed = this.#relaxedUntil !== undefined && now < this.#relaxedUntil;
    return {
      read,
      isEnough: run.isEnough,
      ...(read < watched.size && { round: milliseconds(round + (isRelaxed ? LONGEST_UNREAD : 0)) }),
    };
  }

  /** Projects with jobs or of a webhook, and all others; those unread for longest first. */
  #queues({ watched, named, since }: ProjectSweepOrder): readonly [WatchedProject[], WatchedProject[]] {
    const { picture } = this.#options;
    const byAge = [...watched.values()]
      .filter(({ id }) => !picture.isReadSince(id, since))
      .map((project) => ({ project, readAt: picture.readAt(project.id) ?? -Infinity }))
      .toSorted((one, other) => one.readAt - other.readAt)
      .map(({ project }) => project);
    const isBusy = ({ id }: WatchedProject): boolean => named.has(id) || picture.isBusy(id);
    return [byAge.filter(isBusy), byAge.filter((project) => !isBusy(project))];
  }

  async #readLane(run: Run, signal: AbortSignal): Promise<void> {
    const { order, queue } = run;
    const { picture, budget } = this.#options;
    const isEnough = (): boolean => (run.isEnough ||= order.enough(picture.snapshot().demand));
    const mayGoOn = (): boolean => budget.left(SWEEP_RESERVE) >= 1;
    while (queue.length > 0 && mayGoOn()) {
      if (run.isEnough) this.#keepOverdue(queue);
      const batch = queue.splice(0, order.reader.batch);
      if (batch.length === 0) return;
      const outcomes = await order.reader.read(
        batch,
        (reading) => {
          picture.sweep(reading);
          return mayGoOn() && !isEnough();
        },
        signal,
      );
      for (const outcome of outcomes) {
        const project = order.watched.get(outcome.project);
        if (project === undefined) continue;
        if (isUnreadable(outcome)) {
          run.failures.push(outcome.failure);
          order.unreadable(project, outcome.failure);
          continue;
        }
        picture.sweep(outcome);
        order.named.delete(outcome.project);
        order.readable(project);
      }
      if (batch.some(({ id }) => picture.isBusy(id))) isEnough();
    }
  }

  /** Leaves those in the queue that must not wait even though it is enough. */
  #keepOverdue(queue: WatchedProject[]): void {
    const now = this.#options.clock.now();
    const overdue = queue.filter(({ id }) => {
      const readAt = this.#options.picture.readAt(id) ?? this.#startedAt;
      return elapsed(readAt, now) >= LONGEST_UNREAD;
    });
    if (overdue.length < queue.length) queue.splice(0, queue.length, ...overdue);
  }

  /** How long it takes to come round to all projects, beside those that are read in every sweep. */
  #round({ reader, watched }: ProjectSweepOrder, busy: number, now: Instant): Duration {
    const interval = this.#lastAt === undefined ? USUAL_INTERVAL : Math.max(elapsed(this.#lastAt, now), 1000);
    const sweepsAMinute = minutes(1) / interval;
    const { perMinute } = this.#options.budget;
    const spare = Math.min(perMinute * (1 - SWEEP_RESERVE), perMinute * MOST_AT_ONCE * sweepsAMinute);
    const ofBusy = Math.ceil(busy / reader.batch) * sweepsAMinute;
    const rest = Math.max(spare - ofBusy, spare * BUSY_SHARE);
    return milliseconds(Math.ceil((Math.ceil(watched.size / reader.batch) / rest) * minutes(1)));
  }
}

interface Run {
  readonly order: ProjectSweepOrder;
  readonly queue: WatchedProject[];
  readonly failures: PortError[];
  isEnough: boolean;
}
