import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { roleOf, rolesRequest } from '../../test/permissions/sample-facts.ts';
import { trusts } from '../../test/permissions/simulator.ts';
import type { JobIdentity } from './oidc.ts';
import { PermissionError } from './policy.ts';
import type { RoleDefinition, RolesRequest } from './role-definition.ts';

const jobs: RolesRequest['jobs'] = { presets: ['elb-target-health'], repositories: [], services: [] };
const HOST = 'gitlab.example.com';
const ISSUER = `https://${HOST}`;

function jobRole(over: Partial<JobIdentity> = {}): RoleDefinition {
  return roleOf('ci', { jobs, identity: { ...rolesRequest().identity, ...over } });
}

function sub(project: string, ref: string, type = 'branch'): string {
  return `project_path:${project}:ref_type:${type}:ref:${ref}`;
}

function taken(role: RoleDefinition, subject: string, aud = ISSUER, provider = HOST): Promise<boolean> {
  return trusts(role.trustPolicy, provider, { sub: subject, aud });
}

describe('the trust policy of role ci', () => {
  it('lets the jobs of the named refs of the named projects in', async () => {
    const role = jobRole({ projects: ['acme/web', 'acme/sub/api'], branches: ['main', 'feature/x'] });
    expect(await taken(role, sub('acme/web', 'main'))).toBe(true);
    expect(await taken(role, sub('acme/sub/api', 'feature/x'))).toBe(true);
  });

  it.for([
    ['another branch', sub('acme/web', 'develop')],
    ['a branch whose name begins alike', sub('acme/web', 'main-2')],
    ['a tag with the name of the branch', sub('acme/web', 'main', 'tag')],
    ['another project', sub('acme/api', 'main')],
    ['a project whose name begins alike', sub('acme/web-2', 'main')],
    ['a project of the same name elsewhere', sub('evil/acme/web', 'main')],
    ['another spelling', sub('Acme/Web', 'main')],
    ['a branch that tells of another', sub('acme/web', 'x:ref_type:branch:ref:main')],
  ] as const)('keeps out %s', async ([, subject]) => {
    expect(await taken(jobRole(), subject)).toBe(false);
  });

  it('keeps out tokens for another audience, and of another GitLab', async () => {
    expect(await taken(jobRole(), sub('acme/web', 'main'), 'https://vault.example.com')).toBe(false);
    expect(await taken(jobRole(), sub('acme/web', 'main'), ISSUER, 'gitlab.com')).toBe(false);
  });

  it('takes patterns of Git tags as such, and exact ones exactly', async () => {
    const role = jobRole({ branches: [], gitTags: ['v*', 'latest'] });
    expect(await taken(role, sub('acme/web', 'v1.2.3', 'tag'))).toBe(true);
    expect(await taken(role, sub('acme/web', 'latest', 'tag'))).toBe(true);
    expect(await taken(role, sub('acme/web', 'latest-2', 'tag'))).toBe(false);
    expect(await taken(role, sub('acme/web', 'v1', 'branch'))).toBe(false);
    expect(await taken(role, sub('acme/web', 'w1', 'tag'))).toBe(false);
    expect(await taken(role, sub('acme/web', 'v1.2.3', 'tag'), 'https://vault.example.com')).toBe(false);
  });

  it('knows a GitLab below a path', async () => {
    const role = jobRole({ issuer: 'https://example.com/gitlab', audience: 'aws' });
    expect(await taken(role, sub('acme/web', 'main'), 'aws', 'example.com/gitlab')).toBe(true);
  });

  it.for([
    [{ projects: [] }, /by --project/],
    [{ branches: [] }, /--branch or --tag/],
    [{ projects: ['acme/*'] }, /is not the full path/],
    [{ projects: ['42'] }, /ids and wildcards do not do/],
    [{ branches: ['*'] }, /is not the full name of one branch/],
    [{ branches: ['release/*'] }, /is not the full name/],
    [{ branches: ['${aws:username}'] }, /is not the full name/],
    [{ gitTags: ['*'] }, /is not the name of a Git tag/],
    [{ gitTags: ['v*1'] }, /is not the name of a Git tag/],
    [{ audience: '*' }, /is not an audience/],
    [{ issuer: 'http://gitlab.example.com' }, /https address without a port.*--issuer/],
    [{ issuer: 'https://gitlab.example.com:8443' }, /without a port/],
    [{ issuer: 'gitlab.example.com' }, /cannot sign for AWS/],
    [{ projects: Array.from({ length: 40 }, (_, index) => `acme/project-${index}`) }, /2048 characters/],
  ] as const)('refuses %j', ([over, why]) => {
    expect(() => jobRole(over)).toThrow(PermissionError);
    expect(() => jobRole(over)).toThrow(why);
  });
});

describe('the snippet for the pipeline', () => {
  it('is YAML that asks for a token for the audience, and names the role', () => {
    const { pipeline = '', arn } = jobRole({ audience: 'aws:#1' });
    expect(parse(pipeline)).toMatchObject({
      deploy: {
        id_tokens: { AWS_ID_TOKEN: { aud: 'aws:#1' } },
        variables: { AWS_ROLE_ARN: arn, AWS_REGION: 'eu-central-1' },
        before_script: [
          expect.stringContaining('AWS_ROLE_SESSION_NAME'),
          expect.stringContaining('AWS_WEB_IDENTITY_TOKEN_FILE'),
          expect.stringMatching(/^\(umask 077; .*AWS_ID_TOKEN/),
        ],
        after_script: [expect.stringContaining('rm -f')],
      },
    });
  });

  it('keeps the token in a file of the job alone, for as long as the job', () => {
    const { deploy } = z
      .object({
        deploy: z.object({ before_script: z.array(z.string()), after_script: z.array(z.string()) }),
      })
      .parse(parse(jobRole().pipeline ?? ''));
    const folder = mkdtempSync(join(tmpdir(), 'runtide-job-'));
    const env = { CI_BUILDS_DIR: folder, CI_JOB_ID: '7', CI_PROJECT_ID: '1', AWS_ID_TOKEN: 'a %s token' };
    const run = (script: readonly string[]): string =>
      execFileSync('/bin/sh', ['-eu', '-c', script.join('\n')], { env, encoding: 'utf8' });
    try {
      const file = run([...deploy.before_script, 'printf %s "$AWS_WEB_IDENTITY_TOKEN_FILE"']);
      expect(readFileSync(file, 'utf8')).toBe('a %s token');
      expect(statSync(file).mode & 0o777).toBe(0o600);
      run(deploy.after_script);
      expect(readdirSync(folder)).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
