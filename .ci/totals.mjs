// Adds up vitest's JSON reports, each given as NAME=FILE; runs on whatever Node the machine has.
// The last line is "N passed, N failed"; a skipped test, and a report that is not there, count as failed.
import { readFileSync } from 'node:fs';
import process from 'node:process';

const REAL_RUNNER = 'RUNTIDE_GITLAB_RUNNER';
const REAL_RUNNER_TESTS = new URL('../test/support/real-runner-tests.json', import.meta.url);

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

/** The tests of a real gitlab-runner, each as { file, name }. */
function realRunnerTests() {
  const files = Object.entries(JSON.parse(readFileSync(REAL_RUNNER_TESTS, 'utf8')));
  return files.flatMap(([file, names]) => names.map((name) => ({ file, name })));
}

/** Says which of them were not registered, and counts those as failed where a runner was given. */
function unregistered(tests) {
  const missing = realRunnerTests().filter(
    ({ file, name }) => !tests.some((test) => test.name.includes(`${file}: `) && test.name.endsWith(name)),
  );
  const given = Boolean(process.env[REAL_RUNNER]);
  if (missing.length > 0) say(`${REAL_RUNNER} ${given ? 'is set' : 'is not set'}; not registered:`);
  for (const { file, name } of missing) say(`  ${file}: ${name}`);
  return given
    ? missing.map(({ file, name }) => ({ name: `${file}: ${name}`, status: 'not registered' }))
    : [];
}

const say = (line) => process.stdout.write(`${line}\n`);
const reported = process.argv.slice(2).flatMap(testsOf);
const tests = [...reported, ...unregistered(reported)];
const passed = tests.filter(({ status }) => status === 'passed');
const failed = tests.filter(({ status }) => status !== 'passed');

for (const { name, status } of failed) say(`${status}: ${name}`);
const real = reported.filter(({ name }) => name.includes(`the gitlab-runner of ${REAL_RUNNER}`)).length;
say(`${real === 0 ? 'no' : real} tests of a real gitlab-runner were registered`);
if (reported.length === 0) say('no test ran');
say(`${passed.length} passed, ${failed.length} failed`);
process.exitCode = failed.length > 0 || reported.length === 0 ? 1 : 0;
