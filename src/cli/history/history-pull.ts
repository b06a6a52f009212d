import type { GitLabPage } from '../../adapters/gitlab/client/client.ts';
import type { EndedJob } from '../../adapters/gitlab/client/schemas.ts';
import type { GitLabJobHistory, PastScope } from '../../adapters/gitlab/jobs/job-history.ts';
import { concernsOnlyOne } from '../../adapters/gitlab/jobs/job-reader.ts';
import type { Clock } from '../../controller/ports.ts';
import { instant, type Instant, minutes, seconds } from '../../engine/time.ts';
import { patiently } from '../patience.ts';
import type { Naming } from './history-names.ts';
import { historyLine } from './history-record.ts';
import type { HistoryRequest, HistoryStore, ProjectProgress, PullState } from './history-store.ts';

/** Jobs are numbered a little later or earlier than they are created. */
const SLACK = minutes(60);
const LOOK_AGAIN = seconds(1);

/** The time in which the jobs were created that are asked for. */
export interface PullWindow {
  readonly since: Instant;
  /** Excluded. */
  readonly until: Instant;
}

export interface HistoryPullOptions {
  readonly history: GitLabJobHistory;
  readonly store: HistoryStore;
  readonly clock: Clock;
  /** How many requests may be made now. */
  readonly left: () => number;
  readonly scope: PastScope;
  readonly request: HistoryRequest;
  /** Where nothing was begun before. */
  readonly window: PullWindow;
  /** What names are changed with; where something was begun before, by the salt of then. */
  readonly salt?: string;
  readonly named: (salt: string | undefined) => Naming;
  /** Hears how far it is: the share, 0 to 1, and in words. */
  readonly progress: (share: number, words: string) => void;
  /** Hears of what comes in between. */
  readonly say: (line: string) => void;
}

/** A project that could not be read, and why. */
export interface FailedProject {
  readonly project: string;
  readonly why: string;
}

/** What has come of it. */
export interface Pulled extends PullWindow {
  readonly jobs: number;
  readonly projects: number;
  readonly resumed: boolean;
  readonly failed: readonly FailedProject[];
}

/**
 * Reads the ended jobs of a time, project by project, newest first, and writes each page before it asks for the next;
 * goes on where the store was left. What one project alone refuses is told in the end, and tried again by the next pull.
 */
export async function pullHistory(options: HistoryPullOptions, signal: AbortSignal): Promise<Pulled> {
  const { store } = options;
  const resumed = store.left !== undefined;
  let state = store.left ?? (await begin(options, signal));
  const failed: FailedProject[] = [];
  for (const { id } of state.projects.filter(({ done }) => !done)) {
    try {
      state = await pullProject(options, state, id, signal);
    } catch (error) {
      if (!concernsOnlyOne(error)) throw error;
      failed.push({ project: pathOf(state, id), why: error.message });
    }
  }
  if (failed.length === 0) state = await finish(store, state);
  const { jobs, projects } = totalsOf(state);
  return { since: instant(state.since), until: instant(state.until), jobs, projects, resumed, failed };
}

async function begin(options: HistoryPullOptions, signal: AbortSignal): Promise<PullState> {
  const { history, store, clock, say, scope, request, window, salt } = options;
  const projects = await patiently(clock, say, () => history.projects(scope, signal), signal);
  return store.write('', {
    version: 1,
    request,
    ...window,
    ...(salt !== undefined && { salt }),
    bytes: 0,
    projects: projects.map(({ id, path }) => ({ id, path, jobs: 0, done: false })),
  });
}

/** Forgets what may tell whose the jobs are. */
async function finish(store: HistoryStore, state: PullState): Promise<PullState> {
  if (state.finished !== undefined) return state;
  const { salt: _, ...rest } = state;
  return store.write('', { ...rest, projects: [], finished: totalsOf(state) });
}

function totalsOf({ projects, finished }: PullState): { readonly jobs: number; readonly projects: number } {
  return finished ?? { jobs: projects.reduce((sum, { jobs }) => sum + jobs, 0), projects: projects.length };
}

function pathOf({ projects }: PullState, id: number): string {
  return projects.find((project) => project.id === id)?.path ?? String(id);
}

async function pullProject(
  options: HistoryPullOptions,
  before: PullState,
  id: number,
  signal: AbortSignal,
): Promise<PullState> {
  let state = before;
  for (;;) {
    const project = state.projects.find((one) => one.id === id);
    if (project === undefined || project.done) return state;
    state = await pullPage(options, state, project, signal);
    const { jobs } = totalsOf(state);
    options.progress(shareOf(state), `${project.path}, ${jobs} jobs`);
  }
}

async function pullPage(
  { history, store, clock, left, say, named }: HistoryPullOptions,
  state: PullState,
  project: ProjectProgress,
  signal: AbortSignal,
): Promise<PullState> {
  while (left() < 1 && !signal.aborted) await clock.sleep(LOOK_AGAIN, signal);
  const page = await patiently(clock, say, () => history.page(project, project.next, signal), signal);
  // A page by page number moves down while jobs come, and a doubled job has been written.
  const fresh = page.items.filter((job) => job.id < (project.below ?? Infinity));
  const wanted = fresh.filter((job) => job.created_at >= state.since && job.created_at < state.until);
  const lines = wanted.map((job) => historyLine(project, job, named(state.salt))).join('');
  const after = progressAfter(project, page, fresh, wanted.length, state);
  return store.write(lines, {
    ...state,
    projects: state.projects.map((one) => (one.id === project.id ? after : one)),
  });
}

function progressAfter(
  { id, path, jobs, below }: ProjectProgress,
  { items, next }: GitLabPage<EndedJob>,
  fresh: readonly EndedJob[],
  written: number,
  { since }: PullState,
): ProjectProgress {
  const last = fresh.at(-1);
  const isPast = items.length > 0 && items.every((job) => job.created_at < since - SLACK);
  const lowest = last?.id ?? below;
  return {
    id,
    path,
    jobs: jobs + written,
    done: next === undefined || isPast,
    ...(next !== undefined && { next: next.map(([name, value]) => [name, value]) }),
    ...(lowest !== undefined && { below: lowest }),
    ...(last !== undefined && { reached: last.created_at }),
  };
}

/** As if jobs came evenly over the time. */
function shareOf({ projects, since, until }: PullState): number {
  const shares = projects.map(({ done, reached = until }) =>
    done ? 1 : Math.min(1, Math.max(0, (until - reached) / (until - since))),
  );
  return shares.reduce((sum, share) => sum + share, 0) / Math.max(1, shares.length);
}
