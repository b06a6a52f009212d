import { type Facts, placeOfPool, type PoolFacts, regionsOf } from './facts.ts';
import { haveAliases, type KeyUse, keysWithAliases, namedKeys } from './key-use.ts';
import type { Permission } from './permission.ts';
import { arnIn, s3Arn } from './place.ts';
import type { Conditions } from './policy.ts';
import {
  decrypts,
  keysOfKept,
  keysOfTokens,
  keptTokens,
  NEW_RUNNER,
  ofPools,
  oneOrMore,
  opensKept,
  type RolePermission,
  through,
  tokenParameters,
} from './row.ts';

const cached = ofPools((pool, facts) => {
  const { cache } = pool;
  return cache === undefined ? [] : [s3Arn(placeOfPool(facts, pool), `${cache.bucket}/${cache.path}/*`)];
});

function cacheKeys(facts: Facts): readonly KeyUse[] {
  return facts.pools.flatMap((pool) => {
    const { cache } = pool;
    if (cache?.kmsKey === undefined) return [];
    return [{ place: { ...placeOfPool(facts, pool), region: cache.region }, key: cache.kmsKey }];
  });
}

function throughS3(facts: Facts): Conditions {
  const regions = facts.pools.flatMap(({ cache }) => cache?.region ?? []);
  return { StringEquals: through(facts, 's3', [...new Set(regions)]) };
}

const CACHE_KEY_ACTIONS: Permission['actions'] = {
  'kms:GenerateDataKey': 'what is put into the cache is encrypted with a key of your own',
  'kms:Decrypt': 'so is what is taken out of it; large objects are put in parts',
};

/** An ECR registry: whose, and where. */
function registryOf(host: string): { readonly account: string; readonly region: string } | undefined {
  const [, account, region] = /^(\d{12})\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com/.exec(host) ?? [];
  return account === undefined || region === undefined ? undefined : { account, region };
}

function registries({ ecrRegistries = [] }: PoolFacts) {
  return ecrRegistries.flatMap((host) => registryOf(host) ?? []);
}

function registryRegions({ pools }: Facts): readonly string[] {
  return [...new Set(pools.flatMap(registries).map(({ region }) => region))];
}

/** What an instance does with the role of its profile. */
export const INSTANCE_PERMISSIONS: readonly RolePermission[] = [
  {
    role: 'instance',
    sid: 'ReadRunnerToken',
    actions: { 'ssm:GetParameter': 'an instance reads the token of its runner at each boot' },
    resources: tokenParameters,
  },
  {
    role: 'instance',
    sid: 'DecryptRunnerToken',
    actions: { 'kms:Decrypt': 'the parameter is encrypted with a key of your own' },
    resources: keysOfTokens,
    conditions: (facts) => decrypts(facts, tokenParameters(facts), regionsOf(facts)),
  },
  {
    role: 'instance',
    sid: 'ReadTokenThatRuntideKeeps',
    actions: {
      'ssm:GetParameter': 'an instance reads the token of the runner that Runtide made, at each boot',
    },
    resources: keptTokens,
    wildcard: NEW_RUNNER,
  },
  {
    role: 'instance',
    sid: 'DecryptTokenThatRuntideKeeps',
    actions: { 'kms:Decrypt': 'the parameter is encrypted with a key of your own' },
    resources: keysOfKept,
    conditions: opensKept,
  },
  {
    role: 'instance',
    sid: 'UseSharedCache',
    actions: {
      's3:GetObject': 'the runner takes the cache of a job from the bucket',
      's3:PutObject': 'and puts it there',
    },
    resources: cached,
    wildcard: 'the names of caches are those of jobs; bound to the path of the pool',
  },
  {
    role: 'instance',
    sid: 'MissInSharedCache',
    actions: {
      's3:ListBucket':
        'without it S3 answers "forbidden" for a cache that is not there yet, and jobs warn of it',
    },
    resources: ofPools((pool, facts) =>
      pool.cache === undefined ? [] : [s3Arn(placeOfPool(facts, pool), pool.cache.bucket)],
    ),
  },
  {
    role: 'instance',
    sid: 'EncryptSharedCache',
    actions: CACHE_KEY_ACTIONS,
    resources: (facts) => namedKeys(cacheKeys(facts)),
    conditions: throughS3,
  },
  {
    role: 'instance',
    sid: 'EncryptSharedCacheByAlias',
    actions: CACHE_KEY_ACTIONS,
    resources: (facts) => keysWithAliases(cacheKeys(facts)),
    conditions: (facts) => ({ ...throughS3(facts), ...haveAliases(cacheKeys(facts)) }),
    wildcard: 'policies do not follow aliases; bound to keys that have the alias',
  },
  {
    role: 'instance',
    sid: 'WriteLogs',
    actions: {
      'logs:CreateLogGroup': "CloudWatch's agent makes the log group where there is none",
      'logs:CreateLogStream': 'every instance has a stream of its own',
      'logs:DescribeLogStreams': 'the agent looks whether its stream is there',
      'logs:PutLogEvents': 'and writes to it',
    },
    resources: ofPools((pool, facts) => {
      if (pool.logGroup === undefined) return [];
      const group = arnIn(placeOfPool(facts, pool), 'logs', `log-group:${pool.logGroup}`);
      return [group, `${group}:*`];
    }),
    wildcard: 'streams are named after instances; bound to the log group',
  },
  {
    role: 'instance',
    sid: 'LogInToRegistries',
    actions: {
      'ecr:GetAuthorizationToken': 'the password for the registries; it opens only what else is allowed',
    },
    resources: (facts) => (registryRegions(facts).length === 0 ? [] : ['*']),
    conditions: (facts) => ({
      StringEquals: { 'aws:RequestedRegion': oneOrMore(registryRegions(facts)) },
    }),
    wildcard: 'ECR ties this action to no resource; bound to the region',
  },
  {
    role: 'instance',
    sid: 'PullFromRegistries',
    actions: {
      'ecr:BatchCheckLayerAvailability': 'a pull asks which layers are there',
      'ecr:BatchGetImage': 'a pull reads the manifest',
      'ecr:GetDownloadUrlForLayer': 'and the layers',
    },
    resources: ofPools((pool, facts) =>
      registries(pool).map((registry) =>
        arnIn({ ...placeOfPool(facts, pool), ...registry }, 'ecr', 'repository/*'),
      ),
    ),
    wildcard: 'jobs name the images that they run in; bound to the registries of the configuration',
  },
];
