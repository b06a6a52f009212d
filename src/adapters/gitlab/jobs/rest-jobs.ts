import { isPortError } from '../../../controller/errors.ts';
import type { Clock } from '../../../controller/ports.ts';
import { FULL_PAGES, type GitLabCall } from '../client/call.ts';
import type { GitLabClient } from '../client/client.ts';
import type { Beginnings, MayGoOn, ProjectJobReader, ProjectOutcome } from './job-reader.ts';
import { failureOf } from './job-reader.ts';
import type { ProjectReading } from './job-picture.ts';
import { addJob, draftOf, Kinds, type PipelineDraft } from './job-reading.ts';
import { jobsPage } from '../client/schemas.ts';
import type { WatchedProject } from './watched-project.ts';

const FULL_PAGE = Number(FULL_PAGES[1]);

/** The jobs of projects over GitLab's REST API, one project a request, in keyset pages. */
export class RestJobs implements ProjectJobReader {
  readonly name = 'REST by project';
  readonly batch = 1;
  readonly #client: GitLabClient;
  readonly #clock: Clock;
  readonly #begin: Beginnings;
  /** GitLab before 17 has no such status. */
  #canceling = true;

  constructor(client: GitLabClient, clock: Clock, begin: Beginnings) {
    this.#client = client;
    this.#clock = clock;
    this.#begin = begin;
  }

  async read(
    projects: readonly WatchedProject[],
    mayGoOn: MayGoOn,
    signal: AbortSignal,
  ): Promise<readonly ProjectOutcome[]> {
    const outcomes: ProjectOutcome[] = [];
    for (const project of projects) {
      try {
        outcomes.push(await this.#readProject(project, mayGoOn, signal));
      } catch (error) {
        outcomes.push(failureOf(project, error));
      }
    }
    return outcomes;
  }

  async #readProject(
    project: WatchedProject,
    mayGoOn: MayGoOn,
    signal: AbortSignal,
  ): Promise<ProjectReading> {
    try {
      return await this.#readPages(project, mayGoOn, signal);
    } catch (error) {
      if (!this.#canceling || !isPortError(error, 'refused')) throw error;
      this.#canceling = false;
      return this.#readPages(project, mayGoOn, signal);
    }
  }

  async #readPages(project: WatchedProject, mayGoOn: MayGoOn, signal: AbortSignal): Promise<ProjectReading> {
    const pipelines = new Map<number, PipelineDraft>();
    const reading = { project: project.id, began: this.#begin(), at: this.#clock.now(), pipelines };
    const kinds = new Kinds();
    const seen = new Set<number>();
    for await (const page of this.#client.pages(sweepCall(project, this.#canceling, signal), jobsPage)) {
      for (const job of page) {
        // Pages may shift while they are read.
        if (seen.has(job.id)) continue;
        seen.add(job.id);
        addJob(draftOf(pipelines, job.pipeline.id), job, kinds, this.#clock.now());
      }
      const below = page.at(-1)?.id;
      if (page.length < FULL_PAGE || below === undefined) continue;
      const cut = { ...reading, below };
      if (!mayGoOn(cut)) return cut;
    }
    return reading;
  }
}

function sweepCall({ id, name }: WatchedProject, canceling: boolean, signal: AbortSignal): GitLabCall {
  return {
    doing: `listing pending and running jobs of project ${name}`,
    needs: `the scope read_api and the role Reporter in ${name}`,
    path: `/projects/${id}/jobs`,
    query: [
      ['scope[]', 'pending'],
      ['scope[]', 'running'],
      ...(canceling ? [['scope[]', 'canceling'] as const] : []),
      ['pagination', 'keyset'],
      ['order_by', 'id'],
      // Most GitLabs know keyset pages of jobs only in this direction.
      ['sort', 'desc'],
      FULL_PAGES,
    ],
    signal,
  };
}
