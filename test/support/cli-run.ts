import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from './eventually.ts';
import { processesNaming } from './processes.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/runtide.js', import.meta.url));

/** How a process ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** `runtide` as a process, with a folder of its own for all temporary files. */
export class CliRun {
  readonly #child: ChildProcess;
  readonly #ending: Promise<Ending>;
  readonly #folder: string;
  #out = '';
  #err = '';

  private constructor(child: ChildProcess, folder: string) {
    this.#child = child;
    this.#folder = folder;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#out += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#err += text;
    });
    this.#ending = once(child, 'close').then(() => ({ code: child.exitCode, signal: child.signalCode }));
  }

  /** Starts it. Every process that it starts names the folder in its environment or its arguments. */
  static start(...args: readonly string[]): Promise<CliRun> {
    return CliRun.startWith({}, ...args);
  }

  /** Starts it likewise, with variables beside or in place of this process's own. */
  static async startWith(
    environment: Readonly<Record<string, string>>,
    ...args: readonly string[]
  ): Promise<CliRun> {
    const folder = await mkdtemp(join(tmpdir(), 'runtide-e2e-'));
    const child = spawn(process.execPath, [PROGRAM, ...args], {
      env: { ...process.env, ...environment, TMPDIR: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new CliRun(child, folder);
  }

  /** All of standard output so far. */
  get out(): string {
    return this.#out;
  }

  /** All of standard error so far. */
  get err(): string {
    return this.#err;
  }

  send(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Resolves with how it ended; throws when it does not, `within` that many milliseconds. */
  async ended(within: number): Promise<Ending> {
    let ending: Ending | undefined;
    const noted = this.#ending.then((how) => {
      ending = how;
    });
    await Promise.race([noted, eventually('the process has ended', () => ending, within)]);
    return this.#ending;
  }

  /** The commands of its processes that still run, its own among them. */
  processes(): readonly string[] {
    return processesNaming(this.#folder).map(({ command }) => command);
  }

  /** The files that it has left. */
  files(): Promise<readonly string[]> {
    return readdir(this.#folder);
  }

  /** Fails when its processes outlive it, and ends them. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ending;
    try {
      await eventually('all processes are gone', () => this.processes().length === 0, 20_000);
    } finally {
      for (const { pid } of processesNaming(this.#folder)) process.kill(pid, 'SIGKILL');
      await rm(this.#folder, { recursive: true, force: true, maxRetries: 3 });
    }
  }
}
