import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { z } from 'zod';
import { type Ended, runtide } from '../../../test/support/command-line.ts';
import { type Edits, sample } from '../../../test/support/sample-config.ts';

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

describe('runtide iam', () => {
  it('prints the roles of the controller and of the instances, and needs no secret for it', async () => {
    const roles = await rolesOf(SECRETS, []);
    expect(roles.map(({ role, name }) => [role, name])).toEqual([
      ['controller', 'runtide-acme-controller'],
      ['instance', 'runtide-instance'],
    ]);
    expect(resourcesOf(roles, 'ReadParameters')).toEqual([
      'arn:aws:ssm:eu-central-1:123456789012:parameter/runtide/linux/runner-token',
      'arn:aws:ssm:eu-central-1:123456789012:parameter/runtide/gitlab-token',
    ]);
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
    expect(resourcesOf(roles, 'DecryptParameters')).toEqual([key]);
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
    [[...ACCOUNT, '--role', 'admin'], /one of controller, instance, ci/],
    [[...ACCOUNT, '--role', 'ci'], /at least one --preset/],
    [[...ACCOUNT, '--instance-role', 'x'], /PROFILE=ROLE/],
  ] as const)('refuses %j as misuse', async ([args, why]) => {
    const { code, stdout, stderr } = await iam({}, args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(why);
  });
});
