import { isPortError, PortError } from '../../../controller/errors.ts';
import type { Clock } from '../../../controller/ports.ts';
import type { GitLabClient } from '../client/client.ts';
import {
  type Asking,
  askAll,
  type JobList,
  type JobListPage,
  pageQuery,
  TooComplex,
} from './graphql-lists.ts';
import { addJob, draftOf, Kinds, type PipelineDraft } from './job-reading.ts';
import type { Beginnings, MayGoOn, ProjectJobReader, ProjectOutcome } from './job-reader.ts';
import type { WatchedProject } from './watched-project.ts';

/** Eight queries with pages of 20 count as 220, of the 250 that GitLab allows. */
const BATCH = 8;
const FIRST_PAGE = 20;
const FULL_PAGE = 100;

/**
 * The jobs of projects over GitLab's GraphQL API, several projects a request: GitLab gives the jobs of one project a
 * query, and takes several queries at once as long as together they are not too complex.
 */
export class GraphQlProjectJobs implements ProjectJobReader {
  readonly #client: GitLabClient;
  readonly #clock: Clock;
  readonly #begin: Beginnings;
  #batch = BATCH;
  /** GitLab before 17 has no such status. */
  #canceling = true;

  constructor(client: GitLabClient, clock: Clock, begin: Beginnings) {
    this.#client = client;
    this.#clock = clock;
    this.#begin = begin;
  }

  get batch(): number {
    return this.#batch;
  }

  get name(): string {
    return `GraphQL by project, ${this.#batch} a request`;
  }

  async read(
    projects: readonly WatchedProject[],
    mayGoOn: MayGoOn,
    signal: AbortSignal,
  ): Promise<readonly ProjectOutcome[]> {
    try {
      return await this.#readTogether(projects, mayGoOn, signal);
    } catch (error) {
      if (this.#canceling && isPortError(error, 'refused') && /canceling/i.test(error.details.why)) {
        this.#canceling = false;
        return this.read(projects, mayGoOn, signal);
      }
      if (!(error instanceof TooComplex) || projects.length === 1) throw error;
      this.#batch = Math.min(this.#batch, Math.floor(projects.length / 2));
    }
    const outcomes: ProjectOutcome[] = [];
    while (outcomes.length < projects.length) {
      const some = projects.slice(outcomes.length, outcomes.length + this.#batch);
      outcomes.push(...(await this.read(some, mayGoOn, signal)));
    }
    return outcomes;
  }

  async #readTogether(
    projects: readonly WatchedProject[],
    mayGoOn: MayGoOn,
    signal: AbortSignal,
  ): Promise<readonly ProjectOutcome[]> {
    const began = this.#begin();
    const at = this.#clock.now();
    const asking = this.#asking(projects, signal);
    const lists = projects.map((project) => this.#listOf(project));
    const pages = await askAll(
      asking,
      lists.map((list) => pageQuery(list, FIRST_PAGE)),
    );
    const outcomes: ProjectOutcome[] = [];
    for (const [index, project] of projects.entries()) {
      const [list, given] = [lists[index], pages[index]];
      const page = list === undefined || given === undefined ? null : list.in(given);
      if (list === undefined || page === null) {
        outcomes.push({ project: project.id, failure: notShown(project) });
        continue;
      }
      outcomes.push(await this.#readOn({ asking, list, project, began, at, mayGoOn }, page));
    }
    return outcomes;
  }

  /** The rest of a list whose first page was read. */
  async #readOn(
    { asking, list, project, began, at, mayGoOn }: ListUnderWay,
    first: JobListPage,
  ): Promise<ProjectOutcome> {
    const pipelines = new Map<number, PipelineDraft>();
    const reading = { project: project.id, began, at, pipelines };
    const kinds = new Kinds();
    const seen = new Set<number>();
    for (let page: JobListPage | null = first; page !== null;) {
      for (const job of page.nodes) {
        if (seen.has(job.id)) continue;
        seen.add(job.id);
        addJob(draftOf(pipelines, job.pipeline.id), job, kinds, this.#clock.now());
      }
      const { hasNextPage, endCursor } = page.pageInfo;
      const below = page.nodes.at(-1)?.id;
      if (!hasNextPage || typeof endCursor !== 'string' || below === undefined) return reading;
      const cut = { ...reading, below };
      if (!mayGoOn(cut)) return cut;
      const [next] = await askAll(asking, [pageQuery(list, FULL_PAGE, endCursor)]);
      page = next === undefined ? null : list.in(next);
    }
    return { project: project.id, failure: notShown(project) };
  }

  #asking(projects: readonly WatchedProject[], signal: AbortSignal): Asking {
    const [first] = projects;
    const others = projects.length === 1 ? '' : ` and ${projects.length - 1} others`;
    return {
      client: this.#client,
      doing: `listing pending and running jobs of project ${first?.name ?? ''}${others}`,
      needs: 'the scope read_api and the role Reporter',
      signal,
    };
  }

  #listOf({ id }: WatchedProject): JobList {
    return {
      operation: `jobs${id}`,
      statuses: ['PENDING', 'RUNNING', ...(this.#canceling ? ['CANCELING'] : [])],
      around: (args, fields) =>
        `projects(ids: ["gid://gitlab/Project/${id}"], first: 1) { nodes { jobs(${args}) ${fields} } }`,
      in: ({ projects }) => projects?.nodes[0]?.jobs ?? null,
    };
  }
}

interface ListUnderWay {
  readonly asking: Asking;
  readonly list: JobList;
  readonly project: WatchedProject;
  readonly began: number;
  readonly at: ReturnType<Clock['now']>;
  readonly mayGoOn: MayGoOn;
}

function notShown({ name }: WatchedProject): PortError {
  return new PortError({
    kind: 'unauthorized',
    system: 'gitlab',
    doing: `listing pending and running jobs of project ${name}`,
    why: 'GitLab does not show them',
    next: `check that it exists and that the token may see it (the scope read_api and the role Reporter in ${name})`,
  });
}
