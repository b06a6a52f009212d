import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { openOperator, type Operator } from '../support/operator.ts';
import { poolIn, succeeded, type WatchedSandbox } from '../support/watched-sandbox.ts';

let operator: Operator;
let sandbox: WatchedSandbox;
let run: Operator['run'];

/** The ready instances of the pool, once it has as many and no other. */
function ready(count: number): Promise<readonly string[]> {
  return eventually(`${count} instances are ready`, async () => {
    const { instances } = poolIn(await sandbox.status(), 'linux');
    const are = instances.every(({ phase }) => phase === 'idle' || phase === 'busy');
    return are && instances.length === count && instances.map(({ id }) => id);
  });
}

beforeAll(async () => {
  operator = await openOperator();
  ({ sandbox, run } = operator);
  await sandbox.reload([['pools', 'linux', 'min'], 2]);
});

afterAll(async () => {
  await operator[Symbol.asyncDispose]();
});

describe('runtide cycle', () => {
  it('replaces what there is, after its jobs, and can be paused meanwhile', async () => {
    const old = await ready(2);
    const go = join(sandbox.folder, 'go');
    const jobs = sandbox.submit({
      name: 'waits',
      tags: ['linux'],
      script: [`until test -e ${go}; do sleep 0.1; done`],
    });
    const busy = await eventually('one is busy', async () => {
      const { instances } = poolIn(await sandbox.status(), 'linux');
      return instances.find(({ phase }) => phase === 'busy')?.id;
    });

    const begun = await run(['cycle', 'linux', '--no-wait']);
    expect(begun).toEqual({
      code: 0,
      stdout: 'linux: a cycle begins: 2 instances, 1 at a time\n',
      stderr: '',
    });
    await eventually('the busy one is the last to leave', async () => {
      const { instances } = poolIn(await sandbox.status(), 'linux');
      return instances.some(({ id, drain }) => id === busy && drain === 'drifted');
    });
    const paused = await run(['cycle', 'linux', '--pause']);
    expect(paused).toMatchObject({ code: 0, stdout: expect.stringMatching(/^linux: the cycle is paused: /) });
    const again = await run(['cycle', 'linux', '--batch', '2', '--no-wait']);
    expect(again.stdout).toMatch(
      /^linux: a cycle goes on already, since \S+Z, as it is wanted now; it is paused: go on with --resume\n$/,
    );
    const shown = await eventually('the daemon shows it', async () => {
      const { stdout } = await run(['cycle', '--status', '--json']);
      const { pools } = JSON.parse(stdout);
      return pools[0].progress?.paused === true && pools;
    });
    expect(shown).toMatchObject([
      { pool: 'linux', state: 'paused', cycle: { batch: 2 }, progress: { waiting: 0, leaving: 1 } },
      { pool: 'large', state: 'none' },
    ]);

    const resumed = run(['cycle', 'linux', '--resume']);
    await writeFile(go, '');
    const { code, stdout, stderr } = await resumed;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^linux: the cycle goes on\n/);
    expect(stdout).toMatch(/^linux: 0 old left, \d draining, \d new ready/m);
    expect(stdout).toMatch(/\nlinux: done\n$/);
    await succeeded(jobs);
    const now = await ready(2);
    expect(now.filter((id) => old.includes(id))).toEqual([]);
    const messages = (await sandbox.log()).map(({ msg }) => msg);
    expect(messages).toContain('cycle of linux done: all its instances are new');
  });

  it('of no pool is refused', async () => {
    const stderr = 'cycling pool lnux: there is none of that name; name one of linux, large\n';
    expect(await run(['cycle', 'lnux'])).toEqual({ code: 1, stdout: '', stderr });
  });
});

describe('runtide drain', () => {
  it('refuses what cannot be drained, before anything drains', async () => {
    const [first = ''] = await ready(2);
    const unknown = await run(['drain', first, 'i-0123456789abcdef0']);
    expect(unknown).toMatchObject({ code: 1, stdout: '' });
    expect(unknown.stderr).toMatch(/^draining i-0123456789abcdef0: it is none of the instances of sandbox, /);
    expect(await run(['drain', first, '--shrink'])).toEqual({
      code: 1,
      stdout: '',
      stderr: `draining ${first}: pool linux keeps 2 instances (min); use --replace, or lower min\n`,
    });
    expect(await ready(2)).toContain(first);
  });

  it('has one leave, and another takes its place', async () => {
    const [first = ''] = await ready(2);
    const { code, stdout, stderr } = await run(['drain', first, '--wait']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(
      `${first}: leaves linux in its turn, as the surge and minAvailable of the pool let it\n${first}: gone\n`,
    );
    expect(await ready(2)).not.toContain(first);
  });
});

describe('without a daemon', () => {
  beforeAll(async () => {
    await sandbox.daemon.stop();
  });

  it('a cycle is written down and waits for it, and can be taken back', async () => {
    const { code, stdout, stderr } = await run(['cycle', 'linux']);
    expect({ code, stdout }).toEqual({
      code: 1,
      stdout: 'linux: a cycle begins: all its instances, 1 at a time\n',
    });
    expect(stderr).toMatch(
      /^reading the status of the daemon at .*; is "runtide up" running .*\nwhat was asked is written down in \S+, and waits for the daemon that decides\n$/,
    );
    expect((await run(['cycle', '--stop'])).stdout).toBe(
      'linux: the cycle is stopped; what drains already still leaves\n',
    );
  });

  it('nothing can be asked where there is no state', async () => {
    const file = join(sandbox.folder, 'none.db');
    const { code, stderr } = await run(['cycle'], { changes: [[['state'], file]] });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^opening the state file .*none\.db: there is no such file; check the path, or start the daemon/,
    );
  });
});
