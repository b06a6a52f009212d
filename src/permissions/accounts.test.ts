import type { RequestLaunchTemplateData } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { guardedAccount, MACHINES } from '../../test/permissions/guarded-account.ts';
import { facts, policiesOf, poolFacts, roleOf, rolesRequest } from '../../test/permissions/sample-facts.ts';
import { session } from '../../test/permissions/session.ts';
import { type AccessRequest, allows, mayAssume } from '../../test/permissions/simulator.ts';
import { defaultPlace } from '../adapters/memory/ec2/place.ts';
import { isPortError } from '../controller/errors.ts';
import type { PoolFacts } from './facts.ts';
import { PermissionError } from './policy.ts';
import { rolesOf } from './roles.ts';

const HOME = defaultPlace.account;
const OTHER = '222222222222';
const ROLE = `arn:aws:iam::${OTHER}:role/ci/runtide`;
const PLACE = { partition: 'aws', region: 'eu-west-1', account: OTHER };

/** Pool `linux` in another region of another account, by a role. */
function farPool(over: Partial<PoolFacts> = {}): PoolFacts {
  return poolFacts({ place: PLACE, assumes: ROLE, ...over });
}

const twoAccounts = () => facts({ pools: [poolFacts({ name: 'near' }), farPool()] });

const instance = (account: string, region: string) => `arn:aws:ec2:${region}:${account}:instance/i-1`;
const parameter = (account: string, name: string) => `arn:aws:ssm:eu-west-1:${account}:parameter/${name}`;

/** A launch of an image from a launch template. */
function imageFrom(from: string): AccessRequest {
  return {
    action: 'ec2:RunInstances',
    resource: `arn:aws:ec2:${defaultPlace.region}::image/ami-0123456789abcdef0`,
    context: { 'ec2:LaunchTemplate': `arn:aws:ec2:${defaultPlace.region}:${HOME}:launch-template/${from}` },
  };
}

function unauthorized(error: unknown): boolean {
  return isPortError(error, 'unauthorized');
}

describe('pools in another region', () => {
  const about = facts({ pools: [poolFacts({ place: { ...PLACE, account: HOME } })] });
  const guard = (region: string) =>
    guardedAccount({ installation: 'acme', policies: policiesOf('controller', { facts: about }), region });

  it('are all that the policy names: a whole session there is allowed, and none at home', async () => {
    await using there = await guard('eu-west-1');
    expect(await session(there, ['/runtide/linux/runner-token'])).toHaveLength(2);
    await using home = await guard(defaultPlace.region);
    await expect(session(home, [])).rejects.toSatisfy(unauthorized);
  });

  it('stand beside those at home', async () => {
    const both = facts({
      pools: [poolFacts(), poolFacts({ name: 'far', place: { ...PLACE, account: HOME } })],
    });
    const policies = policiesOf('controller', { facts: both });
    for (const region of ['eu-central-1', 'eu-west-1', 'us-east-1']) {
      const context = { 'aws:RequestedRegion': region };
      const look: AccessRequest = { action: 'ec2:DescribeInstances', resource: '*', context };
      expect([region, await allows(policies, look)]).toEqual([region, region !== 'us-east-1']);
    }
  });
});

