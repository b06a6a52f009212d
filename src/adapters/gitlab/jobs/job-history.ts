import { minutes } from '../../../engine/time.ts';
import { FULL_PAGES, type GitLabCall } from '../client/call.ts';
import type { GitLabClient, GitLabPage } from '../client/client.ts';
import { type EndedJob, endedJobsPage, project as projectShape, projectsPage } from '../client/schemas.ts';
import type { GroupProjects } from './group-projects.ts';

/** A project whose past jobs are read. */
export interface PastProject {
  readonly id: number;
  /** Its full path. */
  readonly path: string;
}

/** What is to be read, as the configuration names it: full paths or ids. */
export interface PastScope {
  readonly projects: readonly string[];
  readonly groups: readonly string[];
  /** All projects that the token may see. */
  readonly instance: boolean;
}

/** The query of one page, as the page before it has told. */
export type PageQuery = NonNullable<GitLabCall['query']>;

/** The jobs of projects that have ended, over GitLab's REST API. */
export class GitLabJobHistory {
  readonly #client: GitLabClient;
  readonly #members: Pick<GroupProjects, 'of'>;

  constructor(client: GitLabClient, members: Pick<GroupProjects, 'of'>) {
    this.#client = client;
    this.#members = members;
  }

  /** The projects of the scope, each once, by path. Throws what GitLab refuses of any of them. */
  async projects(
    { projects, groups, instance }: PastScope,
    signal: AbortSignal,
  ): Promise<readonly PastProject[]> {
    const found = new Map<number, string>();
    for (const name of projects) {
      const { id, path_with_namespace: path } = await this.#client.get(lookUp(name, signal), projectShape);
      found.set(id, path);
    }
    for (const group of groups) {
      for (const [id, path] of await this.#members.of(group, minutes(0), signal)) found.set(id, path);
    }
    if (instance) {
      const all = await this.#client.list(allProjects(signal), projectsPage);
      for (const { id, path_with_namespace: path } of all) found.set(id, path);
    }
    return [...found]
      .map(([id, path]) => ({ id, path }))
      .toSorted((one, other) => (one.path < other.path ? -1 : 1));
  }

  /**
   * One page of a project's jobs that have ended, by number, newest first: its first one, or the one that a page before
   * it told. Jobs that come or end meanwhile move nothing, because pages go by job number.
   */
  async page(
    project: PastProject,
    query: PageQuery | undefined,
    signal: AbortSignal,
  ): Promise<GitLabPage<EndedJob>> {
    return this.#client.page(
      { ...pastJobs(project, signal), ...(query !== undefined && { query }) },
      endedJobsPage,
    );
  }
}

function lookUp(project: string, signal: AbortSignal): GitLabCall {
  return {
    doing: `looking up the id of project ${project}`,
    needs: `the scope read_api and the role Reporter in ${project}`,
    path: `/projects/${encodeURIComponent(project)}`,
    signal,
  };
}

function allProjects(signal: AbortSignal): GitLabCall {
  return {
    doing: 'listing all projects',
    needs: 'the scope read_api',
    path: '/projects',
    query: [
      ['archived', 'false'],
      ['simple', 'true'],
      // Only so does GitLab list more than 50,000.
      ['pagination', 'keyset'],
      ['order_by', 'id'],
      ['sort', 'asc'],
      FULL_PAGES,
    ],
    signal,
  };
}

function pastJobs({ id, path }: PastProject, signal: AbortSignal): GitLabCall {
  return {
    doing: `listing the ended jobs of project ${path}`,
    needs: `the scope read_api and the role Reporter in ${path}`,
    path: `/projects/${id}/jobs`,
    query: [
      ['scope[]', 'success'],
      ['scope[]', 'failed'],
      ['scope[]', 'canceled'],
      ['pagination', 'keyset'],
      ['order_by', 'id'],
      ['sort', 'desc'],
      FULL_PAGES,
    ],
    signal,
  };
}
