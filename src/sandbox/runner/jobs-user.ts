import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/** The user whom jobs run as; somebody else than the runner, which must be root for that. */
export interface JobsUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Finds a user by name; a number is the id of user and group, whether this machine has a name for it or not. Throws when there is none. */
export function findJobsUser(word: string): JobsUser {
  if (/^[0-9]+$/.test(word)) return { name: word, uid: Number(word), gid: Number(word) };
  return { name: word, uid: idOf('-u', word), gid: idOf('-g', word) };
}

function idOf(option: '-u' | '-g', name: string): number {
  try {
    return Number(
      execFileSync('id', [option, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
    );
  } catch (error) {
    throw new Error(`looking for the user ${name}: there is none; name another with --user`, {
      cause: error,
    });
  }
}

/** Lines of shell that work on files of jobs. */
export interface FileWork {
  /** Where it runs. */
  readonly folder: string;
  readonly script: string;
  /** `$1` and following. */
  readonly words: readonly string[];
  readonly input?: string;
  /** Absent: the runner's own user. */
  readonly user?: JobsUser | undefined;
}

/**
 * Works on files of jobs as their user. A runner that is root must not touch them itself: a job may have put a
 * link to somewhere else in their place. Throws the last words of what failed.
 */
export async function workAsJobsUser({ folder, script, words, input = '', user }: FileWork): Promise<void> {
  const child = spawn('/bin/sh', ['-c', script, 'sh', ...words], {
    cwd: folder,
    stdio: ['pipe', 'ignore', 'pipe'],
    ...identityOf(user),
  });
  const ended = once(child, 'close');
  // It may fail before it has read all.
  child.stdin.on('error', () => undefined).end(input);
  const [said] = await Promise.all([text(child.stderr), ended]);
  if (child.exitCode !== 0) throw new Error(said.trim().split('\n').at(-1) ?? 'no word');
}

/** What makes a process one of the user's. */
export function identityOf(user: JobsUser | undefined): { readonly uid?: number; readonly gid?: number } {
  return user === undefined ? {} : { uid: user.uid, gid: user.gid };
}
