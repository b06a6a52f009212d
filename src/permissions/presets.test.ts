import { describe, expect, it } from 'vitest';
import { policiesOf, roleOf } from '../../test/permissions/sample-facts.ts';
import { allows } from '../../test/permissions/simulator.ts';
import { defaultPlace } from '../adapters/memory/ec2/place.ts';
import { PermissionError } from './policy.ts';
import { PRESETS } from './presets.ts';
import type { RolesRequest } from './role-definition.ts';

const { region, account } = defaultPlace;
const repository = (name: string): string => `arn:aws:ecr:${region}:${account}:repository/${name}`;
const service = (name: string): string => `arn:aws:ecs:${region}:${account}:service/${name}`;

const NO_JOBS: RolesRequest['jobs'] = { presets: [], repositories: [], services: [] };
const ALL: RolesRequest['jobs'] = {
  presets: PRESETS,
  repositories: ['acme/web'],
  services: ['production/web'],
};

function may(jobs: RolesRequest['jobs'], action: string, resource: string, from = region): Promise<boolean> {
  const context = resource === '*' ? { 'aws:RequestedRegion': from } : {};
  return allows(policiesOf('ci', { jobs }), { action, resource, context });
}

describe('the presets of CI jobs', () => {
  it.for([
    ['ecr:GetAuthorizationToken', '*'],
    ['ecr:InitiateLayerUpload', repository('acme/web')],
    ['ecr:UploadLayerPart', repository('acme/web')],
    ['ecr:CompleteLayerUpload', repository('acme/web')],
    ['ecr:BatchCheckLayerAvailability', repository('acme/web')],
    ['ecr:PutImage', repository('acme/web')],
    ['ecr:BatchGetImage', repository('acme/web')],
    ['ecr:GetDownloadUrlForLayer', repository('acme/web')],
    ['ecs:UpdateService', service('production/web')],
    ['ecs:DescribeServices', service('production/web')],
    ['elasticloadbalancing:DescribeTargetHealth', '*'],
  ] as const)('allow %s on %s', async ([action, resource]) => {
    expect(await may(ALL, action, resource)).toBe(true);
  });

  it.for([
    ['ecr:PutImage', repository('acme/api')],
    ['ecr:PutImage', repository('acme/web-2')],
    ['ecr:BatchGetImage', repository('acme/api')],
    ['ecr:BatchDeleteImage', repository('acme/web')],
    ['ecr:SetRepositoryPolicy', repository('acme/web')],
    ['ecr:DescribeRepositories', repository('acme/web')],
    ['ecs:UpdateService', service('production/api')],
    ['ecs:UpdateService', service('staging/web')],
    ['ecs:DeleteService', service('production/web')],
    ['ecs:RegisterTaskDefinition', `arn:aws:ecs:${region}:${account}:task-definition/web:1`],
    ['elasticloadbalancing:DescribeLoadBalancers', '*'],
    ['ec2:DescribeInstances', '*'],
    ['iam:PassRole', `arn:aws:iam::${account}:role/runtide-instance`],
  ] as const)('deny %s on %s', async ([action, resource]) => {
    expect(await may(ALL, action, resource)).toBe(false);
  });

  it('end at the region', async () => {
    expect(await may(ALL, 'ecr:GetAuthorizationToken', '*', 'us-east-1')).toBe(false);
    expect(await may(ALL, 'elasticloadbalancing:DescribeTargetHealth', '*', 'us-east-1')).toBe(false);
  });

  it('give nothing of one another', async () => {
    const jobs = { ...NO_JOBS, presets: ['elb-target-health'] as const };
    expect(await may(jobs, 'elasticloadbalancing:DescribeTargetHealth', '*')).toBe(true);
    expect(await may(jobs, 'ecr:GetAuthorizationToken', '*')).toBe(false);
    expect(await may(jobs, 'ecs:UpdateService', service('production/web'))).toBe(false);
  });

  it.for([
    [{ ...NO_JOBS, presets: ['ecr-push'] as const }, /ecr-push needs to know .* --repository/],
    [{ ...NO_JOBS, presets: ['ecs-update-service'] as const }, /--service/],
    [{ ...NO_JOBS, repositories: ['acme/web'] }, /add --preset ecr-push/],
    [{ ...ALL, repositories: ['acme/*'] }, /"acme\/\*" does not name an ECR repository/],
    [{ ...ALL, repositories: ['*'] }, /without wildcards/],
    [{ ...ALL, repositories: ['acme/w?b'] }, /without wildcards/],
    [{ ...ALL, repositories: ['acme/${aws:username}'] }, /without wildcards/],
    [{ ...ALL, services: ['production/*'] }, /does not name an ECS service/],
    [{ ...ALL, services: ['web'] }, /does not name an ECS service with its cluster/],
    [NO_JOBS, /give at least one --preset/],
  ] as const)('refuse what names nothing: %j', ([jobs, why]) => {
    expect(() => roleOf('ci', { jobs })).toThrow(PermissionError);
    expect(() => roleOf('ci', { jobs })).toThrow(why);
  });

  it('go to the role of instances only when asked for, and name the risk', () => {
    const plain = roleOf('instance');
    expect(plain.notes).toEqual([]);
    const open = roleOf('instance', { jobs: ALL });
    expect(open.policies.map(({ name }) => name)).toEqual(['runtide-instance', 'runtide-instance-jobs']);
    expect(open.notes.join()).toContain(
      'EVERY job that gets at the credentials of its instance has these rights',
    );
    expect(open.policies[0]).toEqual(plain.policies[0]);
  });

  it('are no rights of the controller', () => {
    expect(() => roleOf('controller', { jobs: ALL })).toThrow(/add --role ci/);
  });
});
