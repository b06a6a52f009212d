import { isComplete, type Job, type JobRecord } from './job.ts';

/** Throws when a job needs one that is not among the names of its pipeline's jobs. */
export function checkNeeds(names: ReadonlySet<string>, needs: readonly string[], job: string): void {
  const missing = needs.find((name) => !names.has(name));
  if (missing === undefined) return;
  throw new Error(`creating a pipeline: ${job} needs ${missing}, which it does not have; add it to jobs`);
}

/** The jobs of a pipeline that wait for others by name, whatever their stage. */
export class Needs {
  /** The newest job of each name. */
  readonly #latest = new Map<string, JobRecord>();
  readonly #dependents = new Map<string, Set<string>>();
  /** Names of jobs of which something may have changed that they wait for. */
  readonly #touched = new Set<string>();

  add(job: JobRecord): void {
    this.#latest.set(job.name, job);
    for (const name of job.needs ?? []) {
      const dependents = this.#dependents.get(name) ?? new Set();
      this.#dependents.set(name, dependents.add(job.name));
    }
    this.note(job);
  }

  /** Takes notice of a job's status. */
  note(job: Job): void {
    if (job.needs !== undefined && job.status === 'created') this.#touched.add(job.name);
    if (!isComplete(job) && job.status !== 'manual') return;
    for (const name of this.#dependents.get(job.name) ?? []) this.#touched.add(name);
  }

  /** The jobs that were waiting and need wait no longer, since the last time. */
  settled(): { readonly start: JobRecord[]; readonly skip: JobRecord[] } {
    const start: JobRecord[] = [];
    const skip: JobRecord[] = [];
    for (const name of this.#touched) {
      const job = this.#latest.get(name);
      if (job?.status !== 'created') continue;
      const turn = this.#turnOf(job.needs ?? []);
      if (turn === 'start') start.push(job);
      if (turn === 'skip') skip.push(job);
    }
    this.#touched.clear();
    return { start, skip };
  }

  /** The skipped jobs that wait for one of these, directly or through others. */
  skippedBehind(jobs: readonly Job[]): JobRecord[] {
    const found = new Set<JobRecord>();
    const names = jobs.map(({ name }) => name);
    for (let name = names.pop(); name !== undefined; name = names.pop()) {
      for (const dependent of this.#dependents.get(name) ?? []) {
        const job = this.#latest.get(dependent);
        if (job?.status !== 'skipped' || found.has(job)) continue;
        found.add(job);
        names.push(dependent);
      }
    }
    return [...found];
  }

  /** GitLab skips a job at once when what it needs will not run, and otherwise only when all of it has ended. */
  #turnOf(needs: readonly string[]): 'start' | 'skip' | 'wait' {
    const needed = needs.flatMap((name) => this.#latest.get(name) ?? []);
    if (needed.some(isPassedBy)) return 'skip';
    if (!needed.every(isComplete)) return 'wait';
    return needed.every(({ status, allowFailure }) => status === 'success' || allowFailure)
      ? 'start'
      : 'skip';
  }
}

/** Whether the job does not run unless a person or a retry makes it. */
function isPassedBy({ status, allowFailure }: Job): boolean {
  return status === 'skipped' || (status === 'manual' && allowFailure);
}
