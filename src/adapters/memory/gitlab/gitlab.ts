import { type Duration, type Instant, milliseconds, minutes } from '../../../engine/time.ts';
import type { Timers } from '../clock.ts';
import { Groups } from './groups.ts';
import { Handovers } from './handover.ts';
import { Hooks } from './hooks.ts';
import { Identities } from './identities.ts';
import { isComplete, type Job, type JobRecord, type JobStatus, type PipelineDefinition } from './job.ts';
import { isTold, type JobEvent, jobEvent } from './job-event.ts';
import { JobLedger, type JobScope } from './job-ledger.ts';
import type { JobUpdate, UpdateAnswer } from './job-update.ts';
import { Lifecycle } from './lifecycle.ts';
import type { Contact, Manager } from './manager.ts';
import { type JobRequest, ManagerSide, type TraceUpdateAnswer } from './manager-side.ts';
import { Listeners, Outbox } from './outbox.ts';
import { PendingJobs } from './pending-jobs.ts';
import type { Pipeline } from './pipeline.ts';
import { Pipelines } from './pipelines.ts';
import type { Project, ProjectChange, ProjectDefinition, ProjectRecord } from './project.ts';
import { Projects } from './projects.ts';
import { type JobFit, mayTake, type Runner, type RunnerChange, type RunnerDefinition } from './runner.ts';
import { Runners } from './runners.ts';
import { Users } from './users.ts';

export interface GitLabOptions {
  readonly timers: Timers;
  /** The same seed gives the same ids and tokens. */
  readonly seed: number;
  /** How long a manager may take to confirm a job; absent: two minutes, as in GitLab. */
  readonly handoverTimeout?: Duration;
  /** How long a runner's token is good for, from its creation or reset; absent: for ever. */
  readonly runnerTokenLifetime?: Duration;
}

/**
 * The model of how GitLab behaves in time: projects, pipelines, jobs, runners, managers and hooks.
 * Time passes only through `timers`; listeners are called once a change is complete and may change it again.
 */
export class GitLab {
  readonly hooks: Hooks;
  readonly groups: Groups;
  readonly users = new Users();
  readonly #timers: Timers;
  readonly #identities: Identities;
  readonly #outbox = new Outbox();
  readonly #ledger = new JobLedger();
  readonly #pending = new PendingJobs((job) => this.#fitOf(job));
  readonly #projects: Projects;
  readonly #pipelines: Pipelines;
  readonly #runners: Runners;
  readonly #lifecycle: Lifecycle;
  readonly #managerSide: ManagerSide;
  readonly #jobEvents = new Listeners<JobEvent>();
  readonly #unblock = new Map<number, () => void>();
  #managersLag: Duration = milliseconds(0);

