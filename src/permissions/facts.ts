import { PermissionError } from './policy.ts';
import { iamArn, type Place } from './place.ts';

/** What permissions need to know of one pool. */
export interface PoolFacts {
  readonly name: string;
  /** Its id; `*` for one that is looked up. */
  readonly image: string;
  /** Name of the SSM parameter that names the image; absent: it is not looked up there. */
  readonly imageParameter?: string;
  readonly subnets: readonly string[];
  readonly securityGroups: readonly string[];
  /** Name or ARN of the instance profile. */
  readonly profile: string;
  /** Name of the SSM parameter that holds the runner's token. */
  readonly tokenParameter: string;
  readonly market: 'spot' | 'on-demand';
}

/** What the policies of one installation are made of. */
export interface Facts {
  readonly installation: string;
  readonly place: Place;
  readonly pools: readonly PoolFacts[];
  /** Names of the SSM parameters that the configuration itself takes values from. */
  readonly parameters: readonly string[];
  /** The ARN of the key that encrypts the parameters; absent: the account's default key for SSM. */
  readonly kmsKey?: string;
  /** The path of the roles, such as `/ci/`. */
  readonly path: string;
  /** Name or ARN of the role in an instance profile, by the profile's name; the others have its name. */
  readonly instanceRoles: Readonly<Record<string, string>>;
}

/** A role's name, its path, and both as an ARN. */
export interface RoleName {
  readonly name: string;
  readonly path: string;
  readonly arn: string;
}

const ROLE_ARN = /^arn:aws[a-z-]*:iam::(\d{12}):role(\/(?:[\x21-\x7e]+\/)?)([\w+=,.@-]{1,64})$/;
const ROLE_NAME = /^[\w+=,.@-]{1,64}$/;
const PATH = /^\/(?:[\x21-\x7e]+\/)?$/;
const KEY_ARN = /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/;

/** Throws `PermissionError` for what no ARN can be made of. */
export function checkFacts({ place, pools, path, kmsKey, instanceRoles }: Facts): void {
  if (!PATH.test(path) || /[*?$]/.test(path) || path.length > 512) {
    throw new PermissionError(
      `${JSON.stringify(path)} is no role path: it begins and ends with /, such as /ci/`,
    );
  }
  if (kmsKey !== undefined && !KEY_ARN.test(kmsKey)) {
    throw new PermissionError(
      `${JSON.stringify(kmsKey)} is no key: give the ARN of the KMS key itself; policies do not follow aliases`,
    );
  }
  const profiles = pools.map(({ profile }) => profileName(profile));
  for (const profile of Object.keys(instanceRoles)) {
    if (profiles.includes(profile)) continue;
    throw new PermissionError(
      `no pool has the instance profile ${profile}: the pools have ${profiles.join(', ')}`,
    );
  }
  for (const { name, profile } of pools) {
    const account = /^arn:[^:]+:iam::(\d{12}):/.exec(profile)?.[1] ?? place.account;
    if (account === place.account) continue;
    throw new PermissionError(
      `the instance profile of pool ${name} is in account ${account}, not in ${place.account}: correct one of the two`,
    );
  }
}

/** The name of an instance profile that may be given by its ARN. */
export function profileName(profile: string): string {
  return profile.split('/').at(-1) ?? profile;
}

/** The name under which a role is made in the installation's path. */
export function roleNamed({ place, path }: Facts, name: string): RoleName {
  if (!ROLE_NAME.test(name)) {
    throw new PermissionError(
      `${JSON.stringify(name)} is no role name: up to 64 letters, digits and _ + = , . @ -; name the role of an instance profile by --instance-role`,
    );
  }
  return { name, path, arn: iamArn(place, `role${path}${name}`) };
}

/** The role that the instances of a profile have. Throws `PermissionError` where that is no role of the account. */
export function instanceRoleOf(facts: Facts, profile: string): RoleName {
  const name = profileName(profile);
  const role = facts.instanceRoles[name] ?? name;
  if (!role.startsWith('arn:')) return roleNamed(facts, role);
  const [, account, path = '/', last = ''] = ROLE_ARN.exec(role) ?? [];
  if (account !== facts.place.account) {
    throw new PermissionError(
      `${role} is no role of account ${facts.place.account}: give its name or its ARN`,
    );
  }
  return { name: last, path, arn: role };
}
