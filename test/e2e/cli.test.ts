import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { freePorts } from '../../src/sandbox/free-ports.ts';
import { isStatus } from '../../src/status/model.ts';
import { clientSettings } from '../support/aws-double.ts';
import { type Ended, runtide } from '../support/command-line.ts';
import { eventually } from '../support/eventually.ts';
import {
  type ConfigChange,
  openSandbox,
  poolIn,
  succeeded,
  type WatchedSandbox,
} from '../support/watched-sandbox.ts';

const findingsShape = z.strictObject({
  ok: z.boolean(),
  findings: z.array(z.strictObject({ check: z.string(), ok: z.boolean(), detail: z.string() })),
});

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

let sandbox: WatchedSandbox;
let environment: Readonly<Record<string, string>>;

/** What the daemon was started with: the commands need the same secrets. */
async function environmentOf(process: number): Promise<Readonly<Record<string, string>>> {
  const variables = (await readFile(`/proc/${process}/environ`, 'utf8'))
    .split('\0')
    .filter((one) => one !== '');
  return Object.fromEntries(
    variables.map((one) => [one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1)]),
  );
}

interface Circumstances {
  /** What differs from the daemon's own configuration. */
  readonly changes?: readonly ConfigChange[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a command as the operator of the sandbox's daemon would; changes go to a file beside the daemon's. */
async function run(args: readonly string[], { changes = [], env = {} }: Circumstances = {}): Promise<Ended> {
  const document = parseDocument(await readFile(sandbox.configFile, 'utf8'));
  for (const [path, value] of changes) document.setIn(path, value);
  const file = join(dirname(sandbox.configFile), 'tried.yaml');
  await writeFile(file, String(document));
  const ended = await runtide([...args, '--config', file], { env: { ...environment, ...env } });
  const secrets = ['GITLAB_TOKEN', 'RUNTIDE_WEBHOOK_TOKEN', 'RUNTIDE_WEBHOOK_SIGNING_TOKEN'];
  for (const name of secrets) {
    expect(`${ended.stdout}${ended.stderr}`).not.toContain(environment[name] ?? 'no such secret');
  }
  return ended;
}

beforeAll(async () => {
  sandbox = await openSandbox();
  environment = await environmentOf(sandbox.daemonId());
});

afterAll(async () => {
  await sandbox[Symbol.asyncDispose]();
});

describe('runtide check', () => {
  it('finds everything in order', async () => {
    const { code, stdout, stderr } = await run(['check']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toEqual([
      expect.stringMatching(/^ok {6}configuration: .*tried\.yaml is valid$/),
      expect.stringMatching(
        /^ok {6}GitLab token: GitLab [\d.]+; token runtide with read_api, manage_runner; /,
      ),
      expect.stringMatching(/^ok {6}jobs: \d+ pending and \d+ held in 1 project$/),
      expect.stringMatching(/^ok {6}EC2 instances: \d+ instances? of installation sandbox$/),
      'ok      runner of linux: runner 1 takes what the pool counts',
      'ok      token parameter of linux: /runtide/linux/runner-token holds a runner token',
      'ok      runner of large: runner 2 takes what the pool counts',
      'ok      token parameter of large: /runtide/large/runner-token holds a runner token',
    ]);
  });

  it('says the same in JSON', async () => {
    const { code, stdout } = await run(['check', '--json']);
    const { ok, findings } = findingsShape.parse(JSON.parse(stdout));
    expect({ code, ok }).toEqual({ code: 0, ok: true });
    expect(findings).toHaveLength(8);
    expect(findings.every((finding) => finding.ok)).toBe(true);
  });

  /** The lines that a check gives which fails. */
  async function failures(circumstances: Circumstances): Promise<readonly string[]> {
    const { code, stdout, stderr } = await run(['check'], circumstances);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(8);
    return lines.filter((line) => !line.startsWith('ok '));
  }

  const request = '\\(request [\\w-]+\\)';

  it.each<[string, Circumstances, readonly string[]]>([
    [
      'a token that GitLab does not know',
      { env: { GITLAB_TOKEN: 'glpat-wrong' } },
      [
        `^FAILED  GitLab token: reading GitLab's version: GitLab answered 401: .*${request}; check that the token is right`,
        '^FAILED  jobs: .*GitLab answered 401.*the role Reporter in acme/web',
        "^FAILED  runner of linux: reading pool linux's runner: GitLab answered 401",
        "^FAILED  runner of large: reading pool large's runner: GitLab answered 401",
      ],
    ],
    [
      'a project that does not exist',
      { changes: [[['gitlab', 'projects'], ['acme/none']]] },
      [`^FAILED  jobs: .* of project acme/none: GitLab answered 404: .*${request}; check that it exists`],
    ],
    [
      'a runner that does not exist',
      { changes: [[['pools', 'linux', 'runner', 'id'], 999]] },
      [`^FAILED  runner of linux: .*GitLab answered 404: .*${request}; check that it exists`],
    ],
    [
      'tags that differ',
      {
        changes: [
          [
            ['pools', 'large', 'tags'],
            ['linux', 'huge'],
          ],
        ],
      },
      [
        '^FAILED  runner of large: runner 2: it lacks tags that the pool names: huge; it has tags that the ' +
          'pool does not name: large; make GitLab and the configuration agree$',
      ],
    ],
    [
      'a runner that takes jobs without tags where the pool does not',
      { changes: [[['pools', 'linux', 'runUntagged'], false]] },
      [
        '^FAILED  runner of linux: runner 1: it takes jobs without tags, and the pool has no `runUntagged: true`; ' +
          'make GitLab and the configuration agree$',
      ],
    ],
    [
      'a parameter that does not exist',
      { changes: [[['pools', 'linux', 'runner', 'tokenParameter'], '/runtide/none']] },
      [
        `^FAILED  token parameter of linux: reading SSM parameter /runtide/none: ParameterNotFound.*${request}; ` +
          'create the SSM parameter',
      ],
    ],
  ])('%s', async (_what, circumstances, expected) => {
    const lines = await failures(circumstances);
    expect(lines).toEqual(expected.map((pattern) => expect.stringMatching(new RegExp(pattern))));
  });

  it('a runner that is paused', async () => {
    sandbox.gitlab.updateRunner(1, { paused: true });
    const lines = await failures({});
    sandbox.gitlab.updateRunner(1, { paused: false });
    expect(lines).toEqual([
      'FAILED  runner of linux: runner 1: it is paused; make GitLab and the configuration agree',
    ]);
  });

  it('a parameter that holds something else', async () => {
    const ssm = new SSMClient(clientSettings(sandbox.awsUrl));
    const Name = '/runtide/something-else';
    await ssm.send(new PutParameterCommand({ Name, Value: 'a password', Type: 'SecureString' }));
    ssm.destroy();
    const lines = await failures({ changes: [[['pools', 'linux', 'runner', 'tokenParameter'], Name]] });
    expect(lines).toEqual([
      'FAILED  token parameter of linux: it does not hold a glrt- token; put the runner authentication token there',
    ]);
  });

  it('a GitLab and an EC2 that nobody reaches', async () => {
    const [port = 0] = await freePorts(1);
    const nowhere = `http://127.0.0.1:${port}`;
    const lines = await failures({
      changes: [
        [['gitlab', 'url'], nowhere],
        [['aws', 'endpoints', 'ec2'], nowhere],
      ],
    });
    expect(lines.map((line) => line.slice(0, line.indexOf(':')))).toEqual([
      'FAILED  GitLab token',
      'FAILED  jobs',
      'FAILED  EC2 instances',
      'FAILED  runner of linux',
      'FAILED  runner of large',
    ]);
    for (const line of lines) expect(line).toMatch(/ECONNREFUSED.*; check the /);
  });
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
