import { describe, expect, it } from 'vitest';
import { facts, poolFacts, roleOf, rolesRequest } from '../../test/permissions/sample-facts.ts';
import { lengthOf, PermissionError, type Statement } from './policy.ts';
import { partitionOf } from './place.ts';
import { PRESETS } from './presets.ts';
import type { RoleDefinition } from './role-definition.ts';
import { rolesOf } from './roles.ts';
import { textOf } from './text.ts';

const ACCOUNT = '123456789012';
const BOUNDARY = `arn:aws:iam::${ACCOUNT}:policy/boundary`;
const KEY = `arn:aws:kms:eu-central-1:${ACCOUNT}:key/1234abcd`;
const JOBS = { presets: PRESETS, repositories: ['acme/web'], services: ['production/web'] };

function everything(): readonly RoleDefinition[] {
  return rolesOf(
    rolesRequest({ facts: facts({ kmsKeys: [KEY] }), roles: ['controller', 'instance', 'ci'], jobs: JOBS }),
  );
}

function statements(roles: readonly RoleDefinition[]): readonly Statement[] {
  return roles.flatMap(({ policies }) => policies.flatMap(({ document }) => document.Statement));
}

function manyPools(count: number) {
  return Array.from({ length: count }, (_, index) =>
    poolFacts({
      name: `pool-${index}`,
      image: `ami-${String(index).padStart(17, '0')}`,
      subnets: Array.from(
        { length: 6 },
        (_other, zone) => `subnet-${String(index * 6 + zone).padStart(17, '0')}`,
      ),
      profile: `runtide-pool-${index}`,
      tokenParameters: [`/runtide/pool-${index}/runner-token`],
    }),
  );
}

/** What the controller may write. */
const writes = (over: Parameters<typeof facts>[0]) =>
  statements([roleOf('controller', { facts: facts(over) })]).filter(
    ({ Action }) => Action.includes('ssm:PutParameter') || Action.includes('kms:Encrypt'),
  );

