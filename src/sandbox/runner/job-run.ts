import type { RunnerEntry } from './config.ts';
import { JobFolder } from './job-folder.ts';
import { JobReport, type JobResult } from './job-report.ts';
import type { Job, JobStep } from './job.ts';
import type { JobsUser } from './jobs-user.ts';
import { log } from './log.ts';
import type { RunnerProtocol } from './protocol.ts';
import { VERSION } from './runner-info.ts';
import { runScript } from './shell.ts';
import { shortToken } from './short-token.ts';
import { Trace } from './trace.ts';

/** What all jobs of one registration share. */
export interface JobSurroundings {
  readonly entry: RunnerEntry;
  readonly protocol: RunnerProtocol;
  readonly systemId: string;
  readonly workFolder: string;
  readonly shell: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Whom jobs run as; absent: the runner's own user. */
  readonly user?: JobsUser | undefined;
  /** Aborts when the process must end: jobs fail as interrupted. */
  readonly interrupt: AbortSignal;
}

/** Accepts a job, runs its scripts and reports it. True unless GitLab did not confirm it. Never rejects. */
export async function runJob(job: Job, slot: number, surroundings: JobSurroundings): Promise<boolean> {
  const { entry, protocol, workFolder, user } = surroundings;
  const fields = { job: job.id, runner: shortToken(entry.token) };
  try {
    const folder = await JobFolder.make(job, { entry, workFolder, slot, user });
    const trace = new Trace([...folder.secrets(), entry.token], entry.outputLimit);
    const report = new JobReport(protocol, job, trace);
    const accepted = await report.accept();
    if (accepted) {
      const result = await new JobRun(job, folder, trace, report, surroundings).run();
      const told = await report.finish(result);
      log(
        told ? 'INFO' : 'ERROR',
        told ? `Job ended: ${result.state}` : 'Job ended, and GitLab could not be told',
        fields,
      );
    } else {
      log('WARNING', 'Job dropped: GitLab did not confirm it', fields);
    }
    await folder.removeScripts();
    return accepted;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    log('ERROR', `Job not run: ${why}`, fields);
    const nothing = new Trace([], entry.outputLimit);
    nothing.write(`ERROR: Job failed (system failure): ${why}\n`);
    await new JobReport(protocol, job, nothing).finish({ state: 'failed', reason: 'runner_system_failure' });
    return true;
  }
}

class JobRun {
  readonly #job: Job;
  readonly #folder: JobFolder;
  readonly #trace: Trace;
  readonly #report: JobReport;
  readonly #surroundings: JobSurroundings;
  readonly #timeout: AbortSignal;
  /** Aborts when nothing of the job may run on. */
  readonly #halt: AbortSignal;

  constructor(job: Job, folder: JobFolder, trace: Trace, report: JobReport, surroundings: JobSurroundings) {
    this.#job = job;
    this.#folder = folder;
    this.#trace = trace;
    this.#report = report;
    this.#surroundings = surroundings;
    this.#timeout = AbortSignal.timeout(job.timeout);
    this.#halt = AbortSignal.any([report.abort, surroundings.interrupt, this.#timeout]);
  }

  async run(): Promise<JobResult> {
    this.#sayHello();
    let result: JobResult = { state: 'success' };
    for (const step of this.#job.steps) {
      if (this.#isDue(step, result)) result = worse(result, await this.#runStep(step));
    }
    result = this.#stopped() ?? result;
    this.#trace.write(farewell(result));
    return result;
  }

  #isDue(step: JobStep, result: JobResult): boolean {
    if (this.#halt.aborted) return false;
    if (step.when === 'always') return true;
    if (this.#report.cancel.aborted) return false;
    return (step.when === 'on_success') === (result.state === 'success');
  }

  async #runStep(step: JobStep): Promise<JobResult> {
    const { shell, user } = this.#surroundings;
    const timeout = AbortSignal.timeout(step.timeout);
    const isCleanup = step.when === 'always';
    const exit = await runScript({
      shell,
      file: await this.#folder.script(step.name, step.script),
      folder: this.#folder.project,
      environment: this.#environment(),
      user,
      output: (bytes) => this.#trace.write(bytes),
      stop: AbortSignal.any([this.#halt, timeout, ...(isCleanup ? [] : [this.#report.cancel])]),
    });
    if (exit.kind === 'not-started') return this.#systemFailure(exit.why);
    if (exit.kind === 'exited' && exit.code === 0) return { state: 'success' };
    const reason = timeout.aborted ? 'job_execution_timeout' : 'script_failure';
    if (step.allowFailure) return { state: 'success' };
    return { state: 'failed', reason, ...(exit.kind === 'exited' ? { exitCode: exit.code } : {}) };
  }

  /** What the runner has; with a user of their own, jobs have that user's name and home. */
  #environment(): Readonly<Record<string, string | undefined>> {
    const { environment, user, workFolder } = this.#surroundings;
    const own = user === undefined ? {} : { HOME: workFolder, USER: user.name, LOGNAME: user.name };
    return { ...environment, ...own, ...this.#folder.environment };
  }

  /** Why the job was stopped, if it was; this outranks what its scripts came to. */
  #stopped(): JobResult | undefined {
    if (this.#surroundings.interrupt.aborted) return { state: 'failed', reason: 'runner_interrupted' };
    if (this.#timeout.aborted) return { state: 'failed', reason: 'job_execution_timeout' };
    if (this.#report.cancel.aborted || this.#report.abort.aborted)
      return { state: 'failed', reason: 'job_canceled' };
    return undefined;
  }

  #systemFailure(why: string): JobResult {
    this.#trace.write(`ERROR: ${why}\n`);
    return { state: 'failed', reason: 'runner_system_failure' };
  }

  #sayHello(): void {
    const { entry, systemId } = this.#surroundings;
    this.#trace.write(
      `Running with the built-in runner ${VERSION}\n` +
        `  on ${entry.name} ${shortToken(entry.token)}, system ID: ${systemId}\n`,
    );
    if (this.#folder.environment['GIT_STRATEGY'] !== 'none') {
      this.#trace.write('Sources are not fetched: the built-in runner runs scripts only.\n');
    }
  }
}

function worse(one: JobResult, other: JobResult): JobResult {
  return one.state === 'failed' ? one : other;
}

function farewell(result: JobResult): string {
  if (result.state === 'success') return '\u001B[32;1mJob succeeded\u001B[0;m\n';
  const why = result.exitCode === undefined ? result.reason : `exit status ${String(result.exitCode)}`;
  return `\u001B[31;1mERROR: Job failed: ${why}\u001B[0;m\n`;
}
