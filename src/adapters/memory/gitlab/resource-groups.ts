import type { Job, JobRecord } from './job.ts';

interface Resource {
  holder: number;
  readonly waiting: JobRecord[];
}

/** GitLab's resource groups: of each, one job of a project runs at a time. */
export class ResourceGroups {
  readonly #resources = new Map<string, Resource>();

  /** Whether the job may go on now; otherwise it waits until `release` names it. */
  take(job: JobRecord): boolean {
    const key = keyOf(job);
    if (key === undefined) return true;
    const resource = this.#resources.get(key);
    if (resource === undefined) {
      this.#resources.set(key, { holder: job.id, waiting: [] });
      return true;
    }
    if (resource.holder !== job.id) resource.waiting.push(job);
    return resource.holder === job.id;
  }

  /** Gives up what the job holds, and answers with the job that holds it now. */
  release(job: Job): JobRecord | undefined {
    const key = keyOf(job);
    const resource = key === undefined ? undefined : this.#resources.get(key);
    if (key === undefined || resource?.holder !== job.id) return undefined;
    const at = resource.waiting.findIndex((waiting) => waiting.status === 'waiting_for_resource');
    const next = resource.waiting[at];
    if (next === undefined) {
      this.#resources.delete(key);
      return undefined;
    }
    resource.waiting.splice(0, at + 1);
    resource.holder = next.id;
    return next;
  }
}

function keyOf(job: Job): string | undefined {
  return job.resourceGroup === undefined ? undefined : `${job.project} ${job.resourceGroup}`;
}
