import { z } from 'zod';
import { isPortError } from '../../../controller/errors.ts';
import { whyLeft } from '../../../controller/lost-work.ts';
import type { JobRetrier, LostWork, RetryAnswer } from '../../../controller/ports.ts';
import type { GitLabCall } from '../client/call.ts';
import type { GitLabClient } from '../client/client.ts';
import { identified, time } from '../client/schemas.ts';

/** A project that wants lost jobs retried. */
export interface RetryingProject {
  /** Its full path or id, as configured. */
  readonly project: string;
  /** Speaks with the project's own token: a retry runs as the owner of the token. */
  readonly client: GitLabClient;
}

export interface GitLabJobRetrierOptions {
  readonly projects: readonly RetryingProject[];
  /** Hears, once for each project, why its retries cannot be. */
  readonly note: (message: string) => void;
}

const suspect = z.object({
  id: z.int(),
  status: z.string(),
  failure_reason: z.string().nullish(),
  finished_at: time.nullish(),
});

const MAY_RETRY = 'the scope api and the role Maintainer';

/** Retries lost jobs over GitLab's REST API, each with the token of its own project. */
export function gitLabJobRetrier(options: GitLabJobRetrierOptions): JobRetrier {
  return new GitLabJobRetrier(options);
}

class GitLabJobRetrier implements JobRetrier {
  readonly #note: (message: string) => void;
  readonly #clients = new Map<number, GitLabClient>();
  readonly #unresolved: Map<string, GitLabClient>;
  readonly #noted = new Set<string>();

  constructor({ projects, note }: GitLabJobRetrierOptions) {
    this.#note = note;
    this.#unresolved = new Map(projects.map(({ project, client }) => [project, client]));
  }

  async projects(signal: AbortSignal): Promise<ReadonlySet<number>> {
    await Promise.all(
      [...this.#unresolved].map(([project, client]) => this.#resolve(project, client, signal)),
    );
    return new Set(this.#clients.keys());
  }

  async retry(work: LostWork, signal: AbortSignal): Promise<RetryAnswer> {
    const client = this.#clients.get(work.project);
    if (client === undefined) return { left: 'its project asks for no retries' };
    const path = `/projects/${work.project}/jobs/${work.job}`;
    const doing = `looking at lost job ${work.job} of project ${work.project}`;
    const job = await client.get({ doing, needs: MAY_RETRY, path, signal }, suspect);
    const { status, failure_reason: reason, finished_at: finishedAt } = job;
    const left = whyLeft(
      { status, failureReason: reason ?? undefined, finishedAt: finishedAt ?? undefined },
      work,
    );
    if (left !== undefined) return { left };
    if (status !== 'failed' && status !== 'canceled') await this.#end(client, work, path, signal);
    return this.#again(client, work, path, signal);
  }

  /** GitLab still believes it to run, and retries no such job. */
  async #end(
    client: GitLabClient,
    { job, project }: LostWork,
    path: string,
    signal: AbortSignal,
  ): Promise<void> {
    const doing = `canceling lost job ${job} of project ${project}`;
    const call = { doing, needs: MAY_RETRY, path: `${path}/cancel`, signal, method: 'POST' } as const;
    const canceled = await client.change(call, suspect);
    // Its manager would let it finish its after_script, and is not there any more.
    if (canceled.status === 'canceling') await client.change({ ...call, body: { force: true } }, suspect);
  }

  async #again(
    client: GitLabClient,
    { job, project }: LostWork,
    path: string,
    signal: AbortSignal,
  ): Promise<RetryAnswer> {
    const doing = `retrying lost job ${job} of project ${project}`;
    try {
      const call = { doing, needs: MAY_RETRY, path: `${path}/retry`, signal, method: 'POST' } as const;
      const { id } = await client.change(call, suspect);
      return { retried: id };
    } catch (error) {
      if (isPortError(error) && /not retryable/i.test(error.details.why))
        return { left: 'it was retried already' };
      throw error;
    }
  }

  async #resolve(project: string, client: GitLabClient, signal: AbortSignal): Promise<void> {
    try {
      const { id } = await client.get(lookUp(project, signal), identified);
      this.#clients.set(id, client);
      this.#unresolved.delete(project);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (!this.#noted.has(project)) this.#note(`lost jobs of ${project} are not retried: ${why}`);
      this.#noted.add(project);
    }
  }
}

function lookUp(project: string, signal: AbortSignal): GitLabCall {
  return {
    doing: `looking up project ${project}, whose lost jobs are retried`,
    needs: MAY_RETRY,
    path: `/projects/${encodeURIComponent(project)}`,
    signal,
  };
}
