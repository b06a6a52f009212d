import { execFile } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../bin/runtide.js', import.meta.url));
/** A command that takes longer hangs. */
const TIMEOUT = 60_000;

/** How a run of the command line ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** The whole environment besides PATH. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Runs `runtide` with the arguments, in a process of its own. */
export async function runtide(args: readonly string[], { env = {}, cwd }: RunOptions = {}): Promise<Ended> {
  const options = {
    env: { PATH: process.env['PATH'], ...env },
    timeout: TIMEOUT,
    ...(cwd !== undefined && { cwd }),
  };
  return new Promise((resolve, reject) => {
    const child = execFile(process.execPath, [PROGRAM, ...args], options, (_error, stdout, stderr) => {
      // A signal: it did not end by itself, and what it said so far is not an answer.
      if (child.exitCode === null) reject(new Error(`runtide ${args.join(' ')} was ended: ${stderr}`));
      else resolve({ code: child.exitCode, stdout, stderr });
    });
  });
}
