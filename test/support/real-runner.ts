import { accessSync, constants } from 'node:fs';
import { resolve } from 'node:path';
import process from 'node:process';
import TESTS from './real-runner-tests.json' with { type: 'json' };

/** The tests that need a real gitlab-runner: by file, their names. */
export const REAL_RUNNER_TESTS = TESTS;

/**
 * The absolute path of the gitlab-runner that RUNTIDE_GITLAB_RUNNER names; undefined where it names none, and
 * the tests that need it are not registered. Throws where what it names cannot be executed.
 */
export function realRunner(named = process.env['RUNTIDE_GITLAB_RUNNER'] ?? ''): string | undefined {
  if (named === '') return undefined;
  const binary = resolve(named);
  try {
    accessSync(binary, constants.X_OK);
  } catch {
    throw new Error(`RUNTIDE_GITLAB_RUNNER is ${binary}, which is no executable; name a gitlab-runner`);
  }
  return binary;
}