describe('roles', () => {
  it('have a name, a path and a boundary', () => {
    const roles = rolesOf(
      rolesRequest({
        facts: facts({ path: '/ci/' }),
        roles: ['controller', 'instance', 'ci'],
        jobs: JOBS,
        boundary: BOUNDARY,
      }),
    );
    expect(roles.map(({ arn }) => arn)).toEqual(
      ['runtide-acme-controller', 'runtide-instance', 'runtide-acme-ci'].map(
        (name) => `arn:aws:iam::${ACCOUNT}:role/ci/${name}`,
      ),
    );
    for (const { path, permissionsBoundary } of roles) {
      expect([path, permissionsBoundary]).toEqual(['/ci/', BOUNDARY]);
    }
  });

  it('are one for each instance profile, which the controller may pass', () => {
    const pools = [
      poolFacts(),
      poolFacts({ name: 'arm', profile: `arn:aws:iam::${ACCOUNT}:instance-profile/ci/runtide-arm` }),
      poolFacts({ name: 'gpu', profile: 'profile-of-gpu' }),
    ];
    const about = facts({
      pools,
      instanceRoles: { 'profile-of-gpu': `arn:aws:iam::${ACCOUNT}:role/gpu/runs-gpu` },
    });
    const arns = ['role/runtide-instance', 'role/runtide-arm', 'role/gpu/runs-gpu'].map(
      (role) => `arn:aws:iam::${ACCOUNT}:${role}`,
    );
    const roles = rolesOf(rolesRequest({ facts: about, roles: ['instance'] }));
    expect(roles.map(({ arn }) => arn)).toEqual(arns);
    expect(roles.map(({ instanceProfiles }) => instanceProfiles)).toEqual([
      ['runtide-instance'],
      ['runtide-arm'],
      ['profile-of-gpu'],
    ]);
    const pass = statements([roleOf('controller', { facts: about })]).find(({ Action }) =>
      Action.includes('iam:PassRole'),
    );
    expect(pass?.Resource).toEqual(arns);
  });

  it('say which pools can read the tokens of each other', () => {
    const pools = [poolFacts(), poolFacts({ name: 'arm', tokenParameters: ['/runtide/arm/token'] })];
    const { notes, policies } = roleOf('instance', { facts: facts({ pools }) });
    expect(notes).toEqual([expect.stringMatching(/^Pools linux, arm share this role/)]);
    expect(policies[0]?.document.Statement[0]?.Resource).toHaveLength(2);
  });

  it('speak of the partition of their region', () => {
    expect(['eu-central-1', 'cn-north-1', 'us-gov-west-1', 'us-iso-east-1'].map(partitionOf)).toEqual([
      'aws',
      'aws-cn',
      'aws-us-gov',
      'aws-iso',
    ]);
    const place = { partition: 'aws-cn', region: 'cn-north-1', account: ACCOUNT };
    const role = roleOf('controller', { facts: facts({ place }) });
    expect(JSON.stringify(role)).not.toContain('arn:aws:');
    expect(role.trustPolicy.Statement[0]?.Principal).toEqual({ Service: 'ec2.amazonaws.com.cn' });
  });

  it('write the access token where it is rotated, and nothing else', () => {
    const rotated = '/runtide/gitlab-token';
    const own = { parameters: [rotated], kmsKeys: [] };
    expect(writes(own)).toEqual([]);
    expect(writes({ ...own, rotated })).toMatchObject([
      { Action: ['ssm:PutParameter'], Resource: [`arn:aws:ssm:eu-central-1:${ACCOUNT}:parameter${rotated}`] },
    ]);
    const key = `arn:aws:kms:eu-central-1:${ACCOUNT}:key/1234`;
    expect(writes({ ...own, rotated, kmsKeys: [key] })).toMatchObject([
      { Action: ['ssm:PutParameter'] },
      {
        Action: ['kms:Encrypt'],
        Resource: [key],
        Condition: {
          StringEquals: {
            'kms:EncryptionContext:PARAMETER_ARN': [
              `arn:aws:ssm:eu-central-1:${ACCOUNT}:parameter${rotated}`,
            ],
          },
        },
      },
    ]);
  });

  it('read public and versioned parameters by their ARN', () => {
    const parameters = ['/aws/service/ami-amazon-linux-latest/al2023', 'plain:3', '/a/b:label'];
    const read = statements([roleOf('controller', { facts: facts({ parameters }) })]).find(({ Action }) =>
      Action.includes('ssm:GetParameter'),
    );
    expect(read?.Resource).toEqual([
      'arn:aws:ssm:eu-central-1::parameter/aws/service/ami-amazon-linux-latest/al2023',
      `arn:aws:ssm:eu-central-1:${ACCOUNT}:parameter/plain`,
      `arn:aws:ssm:eu-central-1:${ACCOUNT}:parameter/a/b`,
    ]);
  });

  it.for([
    [{ boundary: 'boundary' }, /is no permissions boundary/],
    [{ facts: facts({ path: 'ci' }) }, /is no role path/],
    [{ facts: facts({ path: '/*/' }) }, /is no role path/],
    [{ facts: facts({ kmsKeys: ['alias/runtide'] }) }, /policies do not follow aliases/],
    [{ facts: facts({ instanceRoles: { other: 'role' } }) }, /no pool has the instance profile other/],
    [{ facts: facts({ instanceRoles: { 'runtide-instance': '*' } }) }, /is no role name/],
    [
      { facts: facts({ instanceRoles: { 'runtide-instance': 'arn:aws:iam::999999999999:role/x' } }) },
      /is no role of account 123456789012/,
    ],
    [
      { facts: facts({ pools: [poolFacts({ profile: 'arn:aws:iam::999999999999:instance-profile/x' })] }) },
      /is in account 999999999999/,
    ],
  ] as const)('refuse %j', ([over, why]) => {
    expect(() => roleOf('controller', over)).toThrow(PermissionError);
    expect(() => roleOf('controller', over)).toThrow(why);
  });
});

