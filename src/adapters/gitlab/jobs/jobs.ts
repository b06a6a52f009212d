import { isPortError, type PortError } from '../../../controller/errors.ts';
import type { Clock, Enough, JobReading, JobSource, PipelineRef } from '../../../controller/ports.ts';
import type { KindDemand } from '../../../engine/job.ts';
import { instant } from '../../../engine/time.ts';
import type { GitLabClient } from '../client/client.ts';
import { concurrently } from '../client/concurrently.ts';
import { GraphQlProjectJobs } from './graphql-project-jobs.ts';
import { GraphQlRunnerJobs } from './graphql-runner-jobs.ts';
import { GroupProjects } from './group-projects.ts';
import { JobPicture, type ProjectReading } from './job-picture.ts';
import { isUnreadable, type ProjectJobReader } from './job-reader.ts';
import { type Standing, standingOfProjects, standingOfRunners } from './job-standing.ts';
import { JOB_WAYS, type JobWay, JobWays } from './job-ways.ts';
import { PipelineJobs } from './pipeline-jobs.ts';
import { ProjectSweep, SWEEP_RESERVE } from './project-sweep.ts';
import { ProtectedRefs } from './protected-refs.ts';
import { RestJobs } from './rest-jobs.ts';
import type { WatchedProject } from './watched-project.ts';
import { WatchedProjects } from './watched-projects.ts';

export interface GitLabJobsOptions {
  readonly client: GitLabClient;
  readonly clock: Clock;
  /** The watched projects: full paths ("acme/web") or ids ("42"). */
  readonly projects?: readonly string[];
  /** Groups whose projects are watched, those of groups below included: full paths or ids. */
  readonly groups?: readonly string[];
  /** Whether every project of the instance is watched. */
  readonly instance?: boolean;
  /** Ids of the pools' runners. */
  readonly runners?: () => readonly number[];
  /** Whether it matters to any pool which refs are protected. */
  readonly needsProtection?: () => boolean;
  /** Which projects lie in groups; shared with whoever asks the same. */
  readonly members?: GroupProjects;
  /** Hears which way to learn of jobs cannot be used, and which projects are left out. */
  readonly note?: (message: string) => void;
  /** How many requests for projects or pipelines are made at the same time; 4 by default. */
  readonly concurrency?: number;
  /** The ways that may be used beside REST; default: all. */
  readonly ways?: readonly JobWay[];
}

/** How jobs are learned of, for people. */
export interface JobSourceDescription {
  /** "GraphQL jobs of runner 12", "GraphQL by project, 8 a request" or "REST by project". */
  readonly source: string;
  /** How many projects are watched; absent: every project of the instance. */
  readonly projects?: number;
  /** Requests to read everything once, if nothing has more than a page of jobs. */
  readonly requests: number;
  /** Requests that sweeps may make in a minute, and all calls together. */
  readonly spare: number;
  readonly perMinute: number;
}

/** The source, and what only checks and webhooks ask for. */
export interface GitLabJobs extends JobSource {
  describe(): JobSourceDescription;
  /** Why a project or a group that the configuration names could not be read last. */
  problem(): PortError | undefined;
  /** Whether the project was watched when that was looked up last. */
  watches(project: number): boolean;
}

/** What webhooks leave of a minute's requests to managers and scopes. */
const REFRESH_RESERVE = 0.1;
const ALWAYS_MORE: Enough = () => false;

/**
 * The jobs of the watched projects. GitLab's GraphQL is used where it shows them, its REST API where it does not, and
 * no more requests are made than the client's budget allows. Throws the `PortError` of what concerns all of GitLab;
 * a single project or group that cannot be read makes the picture `partial` if the configuration names it, and is
 * left out for a while if not.
 */
export function gitLabJobs(options: GitLabJobsOptions): GitLabJobs {
  return new JobsOfGitLab(options);
}

class JobsOfGitLab implements GitLabJobs {
  readonly #client: GitLabClient;
  readonly #clock: Clock;
  readonly #concurrency: number;
  readonly #instance: boolean;
  readonly #runners: () => readonly number[];
  readonly #needsProtection: () => boolean;
  readonly #picture = new JobPicture();
  readonly #watched: WatchedProjects;
  readonly #protection: ProtectedRefs;
  readonly #pipelines: PipelineJobs;
  readonly #sweep: ProjectSweep;
  readonly #runnerJobs: GraphQlRunnerJobs;
  readonly #graphQl: GraphQlProjectJobs;
  readonly #rest: RestJobs;
  readonly #ways: JobWays;
  /** Projects that a webhook has named and that could not be read at once. */
  readonly #named = new Set<number>();
  #last: Standing | undefined;

