import { isPortError } from '../../controller/errors.ts';
import type { Clock, JobReading, JobSource, PipelineRef } from '../../controller/ports.ts';
import { type Instant, instant } from '../../engine/time.ts';
import { FULL_PAGES, type GitLabCall } from './call.ts';
import type { GitLabClient } from './client.ts';
import { concurrently } from './concurrently.ts';
import { JobPicture, type ProjectReading } from './job-picture.ts';
import { addJob, emptyDraft, Kinds, type PipelineDraft, type PipelineReading } from './job-reading.ts';
import { type GitLabJob, jobsPage } from './schemas.ts';
import { WatchedProjects } from './watched-projects.ts';

export interface GitLabJobsOptions {
  readonly client: GitLabClient;
  /** The watched projects: full paths ("acme/web") or ids ("42"). */
  readonly projects: readonly string[];
  readonly clock: Clock;
  /** How many projects or pipelines are read at the same time; 4 by default. */
  readonly concurrency?: number;
}

/**
 * The jobs of the watched projects, read over GitLab's REST API. A sweep or a refresh fails as a
 * whole, with the `PortError` of the first project or pipeline that could not be read, by its name.
 */
export function gitLabJobs(options: GitLabJobsOptions): JobSource {
  return new GitLabJobs(options);
}

class GitLabJobs implements JobSource {
  readonly #client: GitLabClient;
  readonly #projects: readonly string[];
  readonly #clock: Clock;
  readonly #concurrency: number;
  readonly #watched: WatchedProjects;
  readonly #picture = new JobPicture();
  /** Renewed by each sweep, so that kinds nobody uses any more are forgotten. */
  #kinds = new Kinds();
  #sweptAt: Instant = instant(0);

  constructor({ client, projects, clock, concurrency = 4 }: GitLabJobsOptions) {
    this.#client = client;
    this.#projects = [...new Set(projects)];
    this.#clock = clock;
    this.#concurrency = concurrency;
    this.#watched = new WatchedProjects(client, this.#projects, concurrency);
  }

  async sweep(signal: AbortSignal): Promise<JobReading> {
    const startedAt = this.#clock.now();
    this.#kinds = new Kinds();
    const readings = await concurrently(this.#projects, this.#concurrency, signal, (project, either) =>
      this.#readProject(project, either),
    );
    this.#picture.sweep(readings);
    this.#sweptAt = startedAt;
    return this.#told();
  }

  async refresh(pipelines: readonly PipelineRef[], signal: AbortSignal): Promise<JobReading> {
    if (!this.#picture.known) return this.sweep(signal);
    const ids = pipelines.map(({ project }) => project);
    const watched = await this.#watched.including(ids, signal);
    const wanted = distinct(pipelines).filter(({ project }) => watched.has(project));
    await concurrently(wanted, this.#concurrency, signal, async (ref, either) => {
      const began = this.#picture.begin();
      const reading = await this.#readPipeline(ref, either);
      this.#picture.refresh(watched.get(ref.project) ?? '', ref.pipeline, began, reading);
    });
    return this.#told();
  }

  #told(): JobReading {
    return { jobs: this.#picture.snapshot(), readAt: this.#sweptAt };
  }

  async #readProject(project: string, signal: AbortSignal): Promise<ProjectReading> {
    const began = this.#picture.begin();
    const pipelines = new Map<number, PipelineDraft>();
    let name = project;
    for await (const { jobs, now } of this.#pages(sweepCall(project, signal))) {
      for (const job of jobs) addJob(draftOf(pipelines, job.pipeline.id), job, this.#kinds, now);
      const [first] = jobs;
      // One project under two names must not count twice.
      if (first !== undefined) name = this.#watched.learn(project, first.pipeline.project_id);
    }
    return { project: name, began, pipelines };
  }

  /** Undefined when the pipeline was deleted. */
  async #readPipeline(ref: PipelineRef, signal: AbortSignal): Promise<PipelineReading | undefined> {
    const draft = emptyDraft();
    try {
      for await (const { jobs, now } of this.#pages(pipelineCall(ref, signal))) {
        for (const job of jobs) addJob(draft, job, this.#kinds, now);
      }
    } catch (error) {
      if (isGone(error)) return undefined;
      throw error;
    }
    const alive = draft.pending.length + draft.held.length > 0;
    return { ...draft, later: alive ? (draft.later ?? 0) : 0 };
  }

  /** Pages with the time of their reading, and every job once: pages may shift while they are read. */
  async *#pages(call: GitLabCall): AsyncGenerator<{ readonly jobs: GitLabJob[]; readonly now: Instant }> {
    const seen = new Set<number>();
    for await (const page of this.#client.pages(call, jobsPage)) {
      const jobs = page.filter(({ id }) => !seen.has(id));
      for (const { id } of jobs) seen.add(id);
      yield { jobs, now: this.#clock.now() };
    }
  }
}

function sweepCall(project: string, signal: AbortSignal): GitLabCall {
  return {
    doing: `listing pending and running jobs of project ${project}`,
    needs: `the scope read_api and the role Reporter in ${project}`,
    path: `/projects/${encodeURIComponent(project)}/jobs`,
    query: [
      ['scope[]', 'pending'],
      ['scope[]', 'running'],
      ['pagination', 'keyset'],
      ['order_by', 'id'],
      // Most GitLabs know keyset pages of jobs only in this direction.
      ['sort', 'desc'],
      FULL_PAGES,
    ],
    signal,
  };
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

function distinct(pipelines: readonly PipelineRef[]): readonly PipelineRef[] {
  return [...new Map(pipelines.map((ref) => [`${ref.project}/${ref.pipeline}`, ref])).values()];
}

function draftOf(pipelines: Map<number, PipelineDraft>, id: number): PipelineDraft {
  const known = pipelines.get(id);
  if (known !== undefined) return known;
  const draft = emptyDraft();
  pipelines.set(id, draft);
  return draft;
}
