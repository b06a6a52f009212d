import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { z } from 'zod';
import { type Ended, runtide } from '../../../test/support/command-line.ts';
import { type Edits, sample, SMALLEST } from '../../../test/support/sample-config.ts';

const ACCOUNT = ['--account', '123456789012'];
const SECRETS: Edits = {
  'gitlab.token': '${ssm:/runtide/gitlab-token}',
  'webhook.signingToken': '${file:signing-token}',
  'webhook.token': '${env:RUNTIDE_WEBHOOK_TOKEN}',
};

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'runtide-iam-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const printed = z.object({
  roles: z.array(
    z.object({
      role: z.string(),
      name: z.string(),
      path: z.string(),
      permissionsBoundary: z.string().optional(),
      trustPolicy: z.looseObject({}),
      policies: z.array(
        z.object({
          document: z.object({
            Statement: z.array(z.object({ Sid: z.string(), Resource: z.array(z.string()) })),
          }),
        }),
      ),
      pipeline: z.string().optional(),
    }),
  ),
});

async function iam(edits: Edits, args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  const file = join(folder, 'runtide.yaml');
  writeFileSync(file, stringify(sample(edits)));
  return runtide(['iam', '-c', file, ...args], { env });
}

async function rolesOf(edits: Edits, args: readonly string[], env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await iam(edits, [...ACCOUNT, '--json', ...args], env);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return printed.parse(JSON.parse(stdout)).roles;
}

function resourcesOf(roles: Awaited<ReturnType<typeof rolesOf>>, sid: string): readonly string[] {
  return roles.flatMap(({ policies }) =>
    policies.flatMap(({ document }) =>
      document.Statement.filter(({ Sid }) => Sid === sid).flatMap(({ Resource }) => Resource),
    ),
  );
}

