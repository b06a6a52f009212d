import type { Job, JobRecord, JobStatus } from './job.ts';

/** What a job means to the jobs of later stages. */
type Outcome =
  | 'created'
  | 'needing'
  | 'scheduled'
  | 'queued'
  | 'running'
  | 'blocking'
  | 'failed'
  | 'canceled'
  | 'skipped'
  | 'passed'
  | 'optional';

const OUTCOMES: Readonly<Record<JobStatus, Outcome>> = {
  created: 'created',
  waiting_for_resource: 'queued',
  pending: 'queued',
  running: 'running',
  canceling: 'running',
  manual: 'blocking',
  scheduled: 'scheduled',
  failed: 'failed',
  canceled: 'canceled',
  skipped: 'skipped',
  success: 'passed',
};

/** What each outcome becomes for a job that is allowed to fail. */
const ALLOWED: Partial<Readonly<Record<Outcome, Outcome>>> = {
  blocking: 'optional',
  failed: 'passed',
  canceled: 'passed',
};

function outcomeOf(job: Job): Outcome {
  if (job.status === 'created' && job.needs !== undefined) return 'needing';
  const outcome = OUTCOMES[job.status];
  return job.allowFailure ? (ALLOWED[outcome] ?? outcome) : outcome;
}

/** The jobs of one stage, counted by outcome so that no question needs a walk over all of them. */
export class Stage {
  readonly name: string;
  readonly jobs: JobRecord[] = [];
  readonly #counts = new Map<Outcome, number>();
  readonly #outcomes = new Map<number, Outcome>();

  constructor(name: string) {
    this.name = name;
  }

  add(job: JobRecord): void {
    this.jobs.push(job);
    this.note(job);
  }

  /** Takes notice of a job's status; a job that was retried no longer counts. */
  note(job: Job): void {
    const before = this.#outcomes.get(job.id);
    if (before !== undefined) this.#counts.set(before, this.count(before) - 1);
    if (job.retried) {
      this.#outcomes.delete(job.id);
      return;
    }
    const now = outcomeOf(job);
    this.#outcomes.set(job.id, now);
    this.#counts.set(now, this.count(now) + 1);
  }

  count(of: Outcome): number {
    return this.#counts.get(of) ?? 0;
  }

  /** Whether a job of it waits, for a runner or for something else, or runs. */
  get alive(): boolean {
    return (['queued', 'running', 'scheduled', 'needing'] as const).some(
      (outcome) => this.count(outcome) > 0,
    );
  }

  /** Whether the stages after it must be skipped. */
  get broken(): boolean {
    return this.count('failed') + this.count('canceled') > 0;
  }
}
