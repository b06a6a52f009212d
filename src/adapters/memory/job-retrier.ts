import { PortError } from '../../controller/errors.ts';
import { whyLeft } from '../../controller/lost-work.ts';
import type { JobRetrier, LostWork, RetryAnswer } from '../../controller/ports.ts';
import type { GitLab } from './gitlab/gitlab.ts';
import type { GitLabOutage } from './outage.ts';

export interface MemoryJobRetrierOptions {
  readonly gitlab: GitLab;
  /** The projects that have opted in. */
  readonly projects: readonly number[];
  readonly outage?: GitLabOutage;
}

/** The `JobRetrier` port straight over the model of GitLab. */
export class MemoryJobRetrier implements JobRetrier {
  readonly #options: MemoryJobRetrierOptions;

  constructor(options: MemoryJobRetrierOptions) {
    this.#options = options;
  }

  async projects(): Promise<ReadonlySet<number>> {
    return new Set(this.#options.projects);
  }

  async retry(work: LostWork): Promise<RetryAnswer> {
    const { gitlab, projects, outage } = this.#options;
    const doing = `retrying lost job ${work.job}`;
    if (outage?.on === true)
      throw new PortError({ kind: 'unavailable', system: 'gitlab', doing, why: '500' });
    if (!projects.includes(work.project)) return { left: 'its project asks for no retries' };
    const job = gitlab.job(work.job);
    if (job === undefined) throw new PortError({ kind: 'not-found', system: 'gitlab', doing, why: '404' });
    const left = whyLeft(job, work);
    if (left !== undefined) return { left };
    gitlab.cancelJob(job.id);
    gitlab.cancelJob(job.id, true);
    const again = gitlab.retryJob(job.id);
    return again === undefined ? { left: 'it was retried already' } : { retried: again.id };
  }
}
