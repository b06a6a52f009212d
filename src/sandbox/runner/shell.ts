import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { identityOf, type JobsUser } from './jobs-user.ts';

/** How a script ended. */
export type ShellExit =
  | { readonly kind: 'exited'; readonly code: number }
  /** It was stopped, by `stop`. */
  | { readonly kind: 'stopped' }
  /** It could not be started; the words say why. */
  | { readonly kind: 'not-started'; readonly why: string };

export interface ShellRun {
  readonly shell: string;
  readonly file: string;
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Absent: the runner's own user. */
  readonly user?: JobsUser | undefined;
  readonly output: (bytes: Buffer) => void;
  /** Ends the script and all that it has started. */
  readonly stop: AbortSignal;
}

/** Milliseconds from the friendly signal to the one that cannot be caught. */
const GRACE = 5000;
/** Milliseconds to wait for output after the end, from what has left the process group. */
const LAST_OUTPUT = 1000;
/** What a shell adds to a signal's number to make it an exit code. */
const SIGNALED = 128;

/** The shell of this machine that jobs run in. */
export function findShell(): string {
  return spawnSync('bash', ['-c', ':']).status === 0 ? 'bash' : 'sh';
}

/** Runs a script in a process group of its own, which is gone when this resolves. */
export function runScript(run: ShellRun): Promise<ShellExit> {
  if (run.stop.aborted) return Promise.resolve({ kind: 'stopped' });
  const child = spawn(run.shell, [run.file], {
    cwd: run.folder,
    env: run.environment,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...identityOf(run.user),
  });
  child.stdout.on('data', run.output);
  child.stderr.on('data', run.output);
  return exitOf(child, run.stop);
}

function exitOf(child: ChildProcess, stop: AbortSignal): Promise<ShellExit> {
  return new Promise((resolve) => {
    let kill: NodeJS.Timeout | undefined;
    const onStop = (): void => {
      signalGroup(child, 'SIGTERM');
      kill = setTimeout(() => signalGroup(child, 'SIGKILL'), GRACE);
    };
    stop.addEventListener('abort', onStop, { once: true });
    const settle = (exit: ShellExit): void => {
      clearTimeout(kill);
      stop.removeEventListener('abort', onStop);
      resolve(exit);
    };
    child.once('error', (error) => settle({ kind: 'not-started', why: error.message }));
    child.once('exit', (code, signal) => {
      signalGroup(child, 'SIGKILL');
      const exit: ShellExit = stop.aborted
        ? { kind: 'stopped' }
        : { kind: 'exited', code: exitCodeOf(code, signal) };
      const late = setTimeout(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
      }, LAST_OUTPUT);
      child.once('close', () => {
        clearTimeout(late);
        settle(exit);
      });
    });
  });
}

function exitCodeOf(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? SIGNALED + (signal === null ? 0 : constants.signals[signal]);
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // because: the group is already gone, which is what was asked for
  }
}