describe('runtide iam', { timeout: 60_000 }, () => {
  it('prints the roles of the controller and of the instances, and needs no secret for it', async () => {
    const roles = await rolesOf(SECRETS, []);
    expect(roles.map(({ role, name }) => [role, name])).toEqual([
      ['controller', 'runtide-acme-controller'],
      ['instance', 'runtide-instance'],
    ]);
    const parameter = 'arn:aws:ssm:eu-central-1:123456789012:parameter/runtide';
    expect(resourcesOf(roles, 'ReadTokensAndImages')).toEqual([`${parameter}/linux/runner-token`]);
    expect(resourcesOf(roles, 'ReadParameters')).toEqual([`${parameter}/gitlab-token`]);
  });

  it('looks up what policies are made of', async () => {
    const image = { 'pools.linux.instances.image': '${env:IMAGE}' };
    const roles = await rolesOf(image, ['--role', 'controller'], { IMAGE: 'ami-0ffffffffffffffff' });
    expect(resourcesOf(roles, 'LaunchTheseImagesInTheseSubnets')).toContain(
      'arn:aws:ec2:eu-central-1::image/ami-0ffffffffffffffff',
    );
    const missing = await iam(image, ACCOUNT);
    expect(missing.code).toBe(2);
    expect(missing.stderr).toContain('IMAGE');
  });

  it('takes a path, a boundary, a key and the role of a profile', async () => {
    const key = 'arn:aws:kms:eu-central-1:123456789012:key/1234abcd';
    const boundary = 'arn:aws:iam::123456789012:policy/boundary';
    const roles = await rolesOf(
      {},
      `--path /ci/ --boundary ${boundary} --kms-key ${key} --instance-role runtide-instance=runs-jobs`.split(
        ' ',
      ),
    );
    expect(roles.map(({ name, path, permissionsBoundary }) => [name, path, permissionsBoundary])).toEqual([
      ['runtide-acme-controller', '/ci/', boundary],
      ['runs-jobs', '/ci/', boundary],
    ]);
    expect(resourcesOf(roles, 'GiveInstancesTheirRole')).toEqual([
      'arn:aws:iam::123456789012:role/ci/runs-jobs',
    ]);
    expect(resourcesOf(roles, 'DecryptTokens')).toEqual([key]);
  });

  it('goes where the pools are: other regions, and other accounts by roles', async () => {
    const role = 'arn:aws:iam::222222222222:role/runtide';
    const far = {
      ...SMALLEST.pools.linux,
      runner: { id: 13, tokenParameter: '/runtide/far/runner-token' },
      instances: { ...SMALLEST.pools.linux.instances, region: 'eu-west-1', role },
    };
    const controller = 'arn:aws:iam::123456789012:role/ecs';
    const roles = await rolesOf({ 'pools.far': far }, ['--controller', controller]);
    expect(roles.map(({ role: kind, name }) => [kind, name])).toEqual([
      ['controller', 'runtide-acme-controller'],
      ['assumed', 'runtide'],
      ['instance', 'runtide-instance'],
      ['instance', 'runtide-instance'],
    ]);
    expect(resourcesOf(roles, 'AssumeRolesOfPools')).toEqual([role]);
    expect(JSON.stringify(roles[1]?.trustPolicy)).toContain(controller);
    expect(resourcesOf(roles.slice(1, 2), 'LaunchTheseImagesInTheseSubnets')).toEqual([
      'arn:aws:ec2:eu-west-1::image/ami-0123456789abcdef0',
      'arn:aws:ec2:eu-west-1:222222222222:subnet/subnet-0abc',
    ]);
  });

  it('knows cache, logs, registries, the queue of events and the metrics', async () => {
    const roles = await rolesOf(
      {
        'pools.linux.cache': { bucket: 'acme-cache', prefix: 'ci' },
        'aws.events': { queue: 'https://sqs.eu-central-1.amazonaws.com/123456789012/acme-events' },
        'aws.metrics': { namespace: 'Acme' },
      },
      '--log-group /runtide --ecr-registry 333333333333.dkr.ecr.us-east-1.amazonaws.com'.split(' '),
    );
    expect(resourcesOf(roles, 'UseSharedCache')).toEqual(['arn:aws:s3:::acme-cache/ci/acme/linux/*']);
    expect(resourcesOf(roles, 'WriteLogs')).toContain(
      'arn:aws:logs:eu-central-1:123456789012:log-group:/runtide',
    );
    expect(resourcesOf(roles, 'PullFromRegistries')).toEqual([
      'arn:aws:ecr:us-east-1:333333333333:repository/*',
    ]);
    expect(resourcesOf(roles, 'ReadEvents')).toEqual(['arn:aws:sqs:eu-central-1:123456789012:acme-events']);
    expect(resourcesOf(roles, 'PublishMetrics')).toEqual(['*']);
  });

  it('takes a launch template of the operator, once it knows the role of its instances', async () => {
    const {
      image: _image,
      profile: _profile,
      securityGroups: _groups,
      ...instances
    } = SMALLEST.pools.linux.instances;
    const edits = { 'pools.linux.instances': { ...instances, template: 'lt-0123456789abcdef0' } };
    const unknown = await iam(edits, ACCOUNT);
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain('--instance-role linux=ROLE');
    const roles = await rolesOf(edits, ['--instance-role', 'linux=runs-jobs']);
    expect(resourcesOf(roles, 'LaunchFromYourTemplates')).toEqual([
      'arn:aws:ec2:eu-central-1:123456789012:launch-template/lt-0123456789abcdef0',
    ]);
    expect(roles.map(({ name }) => name)).toEqual(['runtide-acme-controller', 'runs-jobs']);
  });

  it('prints what clean-up needs', async () => {
    const roles = await rolesOf({}, ['--role', 'clean']);
    expect(roles.map(({ role, name }) => [role, name])).toEqual([['clean', 'runtide-acme-clean']]);
    expect(resourcesOf(roles, 'DeleteItsTemplates')).toEqual([
      'arn:aws:ec2:eu-central-1:123456789012:launch-template/*',
    ]);
  });

  it('prints the role of CI jobs as text, with the snippet and a reason for each action', async () => {
    const { code, stdout, stderr } = await iam({}, [
      ...ACCOUNT,
      ...'--role ci --preset ecr-push --repository acme/web --project acme/web --branch main --tag v*'.split(
        ' ',
      ),
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('# Role runtide-acme-ci (ci)');
    expect(stdout).toContain('project_path:acme/web:ref_type:branch:ref:main');
    expect(stdout).toContain('oidc-provider/gitlab.com');
    expect(stdout).toContain('id_tokens:');
    expect(stdout).toMatch(/ecr:PutImage +a push names the image/);
    expect(stdout).not.toContain('controller');
  });

  it.for([
    [[], /--account/],
    [['--account', '42'], /"42" is no AWS account/],
    [[...ACCOUNT, '--role', 'admin'], /one of controller, assumed, instance, ci, clean/],
    [[...ACCOUNT, '--role', 'ci'], /at least one --preset/],
    [[...ACCOUNT, '--instance-role', 'x'], /PROFILE=ROLE/],
  ] as const)('refuses %j as misuse', async ([args, why]) => {
    const { code, stdout, stderr } = await iam({}, args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(why);
  });
});
