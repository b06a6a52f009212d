import { PortError } from '../../../controller/errors.ts';
import type { Clock } from '../../../controller/ports.ts';
import type { GitLabClient } from '../client/client.ts';
import { type Asking, askAll, type JobList, pageQuery } from './graphql-lists.ts';
import type { ProjectReading } from './job-picture.ts';
import type { Beginnings } from './job-reader.ts';
import { addJob, draftOf, Kinds, type PipelineDraft } from './job-reading.ts';
import type { GitLabJob } from '../client/schemas.ts';

/** Pages of 100 count as 40 each, of the 250 that GitLab allows together. */
const LISTS_AT_ONCE = 5;
const FULL_PAGE = 100;

/** To whom GitLab shows no jobs at all it answers with empty lists, so every reading begins with proof that it shows some. */
const PROOF = 'query proof { any: jobs(first: 1) { nodes { id } } }';

/** Pipelines with pending or held jobs by project. */
export type JobsByProject = ReadonlyMap<number, ProjectReading['pipelines']>;

/** The jobs that runners could take and those that they hold, of all projects that have any. */
export interface RunnerJobsReading {
  readonly projects: JobsByProject;
  readonly began: number;
  readonly at: ReturnType<Clock['now']>;
  /** As of a `ProjectReading`, for every project. */
  readonly below?: number;
}

/** A list and how far it was read. */
interface Progress {
  readonly list: JobList;
  readonly after?: string;
  readonly below?: number;
}

/**
 * The jobs of the pools' runners over GitLab's GraphQL API, whatever the number of projects. Only an administrator's
 * token may list them (app/finders/ci/jobs_finder.rb), and only GitLab since 18.1 lists what a runner could take.
 */
export class GraphQlRunnerJobs {
  readonly #client: GitLabClient;
  readonly #clock: Clock;
  readonly #begin: Beginnings;
  readonly #runners: () => readonly number[];

  constructor(client: GitLabClient, clock: Clock, begin: Beginnings, runners: () => readonly number[]) {
    this.#client = client;
    this.#clock = clock;
    this.#begin = begin;
    this.#runners = runners;
  }

  get name(): string {
    const runners = this.#runners();
    return `GraphQL jobs of runner${runners.length === 1 ? '' : 's'} ${runners.join(', ')}`;
  }

  /** How many requests a reading takes at least. */
  get requests(): number {
    return Math.max(1, Math.ceil((this.#runners().length * 2 + 1) / LISTS_AT_ONCE));
  }

  /** Throws `unauthorized` where GitLab shows no jobs, and so may be hiding some. */
  async read(mayGoOn: (read: JobsByProject) => boolean, signal: AbortSignal): Promise<RunnerJobsReading> {
    const [began, at] = [this.#begin(), this.#clock.now()];
    const asking = this.#asking(signal);
    const jobs = new Map<number, GitLabJob>();
    let proof: readonly string[] = [PROOF];
    let open: readonly Progress[] = this.#lists().map((list) => ({ list }));
    if (open.length === 0) throw noRunner(asking.doing);
    while (open.length > 0) {
      const now = open.slice(0, LISTS_AT_ONCE - proof.length);
      const queries = now.map(({ list, after }) => pageQuery(list, FULL_PAGE, after));
      const given = await askAll(asking, [...proof, ...queries]);
      if (proof.length > 0 && (given[0]?.any?.nodes.length ?? 0) === 0) throw nothingShown(asking.doing);
      const further = now.flatMap((progress, index) => {
        const page = given[index + proof.length];
        return page === undefined ? [] : readPage(progress, page, jobs, asking.doing);
      });
      proof = [];
      open = [...open.slice(now.length), ...further];
      if (open.length > 0 && !mayGoOn(this.#byProject(jobs.values()))) break;
    }
    const unread = open.map(({ below = Infinity }) => below);
    return {
      projects: this.#byProject(jobs.values()),
      began,
      at,
      ...(unread.length > 0 && { below: Math.max(...unread) }),
    };
  }

  #byProject(jobs: Iterable<GitLabJob>): JobsByProject {
    const projects = new Map<number, Map<number, PipelineDraft>>();
    const kinds = new Kinds();
    for (const job of jobs) {
      const { id, project_id: project } = job.pipeline;
      const pipelines = projects.get(project) ?? new Map<number, PipelineDraft>();
      projects.set(project, pipelines);
      addJob(draftOf(pipelines, id), job, kinds, this.#clock.now());
    }
    return projects;
  }

  #asking(signal: AbortSignal): Asking {
    return {
      client: this.#client,
      doing: `listing the ${this.name}`,
      needs: "an administrator's token with the scope read_api",
      signal,
    };
  }

  #lists(): readonly JobList[] {
    return this.#runners().flatMap((runner) => {
      const id = JSON.stringify(`gid://gitlab/Ci::Runner/${runner}`);
      return [
        {
          operation: `pending${runner}`,
          statuses: ['PENDING'],
          around: (args: string, fields: string) => `jobs(compatibleRunnerId: ${id}, ${args}) ${fields}`,
          in: ({ jobs }) => jobs ?? null,
        },
        {
          operation: `held${runner}`,
          statuses: ['PENDING', 'RUNNING', 'CANCELING'],
          around: (args: string, fields: string) => `runner(id: ${id}) { jobs(${args}) ${fields} }`,
          in: ({ runner: found }) => found?.jobs ?? null,
        },
      ] satisfies JobList[];
    });
  }
}

/** Takes in a page, and answers with what is left of its list. */
function readPage(
  { list }: Progress,
  given: Parameters<JobList['in']>[0],
  jobs: Map<number, GitLabJob>,
  doing: string,
): readonly Progress[] {
  const page = list.in(given);
  if (page === null) throw nothingShown(doing);
  for (const job of page.nodes) {
    // A job in handover may stand in both lists: the one that names the runner knows more.
    if (job.runner !== null || !jobs.has(job.id)) jobs.set(job.id, job);
  }
  const { hasNextPage, endCursor } = page.pageInfo;
  const below = page.nodes.at(-1)?.id;
  return hasNextPage && typeof endCursor === 'string' && below !== undefined
    ? [{ list, after: endCursor, below }]
    : [];
}

function noRunner(doing: string): PortError {
  return new PortError({ kind: 'not-found', system: 'gitlab', doing, why: 'no pool has a runner yet' });
}

function nothingShown(doing: string): PortError {
  return new PortError({
    kind: 'unauthorized',
    system: 'gitlab',
    doing,
    why: 'GitLab shows the token no jobs at all',
    next: "it shows them to administrators: give an administrator's token with the scope read_api, or name projects or groups",
  });
}
