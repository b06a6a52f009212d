import { PortError } from '../../controller/errors.ts';
import type { JobSource } from '../../controller/ports.ts';
import { instanceIdOf } from '../../controller/system-id.ts';
import type { HeldJob, JobKind, JobSnapshot, PendingJob } from '../../engine/job.ts';
import type { GitLab } from './gitlab/gitlab.ts';
import { isHeld, type Job } from './gitlab/job.ts';
import type { GitLabOutage } from './outage.ts';

export interface MemoryJobSourceOptions {
  readonly gitlab: GitLab;
  readonly projects: readonly number[];
  readonly outage?: GitLabOutage;
}

function held(job: Job): HeldJob {
  const manager = job.manager ?? job.handover?.manager;
  const instance = manager === undefined ? undefined : instanceIdOf(manager.systemId);
  return { id: job.id, project: job.project, ...(instance !== undefined && { instance }) };
}

/** The `JobSource` port straight over the model of GitLab. */
export class MemoryJobSource implements JobSource {
  readonly #options: MemoryJobSourceOptions;

  constructor(options: MemoryJobSourceOptions) {
    this.#options = options;
  }

  async sweep(): Promise<JobSnapshot> {
    return this.#read();
  }

  async refresh(): Promise<JobSnapshot> {
    return this.#read();
  }

  #read(): JobSnapshot {
    const { gitlab, projects, outage } = this.#options;
    if (outage?.on === true) {
      throw new PortError({ kind: 'unavailable', system: 'gitlab', doing: 'listing jobs', why: '500' });
    }
    const kinds = new Map<string, { kind: JobKind; pending: PendingJob[] }>();
    const holding: HeldJob[] = [];
    for (const project of projects) {
      for (const job of gitlab.jobsOfProject(project, { statuses: ['pending', 'running', 'canceling'] })) {
        if (isHeld(job)) holding.push(held(job));
        else count(job, kinds);
      }
    }
    return { demand: [...kinds.values()], held: holding, later: gitlab.jobCounts().created ?? 0 };
  }
}

function count(job: Job, kinds: Map<string, { kind: JobKind; pending: PendingJob[] }>): void {
  const tags = [...new Set(job.tags)].toSorted();
  const key = `${job.project} ${tags.join(' ')}`;
  const kind = kinds.get(key) ?? { kind: { project: job.project, tags }, pending: [] };
  kind.pending.push({ id: job.id, queuedAt: job.queuedAt ?? job.createdAt });
  kinds.set(key, kind);
}
