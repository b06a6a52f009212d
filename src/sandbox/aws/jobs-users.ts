import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findExecutable } from './executables.ts';

/** Whom the jobs of one machine run as. */
export interface JobsUser {
  /** A name, or an id that has none, as the runner takes it. */
  readonly word: string;
  /** Its id, where no process outside of the machine has it. */
  readonly own?: number;
}

/** Gives each machine a user for its jobs, who is not the user of its agent. */
export interface JobsUsers {
  next(): JobsUser;
}

export interface JobsUsersOptions {
  /** Where machines will have their folders. */
  readonly folder: string;
  /** Where programs are looked for, in the form of the variable PATH. */
  readonly path: string;
  /** The real gitlab-runner, which takes only users that this machine has a name for. */
  readonly gitlabRunner: string | undefined;
}

/** Ids that Linux systems give to nobody; where a container has fewer of them, its last ones before the usual. */
const WIDE = { first: 2 ** 30, count: 2 ** 29 };
const NARROW = { first: 20_000, count: 40_000 };
/** Machines of one process before an id may be one of another process. */
const MACHINES = 4096;
/** Of all sandboxes of this process: an id is given to one machine alone. */
const given = { machines: 0 };

/**
 * Users for jobs, as images of `runtide image` have one: needs root, Linux, and folders that others can enter.
 * Undefined where that is not so: there jobs are the user of the agent, and can do all that it can.
 */
export function findJobsUsers({ folder, path, gitlabRunner }: JobsUsersOptions): JobsUsers | undefined {
  if (process.getuid?.() !== 0 || !existsSync('/proc/net/tcp')) return undefined;
  if (gitlabRunner !== undefined) {
    const uid = findExecutable('su', path) === undefined ? undefined : uidOfNobody();
    return uid !== undefined && canWork(folder, uid) ? { next: () => ({ word: 'nobody' }) } : undefined;
  }
  const { first, count } = hasId(WIDE.first + WIDE.count) ? WIDE : NARROW;
  const next = (): JobsUser => {
    const own = first + ((process.pid * MACHINES + given.machines) % count);
    given.machines += 1;
    return { word: String(own), own };
  };
  return canWork(folder, first) ? { next } : undefined;
}

function uidOfNobody(): number | undefined {
  try {
    return Number(
      execFileSync('id', ['-u', 'nobody'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
    );
  } catch {
    return undefined;
  }
}

/** Whether processes here may have that id. The columns are: first id inside, first id outside, how many. */
function hasId(id: number): boolean {
  const lines = readFileSync('/proc/self/uid_map', 'utf8').trim().split('\n');
  return lines.some((line) => {
    const [first = 0, , count = 0] = line.trim().split(/\s+/).map(Number);
    return id >= first && id < first + count;
  });
}

/** Tries it: root may lack the capabilities, and the folder may be below one that others cannot enter. */
function canWork(folder: string, uid: number): boolean {
  const trial = mkdtempSync(join(folder, 'trial-'));
  try {
    chownSync(trial, uid, uid);
    chmodSync(trial, 0o700);
    const write = ['-c', ': >"$1"', 'sh', join(trial, 'file')];
    return spawnSync('/bin/sh', write, { cwd: '/', uid, gid: uid, stdio: 'ignore' }).status === 0;
  } catch {
    return false;
  } finally {
    rmSync(trial, { recursive: true });
  }
}