describe('pools with a role in another account', () => {
  it('leave Runtide the right to assume that role, and no other, nor anything of EC2 there', async () => {
    const policies = policiesOf('controller', { facts: facts({ pools: [farPool()] }) });
    const assume = (resource: string): Promise<boolean> =>
      allows(policies, { action: 'sts:AssumeRole', resource, context: {} });
    expect(await assume(ROLE)).toBe(true);
    expect(await assume(`${ROLE}-2`)).toBe(false);
    expect(await assume(`arn:aws:iam::${OTHER}:role/runtide`)).toBe(false);
    expect(await assume(`arn:aws:iam::${HOME}:role/ci/runtide`)).toBe(false);
    const actions = policies.flatMap(({ Statement }) => Statement.flatMap(({ Action }) => Action));
    expect(actions.filter((action) => action.startsWith('ec2:'))).toEqual([]);
    expect(
      policiesOf('controller', { facts: facts() }).flatMap(({ Statement }) => Statement),
    ).not.toContainEqual(expect.objectContaining({ Action: ['sts:AssumeRole'] }));
  });

  it('need a role there with which a whole session is allowed', async () => {
    const { policies, arn, path } = roleOf('assumed', { facts: twoAccounts() });
    expect([arn, path]).toEqual([ROLE, '/ci/']);
    await using there = await guardedAccount({
      installation: 'acme',
      policies: policies.map(({ document }) => document),
      region: PLACE.region,
      number: OTHER,
    });
    expect(await session(there, ['/runtide/linux/runner-token'])).toHaveLength(2);
  });

  it('give that role nothing at home, and nothing of the configuration', async () => {
    const policies = policiesOf('assumed', { facts: twoAccounts() });
    const ask = (action: string, resource: string, context = {}): Promise<boolean> =>
      allows(policies, { action, resource, context });
    const tag = { 'aws:ResourceTag/runtide:installation': 'acme' };
    expect(await ask('ec2:TerminateInstances', instance(OTHER, 'eu-west-1'), tag)).toBe(true);
    expect(await ask('ec2:TerminateInstances', instance(HOME, 'eu-west-1'), tag)).toBe(false);
    expect(await ask('ec2:TerminateInstances', instance(OTHER, 'eu-central-1'), tag)).toBe(false);
    expect(await ask('ssm:GetParameter', parameter(OTHER, 'runtide/linux/runner-token'))).toBe(true);
    expect(await ask('ssm:GetParameter', parameter(OTHER, 'runtide/gitlab-token'))).toBe(false);
    expect(await ask('ssm:GetParameter', parameter(HOME, 'runtide/gitlab-token'))).toBe(false);
    expect(await ask('sts:AssumeRole', ROLE)).toBe(false);
    const queue = `arn:aws:sqs:eu-central-1:${HOME}:runtide-acme-events`;
    expect(await ask('sqs:ReceiveMessage', queue)).toBe(false);
  });

  it('let Runtide alone take it', async () => {
    const { trustPolicy } = roleOf('assumed', { facts: twoAccounts() });
    const controller = `arn:aws:iam::${HOME}:role/runtide-acme-controller`;
    expect(await mayAssume(trustPolicy, controller)).toBe(true);
    expect(await mayAssume(trustPolicy, `${controller}-2`)).toBe(false);
    expect(await mayAssume(trustPolicy, `arn:aws:iam::${HOME}:role/runtide-instance`)).toBe(false);
    expect(await mayAssume(trustPolicy, `arn:aws:iam::${HOME}:user/admin`)).toBe(false);
    const elsewhere = `arn:aws:iam::${HOME}:role/ecs/runtide`;
    const named = roleOf('assumed', { facts: twoAccounts(), controller: elsewhere });
    expect(await mayAssume(named.trustPolicy, elsewhere)).toBe(true);
    expect(await mayAssume(named.trustPolicy, controller)).toBe(false);
  });

  it('have instance roles there, and the boundary of their own account alone', () => {
    const boundary = `arn:aws:iam::${HOME}:policy/boundary`;
    const roles = rolesOf(
      rolesRequest({ facts: twoAccounts(), roles: ['controller', 'assumed', 'instance'], boundary }),
    );
    expect(roles.map(({ role, arn, permissionsBoundary }) => [role, arn, permissionsBoundary])).toEqual([
      ['controller', `arn:aws:iam::${HOME}:role/runtide-acme-controller`, boundary],
      ['assumed', ROLE, undefined],
      ['instance', `arn:aws:iam::${HOME}:role/runtide-instance`, boundary],
      ['instance', `arn:aws:iam::${OTHER}:role/runtide-instance`, undefined],
    ]);
    expect(JSON.stringify(roles[3]?.policies)).toContain(`arn:aws:ssm:eu-west-1:${OTHER}:parameter/`);
    const pass = JSON.stringify(roles[1]?.policies);
    expect(pass).toContain(`arn:aws:iam::${OTHER}:role/runtide-instance`);
  });

  it('are refused where the profile is in yet another account', () => {
    const profile = `arn:aws:iam::${HOME}:instance-profile/runtide-instance`;
    const about = facts({ pools: [farPool({ profile })] });
    expect(() => roleOf('assumed', { facts: about })).toThrow(PermissionError);
    expect(() => roleOf('assumed', { facts: about })).toThrow(`is in account ${HOME}, not in ${OTHER}`);
  });
});

/** A launch template as an operator would write one for Runtide. */
const OPERATORS: RequestLaunchTemplateData = {
  ImageId: MACHINES.imageId,
  IamInstanceProfile: { Name: 'of-the-operator' },
  SecurityGroupIds: [...MACHINES.securityGroups],
  InstanceInitiatedShutdownBehavior: 'terminate',
  MetadataOptions: {
    HttpEndpoint: 'enabled',
    HttpTokens: 'required',
    HttpPutResponseHopLimit: 1,
    InstanceMetadataTags: 'enabled',
  },
  UserData: btoa('#!/bin/sh\n/usr/local/bin/runtide-agent run\n'),
  TagSpecifications: [{ ResourceType: 'volume', Tags: [{ Key: 'owner', Value: 'operators' }] }],
};

