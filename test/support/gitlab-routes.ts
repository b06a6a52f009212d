import { isPortError } from '../../src/controller/errors.ts';
import type { JobReading } from '../../src/controller/ports.ts';
import { VirtualClock } from '../../src/adapters/memory/clock.ts';
import { GitLabClient } from '../../src/adapters/gitlab/client/client.ts';
import { gitLabJobs } from '../../src/adapters/gitlab/jobs/jobs.ts';

export const NEVER = new AbortController().signal;

interface Fields {
  readonly id?: number;
  readonly status?: string;
  readonly pipeline?: number;
  readonly project?: number;
}

/** A job as GitLab sends it, with fields that nobody reads. */
export function job({ id = 1, status = 'pending', pipeline = 100, project = 7 }: Fields = {}) {
  return {
    id,
    status,
    stage: 'test',
    name: 'rspec',
    created_at: '2026-01-05T09:59:00.000+02:00',
    queued_duration: null,
    tag_list: ['linux'],
    pipeline: { id: pipeline, project_id: project, status: 'running' },
    runner: null,
    runner_manager: null,
    commit: { id: 'abc', message: 'x' },
  };
}

export type Route = (url: URL, signal: AbortSignal | null | undefined) => unknown;

/** A GitLab whose answers are chosen by path, and the source that reads it. */
export function gitLab(projects: readonly string[], routes: Record<string, Route>, concurrency = 4) {
  const clock = new VirtualClock();
  const asked: URL[] = [];
  const client = new GitLabClient({
    url: 'https://gitlab.example',
    token: () => 'token',
    clock,
    version: '0.0.0',
    fetch: async (input, init) => {
      const url = new URL(input instanceof Request ? input.url : input);
      asked.push(url);
      const route = routes[url.pathname.replace('/api/v4', '')];
      const answer = route === undefined ? notFound() : await route(url, init?.signal);
      return answer instanceof Response ? answer : Response.json(answer);
    },
  });
  const notes: string[] = [];
  const note = (message: string): void => void notes.push(message);
  const source = gitLabJobs({ client, projects, clock, concurrency, note, ways: [] });
  return {
    source,
    clock,
    asked,
    routes,
    notes,
    paths: () => asked.map(({ pathname }) => pathname.replace('/api/v4', '')),
  };
}

export function notFound(message = '404 Not found'): Response {
  return Response.json({ message }, { status: 404 });
}

export function idsOf({ jobs: snapshot }: JobReading): { pending: number[]; held: number[]; later: number } {
  return {
    pending: snapshot.demand.flatMap(({ pending }) => pending.map(({ id }) => id)).toSorted((a, b) => a - b),
    held: snapshot.held.map(({ id }) => id).toSorted((a, b) => a - b),
    later: snapshot.later,
  };
}

export async function messageOf(running: Promise<unknown>): Promise<string> {
  try {
    await running;
  } catch (error) {
    if (isPortError(error)) return `${error.kind}: ${error.message}`;
    throw error;
  }
  throw new Error('expected a failure');
}

/** An answer that comes when it is told to. */
export function held() {
  const gate = Promise.withResolvers<unknown>();
  const asked = Promise.withResolvers<void>();
  const route: Route = () => {
    asked.resolve();
    return gate.promise;
  };
  return { route, asked: asked.promise, answer: gate.resolve };
}