describe('policies', () => {
  it('keep within what IAM takes, however many pools there are', () => {
    const roles = rolesOf(
      rolesRequest({ facts: facts({ pools: manyPools(40) }), roles: ['controller', 'instance'] }),
    );
    expect(roles[0]?.policies.length).toBeGreaterThan(1);
    for (const { trustPolicy, policies } of roles) {
      expect(lengthOf(trustPolicy)).toBeLessThanOrEqual(2048);
      for (const { document } of policies) {
        expect(lengthOf(document)).toBeLessThanOrEqual(6144);
        const sids = document.Statement.map(({ Sid }) => Sid);
        expect(new Set(sids).size).toBe(sids.length);
        expect(sids.filter((sid) => !/^[A-Za-z0-9]+$/.test(sid))).toEqual([]);
      }
    }
    const resources = statements(roles.slice(0, 1)).flatMap(({ Resource = [] }) => Resource);
    expect(resources.filter((arn) => arn.includes(':subnet/'))).toHaveLength(240);
    expect(resources.filter((arn) => arn.includes(':parameter/'))).toHaveLength(41);
  });

  it('are refused where a role cannot have so many', () => {
    expect(() => roleOf('controller', { facts: facts({ pools: manyPools(200) }) })).toThrow(
      /split the installation into two/,
    );
    expect(() => roleOf('controller', { facts: facts({ pools: manyPools(100), kmsKeys: [KEY] }) })).toThrow(
      /DecryptTokens alone is longer/,
    );
  });

  it('name what they can, and explain each wildcard that stays', () => {
    const roles = everything();
    const wild = statements(roles).flatMap(({ Sid, Resource = [] }) =>
      Resource.filter((arn) => /[*?]/.test(arn)).map((arn) => `${Sid}: ${arn.split(':').at(-1)}`),
    );
    const explained = new Set(
      roles.flatMap(({ reasons }) =>
        reasons.flatMap(({ sid, wildcard }) => (wildcard === undefined ? [] : [sid])),
      ),
    );
    expect([...new Set(wild)]).toEqual([
      'ReadPrices: *',
      'PublishMetrics: *',
      'Look: *',
      'LaunchFromItsTemplates: launch-template/*',
      'LaunchItsInstances: instance/*',
      'MakeItsFleets: fleet/*',
      'LaunchWithTheirDisks: volume/*',
      'LaunchWithTheirDisks: network-interface/*',
      'FleetsMayNameDisks: volume/*',
      'LaunchSpot: spot-instances-request/*',
      'TagWhatItMakes: fleet/*',
      'TagWhatItMakes: instance/*',
      'TagWhatItMakes: volume/*',
      'TagWhatItMakes: network-interface/*',
      'TagWhatItMakes: launch-template/*',
      'MakeItsTemplates: launch-template/*',
      'ChangeItsTemplates: launch-template/*',
      'EndItsInstances: instance/*',
      'AskItsInstancesToDrain: instance/*',
      'LogInToEcr: *',
      'ReadTargetHealth: *',
    ]);
    expect(new Set(wild.map((one) => one.split(':')[0]))).toEqual(explained);
  });

  it('hold no wildcard in an action, and a reason for each', () => {
    const roles = everything();
    const actions = statements(roles).flatMap(({ Action }) => Action);
    expect(actions.filter((action) => !/^[a-z0-9-]+:[A-Z][A-Za-z]+$/.test(action))).toEqual([]);
    expect(roles.flatMap(({ reasons }) => reasons.map(({ action }) => action))).toEqual(actions);
    expect(roles.flatMap(({ reasons }) => reasons.filter(({ why }) => why.length < 10))).toEqual([]);
  });

  it('read as text with every policy and every reason', () => {
    const roles = everything();
    const text = textOf(roles);
    for (const { name, policies, reasons, pipeline = '' } of roles) {
      expect(text).toContain(`# Role ${name}`);
      expect(text).toContain(pipeline.trimEnd());
      for (const { document } of policies) expect(text).toContain(JSON.stringify(document, null, 2));
      for (const { why } of reasons) expect(text).toContain(why);
    }
  });
});