function operatorsPool(template: string): PoolFacts {
  const { image: _image, profile: _profile, ...pool } = poolFacts({ securityGroups: [], template });
  return pool;
}

describe('pools with a launch template of the operator', () => {
  const instanceRoles = { linux: 'of-the-operator' };
  const account = (template: (id: string) => string) =>
    guardedAccount({
      installation: 'acme',
      operators: OPERATORS,
      policies: (id) =>
        policiesOf('controller', { facts: facts({ pools: [operatorsPool(template(id))], instanceRoles }) }),
    });

  it('are launched from that template, whatever it names, and from no other', async () => {
    await using own = await account((id) => id);
    expect(await session(own, ['/runtide/linux/runner-token'])).toHaveLength(2);
    await using other = await account(() => 'lt-0fffffffffffffff0');
    await expect(session(other, [])).rejects.toSatisfy(unauthorized);
  });

  it('open no image but through the template', async () => {
    const template = 'lt-0123456789abcdef0';
    const about = facts({ pools: [operatorsPool(template)], instanceRoles });
    const policies = policiesOf('controller', { facts: about });
    expect(await allows(policies, imageFrom(template))).toBe(true);
    expect(await allows(policies, imageFrom('lt-0fffffffffffffff0'))).toBe(false);
    expect(await allows(policies, { ...imageFrom(template), context: {} })).toBe(false);
  });

  it('need the name of their role', () => {
    const about = facts({ pools: [operatorsPool('lt-1')] });
    expect(() => roleOf('controller', { facts: about })).toThrow(
      'name the role in its instance profile by --instance-role linux=ROLE',
    );
    const named = rolesOf(
      rolesRequest({ facts: facts({ pools: about.pools, instanceRoles }), roles: ['instance'] }),
    );
    expect(named.map(({ name, instanceProfiles }) => [name, instanceProfiles])).toEqual([
      ['of-the-operator', []],
    ]);
  });
});

describe('pools whose disks have a key of their own', () => {
  const arn = `arn:aws:kms:${defaultPlace.region}:${HOME}:key/1234abcd`;
  const run = async (volumeKey: string, aliases: readonly string[]): Promise<readonly string[]> => {
    await using account = await guardedAccount({
      installation: 'acme',
      policies: policiesOf('controller', { facts: facts({ pools: [poolFacts({ volumeKey })] }) }),
      machines: { ...MACHINES, volume: { size: 50, kmsKey: volumeKey } },
      diskKey: { arn, aliases },
    });
    return await session(account, []);
  };

  it.for([
    [arn, []],
    ['1234abcd', []],
    ['alias/runners', ['alias/runners']],
  ] as const)('may use it, named as %s, and no other key', async ([key, aliases]) => {
    expect(await run(key, aliases)).toHaveLength(2);
    const other = key.startsWith('alias/') ? 'alias/others' : key.replace('1234', '5678');
    await expect(run(other, aliases)).rejects.toSatisfy(unauthorized);
  });

  it('may use it through EC2 alone, and grant it to AWS alone', async () => {
    const policies = policiesOf('controller', { facts: facts({ pools: [poolFacts({ volumeKey: arn })] }) });
    const ask = (action: string, context: AccessRequest['context']): Promise<boolean> =>
      allows(policies, { action, resource: arn, context });
    const ec2 = { 'kms:ViaService': `ec2.${defaultPlace.region}.amazonaws.com` };
    expect(await ask('kms:CreateGrant', { ...ec2, 'kms:GrantIsForAWSResource': 'true' })).toBe(true);
    expect(await ask('kms:CreateGrant', { ...ec2, 'kms:GrantIsForAWSResource': 'false' })).toBe(false);
    expect(await ask('kms:CreateGrant', { 'kms:GrantIsForAWSResource': 'true' })).toBe(false);
    expect(await ask('kms:Decrypt', ec2)).toBe(true);
    expect(await ask('kms:Decrypt', {})).toBe(false);
    expect(await ask('kms:Encrypt', ec2)).toBe(false);
  });

  it('hear that the role of EC2 Spot needs a grant, where they buy spot', () => {
    const notes = (market: PoolFacts['market']): string =>
      roleOf('controller', { facts: facts({ pools: [poolFacts({ volumeKey: arn, market })] }) }).notes.join(
        '\n',
      );
    expect(notes('spot')).toContain(`aws kms create-grant --key-id ${arn}`);
    expect(notes('on-demand')).not.toContain('create-grant');
  });
});
