import { type Facts, placeOfPool, placesOf, type PoolFacts, regionsOf } from './facts.ts';
import type { Permission } from './permission.ts';
import { arnIn, parameterArn } from './place.ts';
import type { Conditions } from './policy.ts';

/**
 * Who has a permission: Runtide itself (`controller`), whoever speaks to AWS for pools (`pools`: Runtide itself, or
 * the role that it assumes for them), the instances, or an operator who cleans up.
 */
export type Holder = 'controller' | 'pools' | 'instance' | 'clean';

/** A permission, and who has it. */
export interface RolePermission extends Permission {
  readonly role: Holder;
}

/** The tags that permissions rest on: those of src/adapters/aws/instance-tags.ts. */
export const OWNED_BY = 'runtide:installation';
export const DRAIN = 'runtide:drain';

/** Everything of these types of EC2, wherever pools are. */
export function ec2(...types: readonly string[]) {
  return (facts: Facts): readonly string[] =>
    placesOf(facts).flatMap((place) => types.map((type) => arnIn(place, 'ec2', `${type}/*`)));
}

/** It exists, and carries this installation's tag. */
export function owned({ installation }: Facts): Conditions {
  return { StringEquals: { [`aws:ResourceTag/${OWNED_BY}`]: installation } };
}

/** It is being made, and gets this installation's tag. */
export function becomesOwned({ installation }: Facts): Conditions {
  return { StringEquals: { [`aws:RequestTag/${OWNED_BY}`]: installation } };
}

/** One text where it is one, a list where there are several. */
export function oneOrMore(texts: readonly string[]): string | readonly string[] {
  const [first, ...more] = texts;
  return first !== undefined && more.length === 0 ? first : texts;
}

/** The call goes to a region that pools are in. */
export function inTheirRegions(facts: Facts): Conditions {
  return { StringEquals: { 'aws:RequestedRegion': oneOrMore(regionsOf(facts)) } };
}

/** Any resource, where there are pools at all. */
export function anything({ pools }: Facts): readonly string[] {
  return pools.length === 0 ? [] : ['*'];
}

/** Something of each pool. */
export function ofPools(of: (pool: PoolFacts, facts: Facts) => readonly string[]) {
  return (facts: Facts): readonly string[] => facts.pools.flatMap((pool) => of(pool, facts));
}

function launched(facts: Facts): Facts {
  return { ...facts, pools: facts.pools.filter(({ group }) => group?.attached !== true) };
}

/** No fleet is asked for where groups launch everything. */
function omittedFor({ pools }: Facts): readonly string[] {
  return pools.every(({ group }) => group !== undefined) ? ['ec2:CreateFleet'] : [];
}

/** The row for those of the pools alone whose launches need rights of Runtide's: a group of the operator's has its own. */
export function forLaunches({ resources, conditions, ...row }: RolePermission): RolePermission {
  return {
    ...row,
    omits: omittedFor,
    resources: (facts) => resources(launched(facts)),
    ...(conditions !== undefined && { conditions: (facts: Facts) => conditions(launched(facts)) }),
  };
}

export const NEW_ID = 'its id is not known before it exists';

type Actions = Permission['actions'];

/** What is made with the tag of the installation. */
export function making(sid: string, types: readonly string[], actions: Actions): RolePermission {
  const [type = ''] = types;
  const what = types.length === 1 ? `${type.split('-').at(-1)}s that get` : 'what gets';
  return {
    role: 'pools',
    sid,
    actions,
    resources: ec2(...types),
    conditions: becomesOwned,
    wildcard: `${NEW_ID}; bound to ${what} the tag of this installation`,
  };
}

/** What has the tag of the installation already. */
export function using(sid: string, type: string, actions: Actions): RolePermission {
  return {
    role: 'pools',
    sid,
    actions,
    resources: ec2(type),
    conditions: owned,
    wildcard: `${NEW_ID}; bound to ${type.split('-').at(-1)}s with the tag of this installation`,
  };
}

/** The parameters with tokens of pools' runners that somebody else keeps. */
export const tokenParameters = ofPools((pool, facts) =>
  pool.tokenParameters.map((name) => parameterArn(placeOfPool(facts, pool), name)),
);

/** The parameters with tokens that Runtide keeps. */
export const keptTokens = ofPools((pool, facts) =>
  pool.tokenPrefix === undefined ? [] : [parameterArn(placeOfPool(facts, pool), `${pool.tokenPrefix}/*`)],
);

/** The keys of parameters with tokens that somebody else keeps: none where there are no such parameters. */
export function keysOfTokens(facts: Facts): readonly string[] {
  return tokenParameters(facts).length === 0 ? [] : keysIn(facts, regionsOf(facts));
}

/** The keys of parameters with tokens that Runtide keeps, likewise. */
export function keysOfKept(facts: Facts): readonly string[] {
  return keptTokens(facts).length === 0 ? [] : keysIn(facts, regionsOf(facts));
}

export const NEW_RUNNER =
  'the id of a runner is not known before it exists; bound to the parameters of the pool';

/** The parameters of the account that the configuration takes values from. */
export function configParameters({ place, parameters }: Facts): readonly string[] {
  return parameters.map((name) => parameterArn(place, name));
}

/** The parameter that a new access token of GitLab is written to. */
export function rotatedParameter({ place, rotated }: Facts): readonly string[] {
  return rotated === undefined ? [] : [parameterArn(place, rotated)];
}

/** The parameters that name images. */
export const imageParameters = ofPools((pool, facts) =>
  pool.imageParameter === undefined ? [] : [parameterArn(placeOfPool(facts, pool), pool.imageParameter)],
);

/** The keys of parameters that are in these regions. */
export function keysIn({ kmsKeys }: Facts, regions: readonly string[]): readonly string[] {
  return kmsKeys.filter((key) => regions.includes(key.split(':')[3] ?? ''));
}

/** The name of a service as KMS knows it. */
function serviceIn({ place }: Facts, service: string, region: string): string {
  return `${service}.${region}.amazonaws.com${place.partition === 'aws-cn' ? '.cn' : ''}`;
}

/** The key is used through the service alone. */
export function through(facts: Facts, service: string, regions: readonly string[]) {
  return { 'kms:ViaService': oneOrMore(regions.map((region) => serviceIn(facts, service, region))) };
}

/** The key opens the parameters that Runtide keeps, and only through SSM. */
export function opensKept(facts: Facts): Conditions {
  return {
    StringEquals: through(facts, 'ssm', regionsOf(facts)),
    StringLike: { 'kms:EncryptionContext:PARAMETER_ARN': oneOrMore([...new Set(keptTokens(facts))]) },
  };
}

/** The key opens these parameters, and only through SSM. */
export function decrypts(
  facts: Facts,
  parameters: readonly string[],
  regions: readonly string[],
): Conditions {
  return {
    StringEquals: {
      ...through(facts, 'ssm', regions),
      'kms:EncryptionContext:PARAMETER_ARN': [...new Set(parameters)],
    },
  };
}
