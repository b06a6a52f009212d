import { isPortError } from '../../../controller/errors.ts';
import type { Clock, PipelineRef } from '../../../controller/ports.ts';
import { FULL_PAGES, type GitLabCall } from '../client/call.ts';
import type { GitLabClient } from '../client/client.ts';
import { addJob, emptyDraft, Kinds, type PipelineReading } from './job-reading.ts';
import { jobsPage } from '../client/schemas.ts';

/** Remembered for no more pipelines. */
const MOST_REMEMBERED = 1000;

/** The jobs of single pipelines over GitLab's REST API, those of later stages included. */
export class PipelineJobs {
  readonly #client: GitLabClient;
  readonly #clock: Clock;
  readonly #left: () => number;
  /** How many pages the largest pipelines had. */
  readonly #pages = new Map<number, number>();

  /** `left` says how many requests may be made now. */
  constructor(client: GitLabClient, clock: Clock, left: () => number) {
    this.#client = client;
    this.#clock = clock;
    this.#left = left;
  }

  /** `gone` when the pipeline was deleted, `too much` when it has more pages than there are requests left. */
  async read(ref: PipelineRef, signal: AbortSignal): Promise<PipelineReading | 'gone' | 'too much'> {
    if (this.#left() < (this.#pages.get(ref.pipeline) ?? 1)) return 'too much';
    const draft = emptyDraft();
    const kinds = new Kinds();
    const seen = new Set<number>();
    let pages = 0;
    try {
      for await (const page of this.#client.pages(pipelineCall(ref, signal), jobsPage)) {
        pages += 1;
        for (const job of page) {
          // Pages may shift while they are read.
          if (seen.has(job.id)) continue;
          seen.add(job.id);
          addJob(draft, job, kinds, this.#clock.now());
        }
        this.#remember(ref.pipeline, pages);
        if (page.length === Number(FULL_PAGES[1]) && this.#left() < 1) return 'too much';
      }
    } catch (error) {
      if (isGone(error)) return 'gone';
      throw error;
    }
    const alive = draft.pending.length + draft.held.length > 0;
    return { ...draft, later: alive ? (draft.later ?? 0) : 0 };
  }

  #remember(pipeline: number, pages: number): void {
    this.#pages.delete(pipeline);
    if (pages > 1) this.#pages.set(pipeline, pages);
    const [oldest] = this.#pages.keys();
    if (this.#pages.size > MOST_REMEMBERED && oldest !== undefined) this.#pages.delete(oldest);
  }
}

function pipelineCall({ project, pipeline }: PipelineRef, signal: AbortSignal): GitLabCall {
  return {
    doing: `listing the jobs of pipeline ${pipeline} of project ${project}`,
    needs: `the scope read_api and the role Reporter in project ${project}`,
    path: `/projects/${project}/pipelines/${pipeline}/jobs`,
    query: [['include_retried', 'false'], FULL_PAGES],
    signal,
  };
}

/** A project that is not found is another matter than a pipeline: the token may no longer see it. */
function isGone(error: unknown): boolean {
  return isPortError(error, 'not-found') && !/project not found/i.test(error.details.why);
}
