import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { platform } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findExecutable } from '../../src/sandbox/aws/executables.ts';
import { stateOf } from '../../src/adapters/memory/ec2/instance-record.ts';
import type { Job } from '../../src/adapters/memory/gitlab/job.ts';
import { eventually } from '../support/eventually.ts';
import {
  LATER,
  LATER_ROWS,
  leaver,
  LEFT_PROCESS,
  ROWS,
  spy,
  VICTIM,
  VIOLENT_GO,
  VIOLENT_JOB,
  VIOLENT_OUTCOMES,
} from '../support/hostile-job.ts';
import { isAlive } from '../support/processes.ts';
import { openSandbox, succeeded, type WatchedSandbox } from '../support/watched-sandbox.ts';

/** Rows of the table in `docs/security.md`, with what stands in a column. */
type Outcomes = Readonly<Record<string, string>>;

const DOCUMENT = readFileSync(new URL('../../docs/security.md', import.meta.url), 'utf8');
const TABLE = /^\| a job tries to +\|.*\n\|[-| ]+\n((?:\|.*\n)+)/m.exec(DOCUMENT)?.[1] ?? '';
const CELLS = TABLE.trimEnd()
  .split('\n')
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
const COLUMNS = { own: 1, agent: 2, docker: 3 } as const;

function documented(column: keyof typeof COLUMNS): Outcomes {
  return Object.fromEntries(CELLS.map((cells) => [cells[0] ?? '', cells[COLUMNS[column]] ?? '']));
}

/** Whether jobs can have a user of their own here: found out apart from the sandbox's own look. */
const CAN_ISOLATE =
  platform() === 'linux' &&
  process.getuid?.() === 0 &&
  spawnSync('/bin/sh', ['-c', ':'], { uid: 12_345, gid: 12_345 }).status === 0;

/** It runs jobs as a user that processes of other machines have as well: by that alone none can be found. */
const HAS_REAL_RUNNER = findExecutable('gitlab-runner', process.env['PATH'] ?? '') !== undefined;

/** The outcomes in a text of lines such as `reached: row`. */
function outcomesIn(text: string): Outcomes {
  const lines = Array.from(text.matchAll(/^(reached|refused): (.+?)\r?$/gm));
  return Object.fromEntries(lines.map(([, outcome = '', row = '']) => [row, outcome]));
}

function said(job: Job, line: RegExp): string {
  return line.exec(job.trace.text())?.[1] ?? 'unknown';
}

/** The state of the one instance that there is, and its folder. */
function theInstance(sandbox: WatchedSandbox) {
  const [instance, ...more] = sandbox.ec2.instances();
  if (instance === undefined || more.length > 0) throw new Error('looking for the instance: not one');
  const state = () => stateOf(sandbox.ec2.instance(instance.id) ?? instance);
  return {
    id: instance.id,
    file: (name: string) => join(sandbox.folder, 'instances', instance.id, name),
    isOff: () => state() === 'terminated',
    isGoing: () => state() !== 'running',
  };
}

function textOf(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

/** What a later job finds of what was left behind, and what that has seen of it. */
async function foundLater(sandbox: WatchedSandbox): Promise<Outcomes> {
  const [later, ...more] = sandbox.submit(LATER);
  if (later === undefined || more.length > 0) throw new Error('submitting: not one job');
  await succeeded([later]);
  return {
    [LATER_ROWS.files]: said(later, /^files (\w+)\r?$/m),
    [LATER_ROWS.process]: said(later, /^process (\w+)\r?$/m),
  };
}

/** Runs all hostile jobs one after the other beside their victim, and answers with what they reached. */
async function attack(sandbox: WatchedSandbox): Promise<Outcomes> {
  await sandbox.reload([['pools', 'linux', 'max'], 1], [['pools', 'linux', 'idle', 'time'], '5m']);
  const hostile = spy(sandbox.isolatesJobs && !HAS_REAL_RUNNER);
  const looking = sandbox.submit(VICTIM, hostile).find(({ name }) => name === hostile.name);
  if (looking === undefined) throw new Error('submitting: no job');
  await succeeded([looking]);
  const found = await foundLater(sandbox);

  const instance = theInstance(sandbox);
  const left = Number(textOf(instance.file(LEFT_PROCESS)));
  sandbox.submit(VIOLENT_JOB);
  const outcomes = instance.file(VIOLENT_OUTCOMES);
  const violence = await eventually('the violent job is done', () => {
    const text = textOf(outcomes);
    return text.includes('done\n') && text;
  });
  expect(isAlive(left)).toBe(true);
  writeFileSync(instance.file(VIOLENT_GO), '');
  const end = await eventually('it has tried to power off', () => {
    if (instance.isGoing()) return 'reached: power the instance off\n';
    const text = textOf(outcomes);
    return text.includes('over\n') && text;
  });
  sandbox.ec2.terminateInstances([instance.id]);
  await eventually('the instance is off', instance.isOff);
  const beyond = isAlive(left) ? 'reached' : 'refused';
  return {
    ...outcomesIn(looking.trace.text()),
    ...found,
    ...outcomesIn(violence),
    ...outcomesIn(end),
    [LATER_ROWS.beyond]: beyond,
  };
}

describe('a hostile shell job', () => {
  it.for([
    { jobs: 'with a user of their own, where this machine allows it', isolateJobs: true },
    { jobs: 'as the user of the agent', isolateJobs: false },
  ])('reaches what docs/security.md says: jobs $jobs', async ({ isolateJobs }) => {
    await using sandbox = await openSandbox({ isolateJobs });
    expect(sandbox.isolatesJobs).toBe(isolateJobs && CAN_ISOLATE);
    const reached = await attack(sandbox);
    expect(reached).toEqual(documented(sandbox.isolatesJobs ? 'own' : 'agent'));
  });

  // What is on PATH may be older than what the agent lets count jobs.
  if (HAS_REAL_RUNNER) process.stderr.write('SKIPPED: maxJobs: 1 is tried with the built-in runner alone\n');
  it.for(HAS_REAL_RUNNER ? [] : [1])('leaves nothing for a later job with maxJobs: %d', async (maxJobs) => {
    await using sandbox = await openSandbox();
    await sandbox.reload([['pools', 'linux', 'slots'], 1], [['pools', 'linux', 'maxJobs'], maxJobs]);
    await succeeded(sandbox.submit(leaver(sandbox.isolatesJobs && !HAS_REAL_RUNNER)));
    expect(await foundLater(sandbox)).toEqual({
      [LATER_ROWS.files]: 'refused',
      [LATER_ROWS.process]: 'refused',
    });
    expect(sandbox.ec2.instances().length).toBeGreaterThan(1);
  });
});

describe('the table in docs/security.md', () => {
  it('has a row for everything that is tried, and no other', () => {
    expect(CELLS.map(([row]) => row)).toEqual(ROWS);
  });

  it('has a source for whatever it says of the docker executor', () => {
    const cited = Object.values(documented('docker')).map((cell) => {
      const [, words, numbers = ''] = /^(refused|reached|same project)((?: \[\d+\])+)$/.exec(cell) ?? [];
      return words === undefined ? cell : numbers;
    });
    for (const numbers of cited) expect(numbers).toMatch(/^(?: \[\d+\])+$/);
    const used = new Set(cited.flatMap((numbers) => numbers.match(/\[\d+\]/g) ?? []));
    for (const number of used) expect(DOCUMENT).toMatch(new RegExp(`^\\${number}: https://`, 'm'));
  });
});
