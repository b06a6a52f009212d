import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { REAL_RUNNER_TESTS } from './support/real-runner.ts';

const TOTALS = fileURLToPath(new URL('../.ci/totals.mjs', import.meta.url));
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const REAL = Object.entries(REAL_RUNNER_TESTS).flatMap(([file, names]) =>
  names.map((name) => ({ file, name })),
);

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'runtide-totals-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

interface Reported {
  readonly file: string;
  readonly name: string;
  readonly status?: string;
}

/** What the totals say of a run that reported these tests. */
function totals(tests: readonly Reported[], runner = '') {
  const report = join(folder, 'report.json');
  const testResults = tests.map(({ file, name, status = 'passed' }) => ({
    name: `/a checkout/${file}`,
    status,
    assertionResults: [{ fullName: name, status }],
  }));
  writeFileSync(report, JSON.stringify({ testResults }));
  const env = { ...process.env, RUNTIDE_GITLAB_RUNNER: runner };
  const { status, stdout } = spawnSync(process.execPath, [TOTALS, `test=${report}`], {
    encoding: 'utf8',
    env,
  });
  return { status, lines: stdout.trimEnd().split('\n') };
}

const OTHER = { file: 'src/a.test.ts', name: 'does something' };
const asReported = REAL.map(({ file, name }) => ({
  file,
  name: `the gitlab-runner of RUNTIDE_GITLAB_RUNNER ${name}`,
}));

describe('the totals of a run', () => {
  it('name each test of a real gitlab-runner that was not registered, and pass', () => {
    const { status, lines } = totals([OTHER]);
    expect(lines).toEqual([
      'RUNTIDE_GITLAB_RUNNER is not set; not registered:',
      ...REAL.map(({ file, name }) => `  ${file}: ${name}`),
      'no tests of a real gitlab-runner were registered',
      '1 passed, 0 failed',
    ]);
    expect(status).toBe(0);
  });

  it('count them where there is one', () => {
    const { status, lines } = totals([OTHER, ...asReported], '/usr/bin/gitlab-runner');
    expect(lines).toEqual([
      `${REAL.length} tests of a real gitlab-runner were registered`,
      `${REAL.length + 1} passed, 0 failed`,
    ]);
    expect(status).toBe(0);
  });

  it('fail where there is one and a test was not registered all the same', () => {
    const { status, lines } = totals([OTHER, ...asReported.slice(1)], '/usr/bin/gitlab-runner');
    expect(lines).toContain(`not registered: ${REAL[0]?.file}: ${REAL[0]?.name}`);
    expect(lines.at(-1)).toBe(`${REAL.length} passed, 1 failed`);
    expect(status).toBe(1);
  });

  it('count a skipped test as failed, and so a run of none', () => {
    const skipped = totals([{ ...OTHER, status: 'skipped' }]);
    expect([skipped.status, skipped.lines.at(-1)]).toEqual([1, '0 passed, 1 failed']);
    const none = totals([]);
    expect([none.status, none.lines.at(-1)]).toEqual([1, '0 passed, 0 failed']);
  });
});

describe('the list of tests of a real gitlab-runner', () => {
  it.each(Object.entries(REAL_RUNNER_TESTS))('has those of %s', (file, names) => {
    const source = readFileSync(join(ROOT, file), 'utf8');
    const registered = source.slice(source.indexOf('describe.each(TRIED)'));
    const found = [...registered.matchAll(/\bit\(\s*'([^']+)'/g)].map(([, name]) => name);
    expect(found).toEqual(names);
  });
});
