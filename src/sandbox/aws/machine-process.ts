import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { powerCord } from './power-cord.ts';

export interface MachineOptions {
  /** The machine's root folder; exists. */
  readonly root: string;
  /** The shell script that the machine runs when it boots. */
  readonly script: string;
  /** The whole environment of the machine, `RUNTIDE_ROOT` among it. */
  readonly environment: Readonly<Record<string, string>>;
  /** The id of the user that its jobs have and nobody else, where there is one. */
  readonly jobsUser?: number | undefined;
  /** Hears what the machine prints. */
  readonly print: (text: string) => void;
  /** The machine went off without being told to. */
  readonly lost: (why: string) => void;
}

/** A machine played by local processes, which cannot outlive this one. */
export interface Machine {
  /** Switches the machine off: resolves when its last process is gone, or rejects if one stays. */
  off(): Promise<void>;
}

/** Boots a machine. */
export function bootMachine(options: MachineOptions): Machine {
  const { root, script, environment, print, lost } = options;
  const first = spawn('/bin/sh', [script], {
    cwd: root,
    env: environment,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  first.on('error', (error) => print(`starting the machine: ${error.message}\n`));
  for (const stream of [first.stdout, first.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', print);
  }
  const cord = plugIn(options, first.pid);
  let asked = false;
  cord.on('exit', () => {
    if (!asked) lost('its power cord was cut');
  });
  return {
    off: async () => {
      asked = true;
      const held = isHeld(cord) ? cord : plugIn(options, first.pid);
      const ended = once(held, 'exit');
      held.stdin.end('off\n');
      const [exitCode]: unknown[] = await ended;
      if (exitCode !== 0) throw new Error(`switching off the machine in ${root}: some of its processes stay`);
    },
  };
}

function isHeld(cord: ChildProcess): boolean {
  return cord.exitCode === null && cord.signalCode === null;
}

function plugIn({ root, environment, jobsUser }: MachineOptions, first: number | undefined) {
  const path = environment['PATH'];
  // A machine that did not start has no processes: an impossible id finds none.
  const words = ['power-cord', root, String(first ?? 'none'), String(jobsUser ?? '')];
  const cord = spawn('/bin/sh', ['-c', powerCord, ...words], {
    env: path === undefined ? {} : { PATH: path },
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // The cord may end while it is being told to; its exit says how.
  cord.stdin.on('error', () => undefined);
  return cord;
}
