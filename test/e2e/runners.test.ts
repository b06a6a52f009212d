import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { openOperator, type Operator } from '../support/operator.ts';
import { type ConfigChange, succeeded, type WatchedSandbox } from '../support/watched-sandbox.ts';

let operator: Operator;
let sandbox: WatchedSandbox;
let run: Operator['run'];

beforeAll(async () => {
  operator = await openOperator();
  ({ sandbox, run } = operator);
});

afterAll(async () => {
  await operator[Symbol.asyncDispose]();
});

const CREATED: { readonly changes: readonly ConfigChange[] } = {
  changes: [[['pools', 'large', 'runner'], { create: { project: 'acme/web' } }]],
};

/** Descriptions of the runners that GitLab has. */
function descriptions(): readonly string[] {
  return sandbox.gitlab.runners().flatMap(({ description }) => (description === '' ? [] : [description]));
}

it('runners are shown, made, checked and removed by command', async () => {
  const before = await run(['runners'], CREATED);
  expect(before).toMatchObject({
    code: 0,
    stdout: 'large\n  no runner yet\n  would   make a runner: there is none\n',
  });
  expect(descriptions()).toEqual([]);

  const applied = await run(['runners', 'apply'], CREATED);
  expect(applied.code).toBe(0);
  expect(applied.stdout).toMatch(
    /^large\n {2}serves {2}runner \d+ \(Runtide sandbox\/large\): 0 managers\n$/,
  );
  expect(applied.stderr).toMatch(/^made runner \d+ of pool large: there is none$/m);
  expect(descriptions()).toEqual(['Runtide sandbox/large']);

  const checked = await run(['check'], CREATED);
  expect(checked.stdout).toMatch(/^ok {6}runner of large: 1 runner: \d+, as the configuration says$/m);

  const listed = await run(['runners', 'remove', 'large'], CREATED);
  expect(listed.stdout).toMatch(
    /^large: would remove runner \d+\nnothing was removed: run it again with --yes\n$/,
  );
  const removed = await run(['runners', 'remove', 'large', '--yes'], CREATED);
  expect(removed.stdout).toMatch(/^large: removed runner \d+\n$/);
  expect(descriptions()).toEqual([]);
});

it('runners that somebody made are none of its business', async () => {
  const refused = await run(['runners']);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('no pool has `runner.create`');
  const other = await run(['runners', 'remove', 'linux', '--yes'], CREATED);
  expect(other.stderr).toContain('Runtide makes those of large alone');
  expect(sandbox.gitlab.runners()).toHaveLength(2);
});

it('a daemon makes the runner of a pool, and its instances run jobs by it', async () => {
  await sandbox.reload(...CREATED.changes);
  await eventually('the runner is there', () => descriptions().includes('Runtide sandbox/large'));
  const jobs = sandbox.submit({ name: 'by the new runner', tags: ['large'], script: ['echo works'] });
  await succeeded(jobs);
  const made = sandbox.gitlab.runners().find(({ description }) => description === 'Runtide sandbox/large');
  // The runner that it had before takes the same jobs, and no instance serves it.
  expect(jobs.map(({ runner }) => runner?.id)).toEqual([made?.id]);

  await eventually('the fleet is at zero', () => sandbox.running() === 0);
  const removed = await run(['runners', 'remove', '--yes']);
  expect(removed.stdout).toBe(`large: removed runner ${made?.id}\n`);
});

it('an instance of an isolated pool has a runner of its own, which goes with it', async () => {
  const create = { project: 'acme/web' };
  await sandbox.reload([['pools', 'large', 'runner'], { create, isolation: 'runner-per-instance' }]);
  const own = () =>
    sandbox.gitlab
      .runners()
      .filter(({ description }) => /^Runtide sandbox\/large i-[0-9a-f]+$/.test(description));
  const [job] = sandbox.submit({ name: 'by its own runner', tags: ['large'], script: ['sleep 1'] });
  await eventually('it runs', () => job?.status === 'running');
  expect(own().map(({ id }) => id)).toEqual([job?.runner?.id]);
  await eventually('it has run', () => job?.status === 'success');
  await eventually('the runner is gone', () => own().length === 0);
  expect(sandbox.running()).toBe(0);
});
