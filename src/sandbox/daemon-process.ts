import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** Ends the daemon when the sandbox is gone: the other end of the pipe closes, however the sandbox died. */
const CORD = 'read -r order; kill -s KILL "$1" 2>/dev/null';

const START_TIMEOUT = 20_000;
const LOOK_EVERY = 50;

export interface DaemonProcessOptions {
  readonly config: string;
  /** The whole environment of the daemon. */
  readonly environment: Readonly<Record<string, string>>;
  /** Everything that the daemon prints goes there. */
  readonly logFile: string;
}

interface Running {
  readonly child: ChildProcess;
  readonly cord: ChildProcess;
  readonly ended: Promise<unknown>;
  readonly unplugged: Promise<unknown>;
}

/** `runtide up` as a process of its own, which can be killed and started again. */
export class DaemonProcess {
  readonly #options: DaemonProcessOptions;
  #running: Running | undefined;

  constructor(options: DaemonProcessOptions) {
    this.#options = options;
  }

  /** Starts the daemon. */
  start(): void {
    const { config, environment, logFile } = this.#options;
    const log = openSync(logFile, 'a');
    const program = fileURLToPath(new URL('../../bin/runtide.js', import.meta.url));
    // A session of its own: Ctrl-C in the terminal reaches the sandbox alone, which ends things in order.
    const child = spawn(process.execPath, [program, 'up', '--json', '-c', config], {
      env: environment,
      detached: true,
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    const cord = spawn('/bin/sh', ['-c', CORD, 'cord', String(child.pid)], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    this.#running = { child, cord, ended: once(child, 'exit'), unplugged: once(cord, 'exit') };
  }

  /** Resolves once the daemon answers; throws with its last words when it ends or stays silent. */
  async answers(statusUrl: string): Promise<void> {
    const deadline = AbortSignal.timeout(START_TIMEOUT);
    while (this.runs && !deadline.aborted) {
      const answer = await fetch(`${statusUrl}/health`, { signal: deadline }).catch(() => undefined);
      if (answer !== undefined) return;
      await delay(LOOK_EVERY);
    }
    const said = (await readFile(this.#options.logFile, 'utf8')).trimEnd().split('\n').slice(-5).join('\n');
    throw new Error(
      `starting the daemon: ${this.runs ? 'it does not answer' : 'it ended'}; it said:\n${said}`,
    );
  }

  /** Whether the daemon runs now. */
  get runs(): boolean {
    const child = this.#running?.child;
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  /** Kills the daemon as a crash would. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Ends the daemon as an operator would, and answers whether it left in good order. */
  async stop(): Promise<boolean> {
    const { child } = this.#running ?? {};
    await this.#end('SIGTERM');
    return child === undefined || child.exitCode === 0;
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    running.child.kill(signal);
    await running.ended;
    running.cord.kill('SIGKILL');
    await running.unplugged;
  }
}
