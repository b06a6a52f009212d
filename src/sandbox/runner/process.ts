import { readConfig, removeEntries, type RunnerConfig, type RunnerEntry } from './config.ts';
import { runCounted } from './counted-loop.ts';
import { JobLoop } from './job-loop.ts';
import type { JobSurroundings } from './job-run.ts';
import { findJobsUser, type JobsUser } from './jobs-user.ts';
import { log } from './log.ts';
import { RunnerProtocol } from './protocol.ts';
import { findShell } from './shell.ts';
import { shortToken } from './short-token.ts';
import { Slots } from './slots.ts';
import { systemIdBeside } from './system-id.ts';

export interface RunnerProcessOptions {
  readonly configFile: string;
  readonly workFolder: string;
  /** The environment that jobs inherit. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Name or id of the user whom jobs run as; absent: the runner's own. */
  readonly user?: string | undefined;
}

/** One registration that is served until some jobs have been run. */
export interface CountedJobs {
  /** Its name in the configuration. */
  readonly runner: string;
  readonly builds: number;
}

/** The runner of one machine: serves every registration of a configuration until it is told to stop. */
export class RunnerProcess {
  readonly #config: RunnerConfig;
  readonly #systemId: string;
  readonly #options: RunnerProcessOptions;
  readonly #user: JobsUser | undefined;
  readonly #stop = new AbortController();
  readonly #interrupt = new AbortController();

  /** Throws when the configuration cannot be used, or the user is not there. */
  constructor(options: RunnerProcessOptions) {
    this.#options = options;
    this.#config = readConfig(options.configFile);
    this.#systemId = systemIdBeside(options.configFile);
    this.#user = options.user === undefined ? undefined : findJobsUser(options.user);
  }

  /** Milliseconds that interrupted jobs have. */
  get shutdownTimeout(): number {
    return this.#config.shutdownTimeout;
  }

  /** Resolves when it was stopped and the last job has ended. */
  async run(): Promise<void> {
    const { checkInterval, concurrent } = this.#config;
    const slots = new Slots(concurrent);
    const shell = findShell();
    log('INFO', 'Starting the built-in runner', { concurrent, system_id: this.#systemId });
    const loops = this.#config.runners.map((entry) => {
      const surroundings = this.#surroundings(entry, shell);
      return new JobLoop({ surroundings, slots, concurrent, checkInterval, stop: this.#stop.signal }).run();
    });
    await Promise.all([...loops, this.#stopped()]);
  }

  /** Resolves when that registration has had its jobs, or when it was stopped and the last one has ended. Throws for one that is not there. */
  async runCounted({ runner, builds }: CountedJobs): Promise<void> {
    const entry = this.#config.runners.find(({ name }) => name === runner);
    if (entry === undefined) {
      throw new Error(`looking for the runner ${runner}: ${this.#options.configFile} has none of that name`);
    }
    log('INFO', 'Starting the built-in runner', { builds, system_id: this.#systemId });
    const surroundings = this.#surroundings(entry, findShell());
    const { checkInterval } = this.#config;
    await runCounted({ surroundings, builds, checkInterval, stop: this.#stop.signal });
  }

  /** Takes no more jobs; running ones finish. Again: nothing. */
  drain(): void {
    if (!this.#stop.signal.aborted) log('WARNING', 'Stopping: running jobs finish');
    this.#stop.abort();
  }

  /** Takes no more jobs and fails the running ones as interrupted. */
  interrupt(): void {
    log('WARNING', 'Stopping: running jobs are aborted');
    this.#stop.abort();
    this.#interrupt.abort();
  }

  #surroundings(entry: RunnerEntry, shell: string): JobSurroundings {
    const { workFolder, environment } = this.#options;
    const systemId = this.#systemId;
    const protocol = new RunnerProtocol(entry, systemId);
    const interrupt = this.#interrupt.signal;
    return { entry, protocol, systemId, workFolder, shell, environment, user: this.#user, interrupt };
  }

  #stopped(): Promise<void> {
    const { signal } = this.#stop;
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const hold = setInterval(() => undefined, 60_000);
      const release = (): void => {
        clearInterval(hold);
        resolve();
      };
      signal.addEventListener('abort', release, { once: true });
    });
  }
}

/** Removes this machine's manager of every registration, and those that went from the configuration. */
export async function unregisterAll(configFile: string): Promise<void> {
  const systemId = systemIdBeside(configFile);
  const gone = new Set<string>();
  for (const entry of readConfig(configFile).runners) {
    const { removed, why } = await new RunnerProtocol(entry, systemId).unregister();
    const fields = { runner: shortToken(entry.token), system_id: systemId };
    if (removed) gone.add(entry.token);
    log(removed ? 'INFO' : 'ERROR', removed ? 'Unregistered' : `Failed to unregister: ${why}`, fields);
  }
  if (gone.size > 0) removeEntries(configFile, (token) => gone.has(token));
}
