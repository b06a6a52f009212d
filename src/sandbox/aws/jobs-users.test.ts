import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findJobsUsers } from './jobs-users.ts';

const PATH = '/usr/local/bin:/usr/bin:/bin';
const IS_ROOT = platform() === 'linux' && process.getuid?.() === 0;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jobs-users-'));
  chmodSync(folder, 0o711);
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('users for the jobs of machines', () => {
  it('are others for each machine of all sandboxes, and there for root alone', () => {
    const sandboxes = [1, 2].map(() => findJobsUsers({ folder, path: PATH, gitlabRunner: undefined }));
    const [users] = sandboxes;
    const given = sandboxes.flatMap((one) => [one?.next(), one?.next()]);
    expect(given.filter((user) => user?.word === String(user?.own))).toHaveLength(IS_ROOT ? 4 : 0);
    expect(new Set(given.map((user) => user?.own)).size).toBe(IS_ROOT ? 4 : 1);
    expect(users === undefined).toBe(!IS_ROOT);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('are none where they could not enter the folder', () => {
    chmodSync(folder, 0o700);
    mkdirSync(join(folder, 'below'), { mode: 0o755 });
    const options = { folder: join(folder, 'below'), path: PATH, gitlabRunner: undefined };
    expect(findJobsUsers(options)).toBeUndefined();
  });

  it('are one with a name where the real gitlab-runner changes to it by su', () => {
    const gitlabRunner = '/opt/gitlab-runner';
    const users = findJobsUsers({ folder, path: PATH, gitlabRunner });
    expect(users?.next()).toEqual(IS_ROOT ? { word: 'nobody' } : undefined);
    expect(findJobsUsers({ folder, path: join(folder, 'empty'), gitlabRunner })).toBeUndefined();
  });
});