  constructor(options: GitLabJobsOptions) {
    const { client, clock, projects = [], groups = [], concurrency = 4, note = () => undefined } = options;
    const { runners = () => [], needsProtection = () => false, ways = JOB_WAYS } = options;
    const picture = this.#picture;
    const begin = (): number => picture.begin();
    this.#client = client;
    this.#clock = clock;
    this.#concurrency = concurrency;
    this.#instance = options.instance ?? false;
    this.#runners = runners;
    this.#needsProtection = needsProtection;
    const members = options.members ?? new GroupProjects(client, clock);
    const watching = { client, clock, members, groups, concurrency, note };
    this.#watched = new WatchedProjects({ ...watching, projects: [...new Set(projects)] });
    this.#protection = new ProtectedRefs(client, clock, note);
    this.#pipelines = new PipelineJobs(client, clock, () => client.budget.left(REFRESH_RESERVE));
    this.#sweep = new ProjectSweep({ clock, budget: client.budget, picture, concurrency });
    this.#runnerJobs = new GraphQlRunnerJobs(client, clock, begin, runners);
    this.#graphQl = new GraphQlProjectJobs(client, clock, begin);
    this.#rest = new RestJobs(client, clock, begin);
    const readers = { runners: this.#runnerJobs, projects: this.#graphQl, rest: this.#rest };
    this.#ways = new JobWays({ clock, ways, note, nameOf: (way) => readers[way].name });
  }

  async sweep(signal: AbortSignal, enough: Enough = ALWAYS_MORE): Promise<JobReading> {
    if (this.#instance)
      await this.#ways.insist('runners', () => this.#sweepRunners(undefined, enough, signal));
    else await this.#sweepWatched(enough, signal);
    this.#watched.tellProblems();
    await this.#readProtections(signal);
    return this.#tell();
  }

  async #sweepWatched(enough: Enough, signal: AbortSignal): Promise<void> {
    const watched = await this.#watched.all(signal);
    this.#picture.keepOnly(new Set(watched.keys()));
    const run = (): Promise<void> => this.#sweepRunners(watched, enough, signal);
    if (this.#runners().length > 0 && (await this.#ways.attempt('runners', run, signal))) return;
    await this.#sweepProjects(watched, enough, signal);
  }

  async refresh(pipelines: readonly PipelineRef[], signal: AbortSignal): Promise<JobReading> {
    if (this.#last === undefined) return this.sweep(signal);
    const ids = pipelines.map(({ project }) => project);
    const watched = this.#instance ? undefined : await this.#watched.including(ids, signal);
    const wanted = distinct(pipelines).filter(({ project }) => watched?.has(project) ?? true);
    const unread = new Set(ids.filter((id) => watched?.has(id) && this.#picture.readAt(id) === undefined));
    await concurrently([...unread], this.#concurrency, signal, async (id, either) => {
      const project = watched?.get(id);
      if (project !== undefined) await this.#readUnread(project, either);
    });
    await concurrently(wanted, this.#concurrency, signal, (ref, either) => this.#refreshOne(ref, either));
    await this.#readProtections(signal);
    return this.#tell();
  }

  describe(): JobSourceDescription {
    const reader = this.#ways.last === 'projects' ? this.#graphQl : this.#rest;
    const { perMinute } = this.#client.budget;
    const projects = this.#watched.known.size;
    const spare = Math.floor(perMinute * (1 - SWEEP_RESERVE));
    if (this.#ways.last === 'runners') {
      const { name: source, requests } = this.#runnerJobs;
      return { source, requests, spare, perMinute, ...(!this.#instance && { projects }) };
    }
    const requests = Math.ceil(projects / reader.batch);
    return { source: reader.name, projects, requests, spare, perMinute };
  }

  problem(): PortError | undefined {
    return this.#watched.problem;
  }

  watches(project: number): boolean {
    return this.#instance || this.#watched.known.has(project);
  }

  #tell(): JobReading {
    const isProtected = this.#needsProtection()
      ? (...of: Parameters<ProtectedRefs['isProtected']>) => this.#protection.isProtected(...of)
      : undefined;
    const { partial, ...last } = this.#last ?? { readAt: instant(0) };
    const jobs = this.#picture.snapshot(isProtected);
    return { jobs: { ...jobs, ...(partial !== undefined && { partial }) }, ...last };
  }

  async #sweepRunners(
    watched: ReadonlyMap<number, WatchedProject> | undefined,
    enough: Enough,
    signal: AbortSignal,
  ): Promise<void> {
    const { budget } = this.#client;
    const picture = this.#picture;
    let isEnough = false;
    const isWatched = (project: number): boolean => watched?.has(project) ?? true;
    const reading = await this.#runnerJobs.read((read) => {
      isEnough = enough(demandOf([...read].filter(([project]) => isWatched(project))));
      return !isEnough && budget.left(SWEEP_RESERVE) >= 1;
    }, signal);
    const { began, at, below } = reading;
    const projects = watched?.keys() ?? new Set([...picture.projects(), ...reading.projects.keys()]);
    for (const project of projects) {
      const pipelines = reading.projects.get(project) ?? new Map();
      picture.sweep({ project, began, at, pipelines, ...(below !== undefined && { below }) });
    }
    this.#last = standingOfRunners(at, below !== undefined, isEnough, this.problem());
  }

  async #sweepProjects(
    watched: ReadonlyMap<number, WatchedProject>,
    enough: Enough,
    signal: AbortSignal,
  ): Promise<void> {
    const since = this.#picture.begin();
    const run = async (reader: ProjectJobReader): Promise<void> => {
      const report = await this.#sweep.run({
        reader,
        watched,
        named: this.#named,
        enough,
        since,
        signal,
        unreadable: (project, failure) => this.#watched.unreadable(project, failure),
        readable: (project) => this.#watched.readable(project),
      });
      this.#last = standingOfProjects(this.#picture, [...watched.keys()], report, this.problem());
    };
    // For one project both take a request.
    if (watched.size > 1 && (await this.#ways.attempt('projects', () => run(this.#graphQl), signal))) return;
    await this.#ways.insist('rest', () => run(this.#rest));
  }

  /** A project that no sweep has come to yet: all of it, so that what it has is known and not only a part. */
  async #readUnread(project: WatchedProject, signal: AbortSignal): Promise<void> {
    if (this.#client.budget.left(REFRESH_RESERVE) < 1) {
      this.#named.add(project.id);
      return;
    }
    const mayGoOn = (): boolean => this.#client.budget.left(REFRESH_RESERVE) >= 1;
    for (const outcome of await this.#rest.read([project], mayGoOn, signal)) {
      if (isUnreadable(outcome)) this.#watched.unreadable(project, outcome.failure);
      else this.#picture.sweep(outcome);
    }
  }

  async #refreshOne(ref: PipelineRef, signal: AbortSignal): Promise<void> {
    const began = this.#picture.begin();
    if (this.#instance && this.#picture.readAt(ref.project) === undefined) {
      // All jobs that there are were listed: this project had none.
      const at = this.#last?.readAt ?? this.#clock.now();
      this.#picture.sweep({ project: ref.project, began, at, pipelines: new Map() });
    }
    const read = await this.#pipelines.read(ref, signal);
    if (read === 'too much') this.#named.add(ref.project);
    else this.#picture.refresh(ref.project, ref.pipeline, began, read === 'gone' ? undefined : read);
  }

  /** Learns which refs are protected where jobs wait, if any pool asks for it, as far as the budget goes. */
  async #readProtections(signal: AbortSignal): Promise<void> {
    if (!this.#needsProtection()) return;
    const unread = this.#protection.unread(this.#picture.waiting());
    await concurrently(unread, this.#concurrency, signal, async (project, either) => {
      if (this.#client.budget.left(REFRESH_RESERVE) < 2) return;
      try {
        await this.#protection.read(project, either);
      } catch (error) {
        // The jobs are known all the same; the next reading asks again.
        if (!isPortError(error) || signal.aborted) throw error;
      }
    });
  }
}

/** What waits, of these projects alone. */
function demandOf(projects: Iterable<readonly [number, ProjectReading['pipelines']]>): readonly KindDemand[] {
  const picture = new JobPicture();
  const began = picture.begin();
  for (const [project, pipelines] of projects) picture.sweep({ project, began, at: instant(0), pipelines });
  return picture.snapshot().demand;
}

function distinct(pipelines: readonly PipelineRef[]): readonly PipelineRef[] {
  return [...new Map(pipelines.map((ref) => [`${ref.project}/${ref.pipeline}`, ref])).values()];
}
