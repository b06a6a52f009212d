import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { isStatus } from '../../src/status/model.ts';
import { eventually } from '../support/eventually.ts';
import { openOperator, type Operator } from '../support/operator.ts';
import { type ConfigChange, poolIn, succeeded, type WatchedSandbox } from '../support/watched-sandbox.ts';

const planShape = z.strictObject({
  pools: z.array(z.looseObject({ pool: z.string(), desired: z.looseObject({ count: z.number() }) })),
  actions: z.array(z.looseObject({ do: z.string(), pool: z.string(), text: z.string() })),
  drifted: z.array(
    z.strictObject({
      pool: z.string(),
      instance: z.string(),
      generation: z.string(),
      wanted: z.string(),
    }),
  ),
  alarms: z.array(z.looseObject({ alarm: z.string() })),
});

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

describe('runtide plan and runtide status', () => {
  it('plan nothing for a quiet fleet', async () => {
    const { code, stdout, stderr } = await run(['plan']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(/^linux: 0 pending; .*; nothing to do$/),
      expect.stringMatching(/^large: 0 pending; .*; nothing to do$/),
      '',
    ]);
  });

  it('say what could not be read, and that the plan is worth less for it', async () => {
    const { code, stdout } = await run(['plan', '--json'], { env: { GITLAB_TOKEN: 'glpat-wrong' } });
    expect(code).toBe(1);
    const { alarms } = planShape.parse(JSON.parse(stdout));
    expect(alarms).toMatchObject([
      { alarm: 'stale', source: 'jobs', failure: expect.stringContaining('GitLab answered 401') },
      { alarm: 'stale', source: 'managers of linux' },
      { alarm: 'stale', source: 'managers of large' },
    ]);
  });

  it('show a machine that works, and that another configuration would replace it', async () => {
    const go = join(sandbox.folder, 'go');
    const jobs = sandbox.submit({
      name: 'waits',
      tags: ['linux'],
      script: [`until test -e ${go}; do sleep 0.1; done`],
    });
    const instance = await eventually('an instance is busy', async () => {
      const { instances } = poolIn(await sandbox.status(), 'linux');
      return instances.find(({ phase }) => phase === 'busy')?.id;
    });

    const status = await run(['status']);
    expect({ code: status.code, stderr: status.stderr }).toEqual({ code: 0, stderr: '' });
    expect(status.stdout).toMatch(/^sandbox: deciding; \d+ passes, 1 launched, 0 drained\n/);
    expect(status.stdout).toMatch(
      new RegExp(`^ {2}${instance} +busy +1 of 2 +m7i\\.large spot +\\d+ s$`, 'm'),
    );
    const sent: unknown = JSON.parse((await run(['status', '--json'])).stdout);
    expect(isStatus(sent)).toBe(true);

    const same = planShape.parse(JSON.parse((await run(['plan', '--json'])).stdout));
    expect(same).toMatchObject({ drifted: [], actions: [], alarms: [] });
    const changes: ConfigChange[] = [[['pools', 'linux', 'instances', 'image'], 'ami-0a000000000000002']];
    const other = planShape.parse(JSON.parse((await run(['plan', '--json'], { changes })).stdout));
    expect(other.drifted).toMatchObject([{ pool: 'linux', instance }]);
    expect(other.drifted[0]?.wanted).not.toBe(other.drifted[0]?.generation);
    expect(other.actions.map(({ text }) => text)).toEqual([`drain ${instance} (drifted)`]);
    const text = await run(['plan'], { changes });
    expect(text.code).toBe(0);
    expect(text.stdout).toContain(`linux: ${instance} has drifted and would be replaced\n`);

    await writeFile(go, '');
    await succeeded(jobs);
  });
});

describe('a second daemon', () => {
  it('ends with 1 and says who is in its way', async () => {
    const { code, stderr } = await run(['up']);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^listening on 127\.0\.0\.1:\d+ for webhooks: .*EADDRINUSE.*; another process listens there: end it, or change/,
    );
  });
});

describe('without a daemon', () => {
  beforeAll(async () => {
    await sandbox.daemon.stop();
  });

  it.each([[['status']], [['status', '--json']]])('%j ends with 1 and says what to look at', async (args) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /^reading the status of the daemon at http:\/\/127\.0\.0\.1:\d+: connect ECONNREFUSED .*; is "runtide up" running with this configuration\?\n$/,
    );
  });

  it('the plan is made all the same', async () => {
    const { code, stdout } = await run(['plan', '--json']);
    expect(code).toBe(0);
    expect(planShape.parse(JSON.parse(stdout)).pools.map(({ pool }) => pool)).toEqual(['linux', 'large']);
  });
});
