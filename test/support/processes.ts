import { readdirSync, readFileSync } from 'node:fs';

/** One process of this machine. */
export interface FoundProcess {
  readonly pid: number;
  readonly parent: number;
  /** The command with its arguments, spaces between. */
  readonly command: string;
  /** `NAME=value`, spaces between. */
  readonly environment: string;
}

/** All processes that are not about to vanish, read from /proc: Linux only. */
function processes(): readonly FoundProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => processOf(Number(pid)) ?? []);
}

/** Undefined for one that has ended, and for one that nobody has yet taken notice of having ended. */
function processOf(pid: number): FoundProcess | undefined {
  try {
    // Behind the command's name, which may hold spaces and brackets: state and parent.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z' || state === 'X') return undefined;
    return {
      pid,
      parent: Number(parent),
      command: words(pid, 'cmdline'),
      environment: words(pid, 'environ'),
    };
  } catch {
    return undefined;
  }
}

function words(pid: number, file: 'cmdline' | 'environ'): string {
  return readFileSync(`/proc/${pid}/${file}`, 'utf8').replaceAll('\0', ' ').trim();
}

/** Whether a process has not ended. */
export function isAlive(pid: number): boolean {
  return processOf(pid) !== undefined;
}

/** All processes that name `text` in their arguments or their environment. */
export function processesNaming(text: string): readonly FoundProcess[] {
  return processes().filter(
    ({ command, environment }) => command.includes(text) || environment.includes(text),
  );
}

/** The ids of all processes that name `text` in their arguments. */
export function processesRunning(text: string): readonly number[] {
  return processes()
    .filter(({ command }) => command.includes(text))
    .map(({ pid }) => pid);
}

/** The commands that this process has started and that still run. */
export function ownChildren(): readonly string[] {
  return processes()
    .filter(({ parent }) => parent === process.pid)
    .map(({ command }) => command);
}
