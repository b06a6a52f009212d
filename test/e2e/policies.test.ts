import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { openOperator, type Operator } from '../support/operator.ts';
import { poolIn, succeeded, type WatchedSandbox } from '../support/watched-sandbox.ts';

let operator: Operator;
let sandbox: WatchedSandbox;
let run: Operator['run'];

beforeAll(async () => {
  operator = await openOperator();
  ({ sandbox, run } = operator);
  await sandbox.reload(
    [
      ['pools', 'linux', 'schedules'],
      [{ periods: ['* 9 * * mon'], timezone: 'Europe/Berlin', idle: { slots: 2 }, max: 3 }],
    ],
    [['pools', 'large', 'max'], 4],
  );
});

afterAll(async () => {
  await operator[Symbol.asyncDispose]();
});

describe('runtide plan --at', () => {
  it('shows what the schedules of that time make of the pools', async () => {
    const { code, stdout, stderr } = await run(['plan', '--at', '2026-07-06T07:30:00Z']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n').slice(0, 3)).toEqual([
      'at 2026-07-06T07:30:00.000Z, with the jobs and instances of now:',
      'linux: schedule "* 9 * * mon Europe/Berlin" holds: idle target 2 slots, min 0, max 3',
      'large: no schedule holds: idle target 0 slots, min 0, max 4',
    ]);
    const later = await run(['plan', '--at', '2026-07-06T10:30+02:00', '--json']);
    const document = JSON.parse(later.stdout);
    expect(document).toMatchObject({
      at: '2026-07-06T08:30:00.000Z',
      pools: [{ pool: 'linux', idleSlots: 0 }, {}],
    });
    expect(document.pools[0]).not.toHaveProperty('schedule');
  });

  it('refuses what is no time', async () => {
    const { code, stderr } = await run(['plan', '--at', 'monday']);
    expect(code).toBe(2);
    expect(stderr).toContain('It must be a time such as 2026-12-01T09:00 or 2026-12-01T09:00+01:00.');
  });
});

describe('runtide pause', () => {
  it('keeps a pool from buying until it is resumed, and is no more the second time', async () => {
    // Both serve the job: where one is paused, the other buys for it.
    const { code, stdout, stderr } = await run(['pause', 'linux', 'large']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n')[0]).toBe(
      'linux: paused: it buys nothing and keeps nothing idle; jobs that run go on; "runtide resume linux" ends it',
    );
    const again = await run(['pause', 'linux', '--json']);
    expect(JSON.parse(again.stdout)).toEqual({
      pools: [{ pool: 'linux', state: 'already paused', pausedAt: expect.stringMatching(/Z$/) }],
    });
    const jobs = sandbox.submit({ name: 'waits', tags: ['linux'], script: ['true'] });
    const seen = await eventually('the daemon holds the job back', async () => {
      const pool = poolIn(await sandbox.status(), 'linux');
      return pool.pending === 1 && pool.pausedAt !== undefined && pool;
    });
    expect(seen.decision).toMatch(/; paused; no launch: paused by command since \S+Z; nothing to do$/);
    expect(seen.instances).toEqual([]);
    expect((await run(['resume', 'linux'])).stdout).toMatch(
      /^linux: buys again; it was paused since \S+Z\n$/,
    );
    await succeeded(jobs);
    const rest = await run(['resume', 'linux', 'large']);
    expect(rest.stdout).toMatch(/^linux: not paused; nothing was changed\nlarge: buys again; /);
  });

  it('of no pool is refused, and nothing is changed', async () => {
    const stderr = 'pausing pool lnux: there is none of that name; did you mean linux?\n';
    expect(await run(['pause', 'large', 'lnux'])).toEqual({ code: 1, stdout: '', stderr });
    expect((await run(['resume', 'large'])).stdout).toBe('large: not paused; nothing was changed\n');
  });
});

it('policies apply when the configuration is loaded again', async () => {
  const always = [{ periods: ['* * * * *'], min: 1 }];
  const lines = await sandbox.reload(
    [['pools', 'linux', 'schedules'], always],
    [['pools', 'linux', 'projectCaps'], { default: 5 }],
    [['maxInstances'], 3],
  );
  expect(lines.filter(({ level }) => level !== 'info')).toEqual([]);
  await eventually('the schedule holds, and its instance is there', async () => {
    const pool = poolIn(await sandbox.status(), 'linux');
    return pool.schedule === '* * * * * UTC' && pool.instances.length === 1;
  });
});
