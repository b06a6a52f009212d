import { describe, expect, it } from 'vitest';
import { facts, policiesOf, poolFacts } from '../../test/permissions/sample-facts.ts';
import { type AccessRequest, allows } from '../../test/permissions/simulator.ts';
import { defaultPlace } from '../adapters/memory/ec2/place.ts';
import type { PoolFacts } from './facts.ts';
import type { PolicyDocument } from './policy.ts';

const { region, account } = defaultPlace;
const CACHE = { bucket: 'acme-cache', region: 'eu-west-1', path: 'ci/acme/linux' };
const KEY = `arn:aws:kms:eu-west-1:${account}:key/1234abcd`;
const REGISTRY = '333333333333.dkr.ecr.us-east-1.amazonaws.com';

function policies(over: Partial<PoolFacts>): readonly PolicyDocument[] {
  return policiesOf('instance', { facts: facts({ pools: [poolFacts(over)] }) });
}

type Case = readonly [boolean, action: string, resource: string, context?: AccessRequest['context']];

/** Whether the policies say what the case says. */
async function holds(granted: readonly PolicyDocument[], [allowed, action, resource, context = {}]: Case) {
  return (await allows(granted, { action, resource, context })) === allowed;
}

const inRegion = (name: string) => ({ 'aws:RequestedRegion': name });
const object = (name: string): string => `arn:aws:s3:::acme-cache/${name}`;
const s3 = { 'kms:ViaService': 's3.eu-west-1.amazonaws.com' };

describe('instances with a shared cache', () => {
  it.for<Case>([
    [true, 's3:GetObject', object('ci/acme/linux/project/1/main')],
    [true, 's3:PutObject', object('ci/acme/linux/project/1/main')],
    [false, 's3:GetObject', object('ci/acme/arm/project/1/main')],
    [false, 's3:GetObject', object('ci/acme/linux-2/project/1/main')],
    [false, 's3:PutObject', object('ci/acme/linux')],
    [false, 's3:GetObject', 'arn:aws:s3:::acme-cache-2/ci/acme/linux/project/1/main'],
    [false, 's3:DeleteObject', object('ci/acme/linux/project/1/main')],
    [false, 's3:PutObjectAcl', object('ci/acme/linux/project/1/main')],
    [true, 's3:ListBucket', 'arn:aws:s3:::acme-cache'],
    [false, 's3:ListBucket', 'arn:aws:s3:::acme'],
    [false, 's3:PutBucketPolicy', 'arn:aws:s3:::acme-cache'],
  ])('%s for %s on %s', async (one) => {
    expect(await holds(policies({ cache: CACHE }), one)).toBe(true);
  });

  it.for<Case>([
    [true, 'kms:GenerateDataKey', KEY, s3],
    [true, 'kms:Decrypt', KEY, s3],
    [false, 'kms:Decrypt', KEY],
    [false, 'kms:Decrypt', KEY, { 'kms:ViaService': `s3.${region}.amazonaws.com` }],
    [false, 'kms:Decrypt', KEY.replace('1234', '5678'), s3],
    [false, 'kms:Encrypt', KEY, s3],
  ])('and a key of its own: %s for %s on %s', async (one) => {
    expect(await holds(policies({ cache: { ...CACHE, kmsKey: KEY } }), one)).toBe(true);
  });

  it('and a key that is named by its alias', async () => {
    const granted = policies({ cache: { ...CACHE, kmsKey: 'alias/cache' } });
    const named = (alias: string) => ({ ...s3, 'kms:ResourceAliases': [alias] });
    expect(await holds(granted, [true, 'kms:Decrypt', KEY, named('alias/cache')])).toBe(true);
    expect(await holds(granted, [false, 'kms:Decrypt', KEY, named('alias/other')])).toBe(true);
    expect(await holds(granted, [false, 'kms:Decrypt', KEY, s3])).toBe(true);
  });
});

describe('instances that send their logs', () => {
  const group = `arn:aws:logs:${region}:${account}:log-group:/runtide/linux`;
  it.for<Case>([
    [true, 'logs:CreateLogGroup', group],
    [true, 'logs:CreateLogStream', `${group}:log-stream:i-0123456789abcdef0`],
    [true, 'logs:DescribeLogStreams', group],
    [true, 'logs:PutLogEvents', `${group}:log-stream:i-0123456789abcdef0`],
    [false, 'logs:PutLogEvents', `${group}-2:log-stream:i-0123456789abcdef0`],
    [false, 'logs:CreateLogGroup', group.replace(region, 'us-east-1')],
    [false, 'logs:DeleteLogGroup', group],
    [false, 'logs:GetLogEvents', `${group}:log-stream:i-0123456789abcdef0`],
    [false, 'logs:PutRetentionPolicy', group],
  ])('%s for %s on %s', async (one) => {
    expect(await holds(policies({ logGroup: '/runtide/linux' }), one)).toBe(true);
  });
});

describe('instances that pull from registries', () => {
  const repository = 'arn:aws:ecr:us-east-1:333333333333:repository/tools/node';
  it.for<Case>([
    [true, 'ecr:GetAuthorizationToken', '*', inRegion('us-east-1')],
    [false, 'ecr:GetAuthorizationToken', '*', inRegion(region)],
    [true, 'ecr:BatchGetImage', repository],
    [true, 'ecr:GetDownloadUrlForLayer', repository],
    [true, 'ecr:BatchCheckLayerAvailability', repository],
    [false, 'ecr:BatchGetImage', repository.replace('333333333333', account)],
    [false, 'ecr:BatchGetImage', repository.replace('us-east-1', region)],
    [false, 'ecr:PutImage', repository],
    [false, 'ecr:InitiateLayerUpload', repository],
    [false, 'ecr:BatchDeleteImage', repository],
  ])('%s for %s on %s', async (one) => {
    expect(await holds(policies({ ecrRegistries: [REGISTRY, 'public.ecr.aws'] }), one)).toBe(true);
  });
});

it('instances with none of it have none of these rights', () => {
  const actions = policies({ ecrRegistries: ['public.ecr.aws'] }).flatMap(({ Statement }) =>
    Statement.flatMap(({ Action }) => Action),
  );
  expect(actions).toEqual(['ssm:GetParameter']);
});

it('instances of one pool have nothing of what another pool has', () => {
  const pools = [
    poolFacts(),
    poolFacts({
      name: 'arm',
      profile: 'runtide-arm',
      cache: CACHE,
      logGroup: '/x',
      ecrRegistries: [REGISTRY],
    }),
  ];
  const [linux] = policiesOf('instance', { facts: facts({ pools }) });
  expect(linux?.Statement.map(({ Sid }) => Sid)).toEqual(['ReadRunnerToken']);
});
