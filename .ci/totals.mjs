// Adds up vitest's JSON reports, each given as NAME=FILE; runs on whatever Node the machine has.
// The last line is "N passed, N failed"; a skipped test, and a report that is not there, count as failed.
import { readFileSync } from 'node:fs';
import process from 'node:process';

const REAL_RUNNER = 'RUNTIDE_GITLAB_RUNNER';

/** Every test of a report as { name, status }; a file that could not even be loaded is one failed test. */
function testsIn(file) {
  return JSON.parse(readFileSync(file, 'utf8')).testResults.flatMap(({ name, status, assertionResults }) => {
    const tests = assertionResults.map((test) => ({
      name: `${name}: ${test.fullName}`,
      status: test.status,
    }));
    const broken = status === 'failed' && !tests.some((test) => test.status === 'failed');
    return broken ? [...tests, { name, status: 'failed' }] : tests;
  });
}

function testsOf(run) {
  const [name, file] = [run.slice(0, run.indexOf('=')), run.slice(run.indexOf('=') + 1)];
  try {
    return testsIn(file);
  } catch (error) {
    return [{ name: `${name}: no report (${error.message})`, status: 'failed' }];
  }
}

const say = (line) => process.stdout.write(`${line}\n`);
const tests = process.argv.slice(2).flatMap(testsOf);
const passed = tests.filter(({ status }) => status === 'passed');
const failed = tests.filter(({ status }) => status !== 'passed');

for (const { name, status } of failed) say(`${status}: ${name}`);
const real = tests.filter(({ name }) => name.includes(REAL_RUNNER)).length;
const given = process.env[REAL_RUNNER] ? 'is set' : 'is not set';
say(`${REAL_RUNNER} ${given}: ${real === 0 ? 'no' : real} tests of a real gitlab-runner were registered`);
if (tests.length === 0) say('no test ran');
say(`${passed.length} passed, ${failed.length} failed`);
process.exitCode = failed.length > 0 || tests.length === 0 ? 1 : 0;
