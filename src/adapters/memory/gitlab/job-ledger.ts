import { type Job, type JobRecord, type JobStatus } from './job.ts';

/** Which jobs to list, newest first. */
export interface JobScope {
  /** Absent: every status. */
  readonly statuses?: readonly JobStatus[];
  readonly ref?: string;
}

/** All jobs there ever were, found by id, token, project and status, or runner without a walk over all of them. */
export class JobLedger {
  readonly #byId = new Map<number, JobRecord>();
  readonly #byToken = new Map<string, JobRecord>();
  readonly #byProject = new Map<number, Map<JobStatus, Set<JobRecord>>>();
  readonly #byRunner = new Map<number, JobRecord[]>();

  add(job: JobRecord): void {
    this.#byId.set(job.id, job);
    this.#byToken.set(job.token, job);
    this.#of(job.project, job.status).add(job);
  }

  find(id: number): JobRecord | undefined {
    return this.#byId.get(id);
  }

  withToken(token: string): JobRecord | undefined {
    return this.#byToken.get(token);
  }

  move(job: JobRecord, status: JobStatus): void {
    this.#of(job.project, job.status).delete(job);
    job.status = status;
    this.#of(job.project, status).add(job);
  }

  /** Remembers which runner took the job. */
  taken(job: JobRecord, runner: number): void {
    const jobs = this.#byRunner.get(runner) ?? [];
    jobs.push(job);
    this.#byRunner.set(runner, jobs);
  }

  ofProject(project: number, scope: JobScope): Job[] {
    const { statuses, ref } = scope;
    const jobs: JobRecord[] = [];
    for (const [status, set] of this.#byProject.get(project) ?? []) {
      if (set.size === 0 || statuses?.includes(status) === false) continue;
      for (const job of set) if (ref === undefined || job.ref === ref) jobs.push(job);
    }
    return jobs.toSorted((one, other) => other.id - one.id);
  }

  /** Jobs of all projects, newest first. */
  ofAll(scope: JobScope): Job[] {
    return [...this.#byProject.keys()]
      .flatMap((project) => this.ofProject(project, scope))
      .toSorted((one, other) => other.id - one.id);
  }

  /** The jobs that a runner took, newest first. */
  ofRunner(runner: number): Job[] {
    return (this.#byRunner.get(runner) ?? []).toSorted((one, other) => other.id - one.id);
  }

  /** How many jobs have each status; statuses that no job has are left out. */
  counts(): Partial<Record<JobStatus, number>> {
    const counts: Partial<Record<JobStatus, number>> = {};
    for (const sets of this.#byProject.values()) {
      for (const [status, jobs] of sets) {
        if (jobs.size > 0) counts[status] = (counts[status] ?? 0) + jobs.size;
      }
    }
    return counts;
  }

  #of(project: number, status: JobStatus): Set<JobRecord> {
    const sets = this.#byProject.get(project) ?? new Map<JobStatus, Set<JobRecord>>();
    this.#byProject.set(project, sets);
    const jobs = sets.get(status) ?? new Set();
    sets.set(status, jobs);
    return jobs;
  }
}
