import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { GitLab } from '../../src/adapters/memory/gitlab/gitlab.ts';
import { type GitLabDouble, startGitLab } from '../../src/sandbox/gitlab/start.ts';
import { realTimers } from '../../src/sandbox/timers.ts';
import { OpenApi } from './openapi.ts';

/** A gitlab-runner of this machine and a GitLab for it, without instances and in real time. */
export class RunnerAtGitLab implements AsyncDisposable {
  readonly gitlab: GitLab;
  readonly project: number;
  readonly runner: ReturnType<GitLab['addRunner']>;
  readonly double: GitLabDouble;
  /** For the runner's configuration, its jobs, and whatever a test puts there. */
  readonly folder: string;
  readonly config: string;
  /** All that the runner has said. */
  said = '';
  readonly #binary: string;
  readonly #openApi: OpenApi;
  readonly #processes: ChildProcess[] = [];

  private constructor(
    binary: string,
    folder: string,
    world: { readonly gitlab: GitLab; readonly double: GitLabDouble; readonly openApi: OpenApi },
  ) {
    this.#binary = binary;
    this.#openApi = world.openApi;
    this.gitlab = world.gitlab;
    this.double = world.double;
    this.project = world.gitlab.addProject({ path: 'acme/web' }).id;
    this.runner = world.gitlab.addRunner({ tags: ['linux'], runUntagged: true });
    this.folder = folder;
    this.config = join(folder, 'config.toml');
  }

  static async create(binary: string): Promise<RunnerAtGitLab> {
    const timers = realTimers((error) => {
      throw error;
    });
    const gitlab = new GitLab({ timers, seed: 1 });
    const openApi = new OpenApi();
    const double = await startGitLab({ model: gitlab, timers, tokens: [], observe: openApi.observe });
    const folder = await mkdtemp(join(tmpdir(), 'runtide-real-runner-'));
    return new RunnerAtGitLab(binary, folder, { gitlab, double, openApi });
  }

  /** Starts one of its commands, with its configuration. */
  start(command: string, ...args: readonly string[]): ChildProcess {
    const child = spawn(this.#binary, [command, '--config', this.config, ...args], {
      cwd: this.folder,
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: this.folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (this.said += text));
    }
    this.#processes.push(child);
    return child;
  }

  /** Runs one of its commands to its end, and answers with its exit code. */
  async run(command: string, ...args: readonly string[]): Promise<number | null> {
    const child = this.start(command, ...args);
    await once(child, 'close');
    return child.exitCode;
  }

  /** Ends what still runs. Throws when something in the traffic was not as GitLab documents it. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#processes) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const closed = once(child, 'close');
      child.kill('SIGKILL');
      await closed;
    }
    await this.double.close();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 });
    const problems = this.#openApi.problems();
    if (problems.length > 0) throw new Error(`not as GitLab documents it:\n${problems.join('\n')}`);
  }
}
