import type { Job, JobRecord } from './job.ts';
import { kindOf } from './job-kind.ts';
import { OldestFirst } from './oldest-first.ts';
import { type JobFit, mayTake, type RunnerRecord } from './runner.ts';

/** The waiting jobs that the same runners may take. */
interface Kind {
  readonly fit: JobFit;
  readonly jobs: OldestFirst;
}

type JobTest = (job: Job) => boolean;

/**
 * The jobs that wait for a runner, by kind, so that a request looks at one job a kind. Like GitLab's
 * queue it answers with the oldest job; its fair sharing between projects of one instance is left out.
 */
export class PendingJobs {
  readonly #kinds = new Map<string, Kind>();
  readonly #waiting = new Set<number>();
  readonly #holds = new Set<JobTest>();
  readonly #heldBack = new Map<number, JobRecord>();
  readonly #fitOf: (job: Job) => JobFit;
  #fitting = new WeakMap<RunnerRecord, { readonly kinds: Kind[]; readonly of: number }>();

  constructor(fitOf: (job: Job) => JobFit) {
    this.#fitOf = fitOf;
  }

  add(job: JobRecord): void {
    this.#waiting.add(job.id);
    if (this.#isHeldBack(job)) this.#heldBack.set(job.id, job);
    else this.#kindOf(job).jobs.push(job);
  }

  remove(job: Job): void {
    this.#waiting.delete(job.id);
    this.#heldBack.delete(job.id);
  }

  /** The oldest waiting job that the runner may take; it goes on waiting until it is removed. */
  oldestFor(runner: RunnerRecord): JobRecord | undefined {
    let oldest: JobRecord | undefined;
    for (const kind of this.#kindsFor(runner)) {
      const job = this.#front(kind);
      if (job !== undefined && (oldest === undefined || job.id < oldest.id)) oldest = job;
    }
    return oldest;
  }

  /** Never hands out the jobs that `test` picks; the answer ends that. */
  hold(test: JobTest): () => void {
    this.#holds.add(test);
    return () => {
      this.#holds.delete(test);
      const back = [...this.#heldBack.values()];
      this.#heldBack.clear();
      for (const job of back) this.add(job);
    };
  }

  /** Must be told when a runner's tags or rules have changed. */
  runnerChanged(runner: RunnerRecord): void {
    this.#fitting.delete(runner);
  }

  /** Must be told when a project has moved. */
  projectChanged(): void {
    this.#fitting = new WeakMap();
  }

  #isHeldBack(job: Job): boolean {
    for (const test of this.#holds) if (test(job)) return true;
    return false;
  }

  /** Jobs that left the queue stay in the heap until they come to its front. */
  #front(kind: Kind): JobRecord | undefined {
    for (let job = kind.jobs.peek(); job !== undefined; job = kind.jobs.peek()) {
      const heldBack = this.#heldBack.has(job.id) || this.#isHeldBack(job);
      if (this.#waiting.has(job.id) && !heldBack) return job;
      if (this.#waiting.has(job.id)) this.#heldBack.set(job.id, job);
      kind.jobs.pop();
    }
    return undefined;
  }

  #kindOf(job: Job): Kind {
    const fit = this.#fitOf(job);
    const key = kindOf(fit);
    const known = this.#kinds.get(key);
    if (known !== undefined) return known;
    const kind = { fit, jobs: new OldestFirst() };
    this.#kinds.set(key, kind);
    return kind;
  }

  #kindsFor(runner: RunnerRecord): readonly Kind[] {
    const known = this.#fitting.get(runner);
    if (known?.of === this.#kinds.size) return known.kinds;
    const kinds = [...this.#kinds.values()].filter((kind) => mayTake(runner, kind.fit));
    this.#fitting.set(runner, { kinds, of: this.#kinds.size });
    return kinds;
  }
}