  constructor(options: GitLabOptions) {
    this.#timers = options.timers;
    this.#identities = new Identities(options.seed);
    const now = (): Instant => this.#timers.now();
    const change = (make: () => void): void => this.#outbox.change(make);
    this.hooks = new Hooks(() => this.#identities.next('hook'), now);
    this.groups = new Groups(() => this.#identities.next('group'), now);
    this.#projects = new Projects(this.groups, () => this.#identities.next('project'), now);
    this.#pipelines = new Pipelines(this.#identities, now);
    this.#runners = new Runners(this.#identities, this.#outbox, now, options.runnerTokenLifetime);
    this.#lifecycle = new Lifecycle({
      timers: this.#timers,
      identities: this.#identities,
      ledger: this.#ledger,
      pending: this.#pending,
      pipelineOf: (job) => this.#pipelines.of(job),
      startChild: (bridge) => this.#startChild(bridge),
      childOf: (bridge) => this.#pipelines.childOf(bridge),
      change,
      changed: (job) => this.#tell(job),
      queued: (job) => this.#runners.queued(this.#fitOf(job)),
    });
    const timeout = options.handoverTimeout ?? minutes(2);
    const handovers = new Handovers(this.#timers, timeout, this.#lifecycle, this.#pending, change);
    this.#managerSide = new ManagerSide({
      now,
      ledger: this.#ledger,
      pending: this.#pending,
      runners: this.#runners,
      lifecycle: this.#lifecycle,
      handovers,
    });
  }

  /** The time of its timers. */
  now(): Instant {
    return this.#timers.now();
  }

  /** A project without pipelines; a path without a namespace lies in `root`. Throws when the path is taken. */
  addProject(definition: ProjectDefinition): Project {
    return this.#projects.add(definition);
  }

  /** By id or by path. */
  project(which: number | string): Project | undefined {
    return this.#projects.find(which);
  }

  /** All projects, oldest first. */
  projects(): Project[] {
    return this.#projects.all();
  }

  /** The projects of a group, and of the groups below it where asked, oldest first. */
  projectsOfGroup(group: number, subgroups: boolean): Project[] {
    const found = this.groups.find(group);
    return found === undefined ? [] : this.#projects.of(found, subgroups);
  }

  /** Moves, archives or protects; jobs keep the protection that they were created with. False when there is none. */
  updateProject(id: number, change: ProjectChange): boolean {
    const project = this.#projects.find(id);
    if (project === undefined) return false;
    this.#projects.change(project, change);
    this.#pending.projectChanged();
    this.#outbox.change(() => this.#runners.projectChanged());
    return true;
  }

  /** Its jobs end without a word to anybody; runners that hold one are refused. False when there is none. */
  removeProject(id: number): boolean {
    const project = this.#projects.find(id);
    if (project === undefined) return false;
    this.#projects.remove(project);
    this.#outbox.change(() => {
      for (const job of this.#ledger.ofProject(id, {})) this.cancelJob(job.id, true);
    });
    return true;
  }

  /** A blocked user's waiting jobs stay pending: nobody gets them, no hook tells of them. */
  blockUser(id: number, blocked = true): void {
    if (this.users.block(id, blocked)?.blocked === blocked) return;
    this.#unblock.get(id)?.();
    this.#unblock.delete(id);
    if (blocked)
      this.#unblock.set(
        id,
        this.holdJobs(({ user }) => user === id),
      );
  }

  /** A runner that nothing has contacted yet. Throws when its token is another runner's. */
  addRunner(definition: RunnerDefinition): Runner & { readonly token: string } {
    return this.#runners.add(definition);
  }

  /** False when there is no such runner. */
  updateRunner(id: number, change: RunnerChange): boolean {
    const runner = this.#runners.find(id);
    if (runner === undefined) return false;
    this.#pending.runnerChanged(runner);
    this.#outbox.change(() => this.#runners.change(runner, change));
    return true;
  }

  /** Lets a project's runner serve exactly these projects; false for any other runner. */
  updateRunnerProjects(id: number, projects: ReadonlySet<number>): boolean {
    const runner = this.#runners.find(id);
    if (runner?.projects === undefined) return false;
    this.#pending.runnerChanged(runner);
    this.#outbox.change(() => this.#runners.serve(runner, projects));
    return true;
  }

  /** Its managers are refused from now on; jobs that they run go on. False when there is no such runner. */
  removeRunner(id: number): boolean {
    const runner = this.#runners.find(id);
    if (runner === undefined) return false;
    this.#outbox.change(() => this.#runners.remove(runner));
    return true;
  }

  /** Gives the runner a new token; the old one is refused from now on. */
  resetRunnerToken(id: number): string | undefined {
    const runner = this.#runners.find(id);
    return runner === undefined ? undefined : this.#runners.resetToken(runner);
  }

  /** The runner as it is now and will be: it changes with the model. */
  runner(id: number): Runner | undefined {
    return this.#runners.find(id);
  }

  /** Whose authentication token it is. */
  runnerByToken(token: string): Runner | undefined {
    return this.#runners.withToken(token);
  }

  /** All runners, oldest first. */
  runners(): Runner[] {
    return this.#runners.all();
  }

  /** Whether a manager of the runner runs a job. */
  isRunnerBusy(id: number): boolean {
    return this.#runners.find(id)?.managers.busy ?? false;
  }

  /** The runner's managers as GitLab lists them, oldest first; a lag that was set shows the past. */
  managers(runner: number): Manager[] {
    const found = this.#runners.find(runner);
    return found === undefined ? [] : this.#runners.list(found, this.#managersLag);
  }

  /** Creates a pipeline whose first jobs wait for a runner at once. Throws when a job's stage or the project is unknown. */
  createPipeline(projectId: number, definition: PipelineDefinition): Pipeline {
    const project = this.#projects.find(projectId);
    if (project === undefined || project.archived) {
      const why = project === undefined ? 'there is no' : 'archived is';
      throw new Error(`creating a pipeline: ${why} project ${projectId}; use another one`);
    }
    return this.#outbox.change(() => this.#begin(project, definition));
  }

  /** The pipeline as it is now and will be. */
  pipeline(id: number): Pipeline | undefined {
    return this.#pipelines.find(id);
  }

  /** Cancels what is not complete; running jobs may first end their `after_script`. */
  cancelPipeline(id: number): void {
    const pipeline = this.#pipelines.find(id);
    if (pipeline === undefined) return;
    this.#outbox.change(() => {
      this.#lifecycle.cancelAll(pipeline);
      this.#lifecycle.advance(pipeline);
    });
  }

  /** Cancels one job; `force` ends also one that is already being canceled. */
  cancelJob(id: number, force = false): void {
    const job = this.#ledger.find(id);
    if (job === undefined) return;
    this.#outbox.change(() => {
      this.#lifecycle.cancel(job, force);
      this.#lifecycle.advance(this.#pipelines.of(job));
    });
  }

  /** A new job in place of a complete one; undefined when it is not complete, was skipped, or was retried before, or its project is archived. */
  retryJob(id: number, user?: number): Job | undefined {
    const job = this.#ledger.find(id);
    if (job === undefined || !isComplete(job) || job.status === 'skipped' || job.retried) return undefined;
    if (this.#projects.find(job.project)?.archived !== false) return undefined;
    return this.#outbox.change(() => this.#lifecycle.repeat(job, user ?? job.user));
  }

  /** Starts a manual job, or a delayed one before its time; false when it is none that waits to be started. */
  playJob(id: number): boolean {
    const job = this.#ledger.find(id);
    if (job?.status !== 'manual' && job?.status !== 'scheduled') return false;
    this.#outbox.change(() => this.#lifecycle.play(job));
    return true;
  }

  /** Hands the oldest job that fits to a manager, which exists from its first contact on. An unknown token gets none. */
  requestJob(request: JobRequest): Job | undefined {
    return this.#outbox.change(() => this.#managerSide.requestJob(request));
  }

  /** Confirms a job that was handed over; false when nothing waits to be confirmed. */
  acceptJob(jobToken: string): boolean {
    const waits = this.#ledger.withToken(jobToken)?.handover !== undefined;
    return waits && this.updateJob(jobToken, { state: 'running' }).outcome === 'ok';
  }

  /** Applies a manager's word about its job. */
  updateJob(jobToken: string, update: JobUpdate): UpdateAnswer {
    return this.#outbox.change(() => this.#managerSide.updateJob(jobToken, update));
  }

  /** Adds to a job's log; `start` counts bytes. */
  appendTrace(jobToken: string, start: number, part: Uint8Array | string): TraceUpdateAnswer {
    return this.#managerSide.appendTrace(jobToken, start, part);
  }

  /** Whose token it is; a manager that names itself is contacted. Undefined for an unknown token. */
  verify(contact: Contact): Runner | undefined {
    this.touchManager(contact);
    return this.#runners.withToken(contact.token);
  }

  /** Notes that a manager was heard of. */
  touchManager(contact: Contact): void {
    const runner = this.#runners.withToken(contact.token);
    if (runner !== undefined) this.#runners.contact(runner, contact);
  }

  /** Removes one manager; its jobs go on without one. False when there is no such manager. */
  removeManager(which: { readonly token: string; readonly systemId: string }): boolean {
    return this.#managerSide.removeManager(which.token, which.systemId);
  }

  /** The job as it is now and will be. */
  job(id: number): Job | undefined {
    return this.#ledger.find(id);
  }

  /** Newest first. */
  jobsOfProject(project: number, scope: JobScope = {}): Job[] {
    return this.#ledger.ofProject(project, scope);
  }

  /** Jobs of all projects that there are, newest first. */
  jobsOfInstance(scope: JobScope = {}): Job[] {
    return this.#ledger.ofAll(scope).filter(({ project }) => this.#projects.find(project) !== undefined);
  }

  /** The runners that may take such a job, paused ones included, oldest first. */
  runnersFor(job: Job): Runner[] {
    return this.#projects.find(job.project) === undefined ? [] : this.#runners.fitting(this.#fitOf(job));
  }

  /** Whether the runner may take such a job, paused or not. */
  mayTake(runner: number, job: Job): boolean {
    const found = this.#runners.find(runner);
    return found !== undefined && mayTake(found, this.#fitOf(job));
  }

  /** Newest first; jobs that were retried only on demand. */
  jobsOfPipeline(pipeline: number, includeRetried = false): Job[] {
    const jobs = this.#pipelines.find(pipeline)?.jobs() ?? [];
    const shown = jobs.filter((job) => job.trigger === undefined && (includeRetried || !job.retried));
    return shown.toSorted((one, other) => other.id - one.id);
  }

  /** The jobs that the runner has run, newest first. */
  jobsOfRunner(runner: number): Job[] {
    return this.#ledger.ofRunner(runner);
  }

  /** How many jobs have each status. */
  jobCounts(): Partial<Record<JobStatus, number>> {
    return this.#ledger.counts();
  }

  /** One call for each status that GitLab sends a job webhook for. The answer ends it. */
  onJobEvent(listener: (event: JobEvent) => void): () => void {
    return this.#jobEvents.add(listener);
  }

  /** One call with a runner's id whenever its `lastUpdate` has changed. The answer ends it. */
  onQueueChange(listener: (runner: number) => void): () => void {
    return this.#runners.onChange(listener);
  }

  /** Fault: GitLab never hands out the jobs that `test` picks. The answer ends it. */
  holdJobs(test: (job: Job) => boolean): () => void {
    const release = this.#pending.hold(test);
    return () => {
      release();
      for (const runner of this.#runners.all()) this.updateRunner(runner.id, {});
    };
  }

  /** Fault: the listing of managers shows who was there `lag` ago; zero ends it. */
  lagManagers(lag: Duration): void {
    this.#managersLag = lag;
  }

  #begin(project: ProjectRecord, definition: PipelineDefinition, bridge?: JobRecord): Pipeline {
    const pipeline = this.#pipelines.add(project, definition, bridge);
    if (!pipeline.tag) project.branches.add(pipeline.ref);
    for (const job of this.#pipelines.jobsFor(pipeline, project, definition)) this.#lifecycle.create(job);
    this.#lifecycle.advance(pipeline);
    return pipeline;
  }

  #startChild(bridge: JobRecord): void {
    const project = this.#projects.find(bridge.project);
    if (project === undefined || bridge.trigger === undefined) return;
    const { ref, tag, user } = bridge;
    this.#begin(project, { ref, tag, user, ...bridge.trigger.pipeline }, bridge);
  }

  #tell(job: JobRecord): void {
    const project = this.#projects.find(job.project);
    const silent = project === undefined || this.users.find(job.user)?.blocked === true;
    if (!isTold(job.status) || silent) return;
    const event = jobEvent(this.now(), job, this.#pipelines.of(job), project);
    this.#outbox.post(() => this.#jobEvents.tell(event));
  }

  #fitOf({ project, tags, protected: isProtected }: Job): JobFit {
    const found = this.#projects.find(project);
    return { project: found ?? { id: project, groups: [] }, tags, protected: isProtected };
  }
}
