import { readFile } from 'node:fs/promises';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { freePorts } from '../../src/sandbox/free-ports.ts';
import { clientSettings } from '../support/aws-double.ts';
import { type Circumstances, openOperator, type Operator } from '../support/operator.ts';
import type { WatchedSandbox } from '../support/watched-sandbox.ts';

const findingsShape = z.strictObject({
  ok: z.boolean(),
  findings: z.array(z.strictObject({ check: z.string(), ok: z.boolean(), detail: z.string() })),
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

/** What `check` says of a pool whose machines can be had. */
function machineLines(pool: string, type: string): readonly unknown[] {
  return [
    `ok      machines of ${pool}: image ami-0a000000000000001 (runner-x86_64, amd64)`,
    expect.stringMatching(
      new RegExp(
        `^ok {6}network of ${pool}: 3 subnets, 1 security group in vpc-\\w+ \\(eu-central-1a, eu-central-1b, eu-central-1c\\); \\d+ free addresses$`,
      ),
    ),
    `ok      instance types of ${pool}: ${type} in 3 zones`,
    expect.stringMatching(
      new RegExp(`^ok {6}launch of ${pool}: EC2 would launch ${type} in subnet-\\w+, spot$`),
    ),
  ];
}

/** What `check` tells the pipelines of a pool that buys spot. */
function retryLine(pool: string): unknown {
  return expect.stringMatching(
    new RegExp(`^ok {6}retry of ${pool}: jobs that spot takes run again with .*unknown_failure.*19\\.1`),
  );
}

/** The lines that a check gives which fails. */
async function failures(circumstances: Circumstances): Promise<readonly string[]> {
  const { code, stdout, stderr } = await run(['check'], circumstances);
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
  return stdout.split('\n').filter((line) => line !== '' && !line.startsWith('ok '));
}

describe('runtide check', () => {
  it('finds everything in order', async () => {
    const { code, stdout, stderr } = await run(['check']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toEqual([
      expect.stringMatching(/^ok {6}configuration: .*tried\.yaml is valid$/),
      expect.stringMatching(
        /^ok {6}GitLab token: GitLab [\d.]+; token runtide with read_api, create_runner, manage_runner; /,
      ),
      expect.stringMatching(
        /^ok {6}jobs: \d+ pending and \d+ held in 1 project; .+: 1 request a sweep, \d+ a minute of 300 allowed$/,
      ),
      expect.stringMatching(/^ok {6}EC2 instances: \d+ instances? of installation sandbox$/),
      expect.stringMatching(
        /^ok {6}EC2 events: queue runtide-sandbox-events is there; messages waiting: \d+$/,
      ),
      'ok      runner of linux: runner 1 takes what the pool counts',
      'ok      token parameter of linux: /runtide/linux/runner-token holds a runner token',
      ...machineLines('linux', 'm7i.large'),
      retryLine('linux'),
      'ok      runner of large: runner 2 takes what the pool counts',
      'ok      token parameter of large: /runtide/large/runner-token holds a runner token',
      ...machineLines('large', 'm7i.xlarge'),
      retryLine('large'),
    ]);
  });

  it('says the same in JSON', async () => {
    const { code, stdout } = await run(['check', '--json']);
    const { ok, findings } = findingsShape.parse(JSON.parse(stdout));
    expect({ code, ok }).toEqual({ code: 0, ok: true });
    expect(findings).toHaveLength(19);
    expect(findings.every((finding) => finding.ok)).toBe(true);
  });

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
    [
      'an image that does not exist',
      { changes: [[['pools', 'linux', 'instances', 'image'], 'ami-0ffffffffffffffff']] },
      [
        `^FAILED  machines of linux: looking up image ami-0f+: InvalidAMIID.NotFound: .*${request}; ` +
          'check instances.image of the pool: the image must exist in the region and be shared with the account$',
      ],
    ],
    [
      'an image of another architecture',
      { changes: [[['pools', 'linux', 'instances', 'image'], 'ami-0a000000000000002']] },
      [
        '^FAILED  machines of linux: .*: image ami-0a000000000000002 is for arm64, and the instance types are amd64; ' +
          'give the pool an image and types of one architecture$',
      ],
    ],
    [
      'a subnet that does not exist',
      { changes: [[['pools', 'large', 'instances', 'subnets'], ['subnet-0f']]] },
      [
        `^FAILED  network of large: looking up the subnets of pool large: InvalidSubnetID.NotFound: .*${request}; ` +
          'check instances.subnets of the pool: each must exist in the region$',
      ],
    ],
    [
      'a security group that does not exist',
      { changes: [[['pools', 'large', 'instances', 'securityGroups'], ['sg-0f']]] },
      [
        `^FAILED  network of large: looking up the security groups of pool large: InvalidGroup.NotFound: .*${request}; ` +
          'check instances.securityGroups of the pool: each must exist in the VPC of its subnets$',
      ],
    ],
  ])('%s', async (_what, circumstances, expected) => {
    const lines = await failures(circumstances);
    expect(lines).toEqual(expected.map((pattern) => expect.stringMatching(new RegExp(pattern))));
  });

  it('a highest price that bounds nothing, because no price is known there', async () => {
    const { code, stdout } = await run(['check'], {
      changes: [[['pools', 'linux', 'instances', 'maxPrice'], 0.001]],
    });
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^ok {6}prices of linux: maxPrice 0\.001 bounds nothing: no price of m7i\.large spot in eu-central-1 is known; .*`prices`$/m,
    );
  });

  it('a runner that is paused', async () => {
    sandbox.gitlab.updateRunner(1, { paused: true });
    const lines = await failures({});
    sandbox.gitlab.updateRunner(1, { paused: false });
    expect(lines).toEqual([
      'FAILED  runner of linux: runner 1: it is paused; make GitLab and the configuration agree',
    ]);
  });

  it('a token that may not do what the configuration asks for', async () => {
    const ssm = new SSMClient(clientSettings(sandbox.awsUrl));
    const environment = await readFile(`/proc/${sandbox.daemonId()}/environ`, 'utf8');
    const [, Value] = /(?:^|\0)GITLAB_TOKEN=([^\0]+)/.exec(environment) ?? [];
    const Name = '/runtide/gitlab-token';
    await ssm.send(new PutParameterCommand({ Name, Value, Type: 'SecureString' }));
    ssm.destroy();
    const lines = await failures({
      changes: [
        [['gitlab', 'token'], `\${ssm:${Name}}`],
        [['gitlab', 'rotation'], { parameter: Name }],
      ],
    });
    expect(lines).toEqual([
      'FAILED  GitLab token: token runtide with read_api, create_runner, manage_runner lacks self_rotate or api for `gitlab.rotation`; make one with these scopes',
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
      'FAILED  machines of linux',
      'FAILED  network of linux',
      'FAILED  runner of large',
      'FAILED  machines of large',
      'FAILED  network of large',
    ]);
    for (const line of lines) expect(line).toMatch(/ECONNREFUSED.*; check the /);
  });
});
