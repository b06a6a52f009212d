import type { GitLab } from '../../src/adapters/memory/gitlab/gitlab.ts';
import { isHeld, type Job } from '../../src/adapters/memory/gitlab/job.ts';
import { elapsed, type Instant, minutes } from '../../src/engine/time.ts';
import { jobJson } from '../../src/sandbox/gitlab/job-json.ts';

const URL_BASE = 'https://gitlab.example';
const PAGE = 100;

/** One request, and when it was made. */
export interface AskedRequest {
  readonly at: Instant;
  readonly path: string;
}

/**
 * What `fetch` would get of the model of GitLab, without a wire, so that it may be asked in virtual time: projects of
 * groups, jobs of projects and of pipelines. It refuses GraphQL, and what is more than `limit` requests a minute.
 */
export class GitLabFetch {
  readonly url = URL_BASE;
  readonly asked: AskedRequest[] = [];
  /** How many requests were too many. */
  throttled = 0;
  /** What every request is answered with in place of GitLab's own answer; absent: nothing is wrong. */
  fault: (() => Response) | undefined;
  readonly #gitlab: GitLab;
  readonly #limit: number;

  constructor(gitlab: GitLab, limit = 600) {
    this.#gitlab = gitlab;
    this.#limit = limit;
  }

  readonly fetch: typeof fetch = async (input) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const path = decodeURIComponent(url.pathname.replace('/api/v4', ''));
    const at = this.#gitlab.now();
    this.asked.push({ at, path });
    if (this.fault !== undefined) return this.fault();
    if (this.mostInAMinute(at) > this.#limit) {
      this.throttled += 1;
      return new Response('Retry later\n', { status: 429, headers: { 'retry-after': '60' } });
    }
    return this.#answer(path, url);
  };

  /** The most requests in the minute before `end`, or in any. */
  mostInAMinute(end?: Instant): number {
    const inMinuteBefore = (last: Instant): number => {
      let count = 0;
      for (let index = this.asked.length - 1; index >= 0; index--) {
        const at = this.asked[index]?.at ?? last;
        if (at > last) continue;
        if (elapsed(at, last) >= minutes(1)) break;
        count += 1;
      }
      return count;
    };
    if (end !== undefined) return inMinuteBefore(end);
    return Math.max(0, ...Array.from(new Set(this.asked.map(({ at }) => at)), inMinuteBefore));
  }

  #answer(path: string, url: URL): Response {
    const [, group] = /^\/groups\/(.+)\/projects$/.exec(path) ?? [];
    if (group !== undefined) return this.#projectsOf(group, url);
    const [, project, pipeline] = /^\/projects\/(\d+)\/(?:pipelines\/(\d+)\/)?jobs$/.exec(path) ?? [];
    if (project === undefined) return refused(path.startsWith('/api/graphql') ? 403 : 404, 'Not Found');
    if (this.#gitlab.project(Number(project)) === undefined) return refused(404, 'Project Not Found');
    if (pipeline !== undefined) {
      return this.#jobs(this.#gitlab.jobsOfPipeline(Number(pipeline)), url);
    }
    return this.#jobs(this.#gitlab.jobsOfProject(Number(project)).filter(isPendingOrHeld), url);
  }

  #projectsOf(path: string, url: URL): Response {
    const group = this.#gitlab.groups.find(path);
    if (group === undefined) return refused(404, 'Group Not Found');
    const projects = this.#gitlab.projectsOfGroup(group.id, true).filter(({ archived }) => !archived);
    return paged(projects, url, ({ id, path: full }) => ({ id, path_with_namespace: full }));
  }

  #jobs(jobs: readonly Job[], url: URL): Response {
    return paged(jobs, url, (job) => jobJson(job, this.#gitlab, URL_BASE));
  }
}

function isPendingOrHeld(job: Job): boolean {
  return job.status === 'pending' || isHeld(job);
}

function paged<Item>(all: readonly Item[], url: URL, shown: (item: Item) => unknown): Response {
  const page = Number(url.searchParams.get('page') ?? 1);
  const items = all.slice((page - 1) * PAGE, page * PAGE).map(shown);
  const headers = { 'x-next-page': all.length > page * PAGE ? String(page + 1) : '' };
  return Response.json(items, { headers });
}

function refused(status: number, message: string): Response {
  return Response.json({ message: `${status} ${message}` }, { status });
}
