import { PermissionError } from './policy.ts';
import { iamArn, type Place } from './place.ts';

/** The shared cache of a pool's jobs. */
export interface CacheFacts {
  readonly bucket: string;
  readonly region: string;
  /** What all its objects' names begin with, without a slash at its end. */
  readonly path: string;
  /** Id, alias or ARN of the key that encrypts the objects; absent: as the bucket has it. */
  readonly kmsKey?: string;
}

/** The Auto Scaling group that launches a pool's instances. */
export interface GroupFacts {
  readonly name: string;
  /** It is the operator's: what it launches is not Runtide's to change. */
  readonly attached: boolean;
}

/** What permissions need to know of one pool. */
export interface PoolFacts {
  readonly name: string;
  /** Where it is; absent: where the installation is. */
  readonly place?: Place;
  /** ARN of the role that Runtide assumes for it; absent: it uses its own rights. */
  readonly assumes?: string;
  /** Its id; `*` for one that is looked up; absent: a launch template of the operator's names it. */
  readonly image?: string;
  /** Name of the SSM parameter that names the image; absent: it is not looked up there. */
  readonly imageParameter?: string;
  /** Id of the operator's launch template; absent: Runtide makes one. */
  readonly template?: string;
  readonly subnets: readonly string[];
  readonly securityGroups: readonly string[];
  /** Name or ARN of the instance profile; absent: a launch template of the operator's names it. */
  readonly profile?: string;
  /** Names of the SSM parameters with tokens of its runners that somebody else keeps. */
  readonly tokenParameters: readonly string[];
  /** What the names of those begin with that Runtide keeps, before a `/`; absent: it keeps none. */
  readonly tokenPrefix?: string;
  readonly market: 'spot' | 'on-demand';
  /** Absent: fleets buy its instances. */
  readonly group?: GroupFacts;
  /** Id, alias or ARN of the key that encrypts the root volume; absent: the account's default key. */
  readonly volumeKey?: string;
  readonly cache?: CacheFacts;
  /** The CloudWatch log group of its instances; absent: they keep their logs. */
  readonly logGroup?: string;
  /** Host names of the ECR registries that its instances pull from. */
  readonly ecrRegistries?: readonly string[];
}

/** What the policies of one installation are made of. */
export interface Facts {
  readonly installation: string;
  /** Where Runtide itself is at home. */
  readonly place: Place;
  readonly pools: readonly PoolFacts[];
  /** Names of the SSM parameters that the configuration itself takes values from. */
  readonly parameters: readonly string[];
  /** Name of the one of them that a new access token of GitLab is written to; absent: none is. */
  readonly rotated?: string;
  /** The ARN of the queue of events; absent: there is none. */
  readonly queue?: string;
  /** The namespace of CloudWatch that metrics are published in; absent: none are. */
  readonly metrics?: string;
  /** The ARNs of the keys that encrypt the parameters; none: the accounts' default keys for SSM. */
  readonly kmsKeys: readonly string[];
  /** The path of the roles, such as `/ci/`. */
  readonly path: string;
  /** ARNs of the roles that are assumed for pools which are not among these. */
  readonly assumed?: readonly string[];
  /**
   * Name or ARN of the role in an instance profile, by the profile's name; the others have its name. Where a launch
   * template or a group of the operator's names the profile, by the pool's name.
   */
  readonly instanceRoles: Readonly<Record<string, string>>;
}

/** Where a pool is. */
export function placeOfPool({ place }: Facts, pool: PoolFacts): Place {
  return pool.place ?? place;
}

/** Every region and account that pools are in, once. */
export function placesOf(facts: Facts): readonly Place[] {
  const places = facts.pools.map((pool) => placeOfPool(facts, pool));
  return [...new Map(places.map((place) => [`${place.account} ${place.region}`, place])).values()];
}

/** The regions that pools are in, once. */
export function regionsOf(facts: Facts): readonly string[] {
  return [...new Set(placesOf(facts).map(({ region }) => region))];
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

/** What an instance role is found by: the name of the profile, or of a pool whose profile nobody knows. */
function roleKey({ name, profile }: PoolFacts): string {
  return profile === undefined ? name : profileName(profile);
}

function checkProfiles(facts: Facts): void {
  const known = facts.pools.map(roleKey);
  for (const key of Object.keys(facts.instanceRoles)) {
    if (known.includes(key)) continue;
    throw new PermissionError(`no pool has the instance profile ${key}: the pools have ${known.join(', ')}`);
  }
  for (const pool of facts.pools) {
    const { account: own } = placeOfPool(facts, pool);
    const account = /^arn:[^:]+:iam::(\d{12}):/.exec(pool.profile ?? '')?.[1] ?? own;
    if (account === own) continue;
    throw new PermissionError(
      `the instance profile of pool ${pool.name} is in account ${account}, not in ${own}: correct one of the two`,
    );
  }
}

/** Throws `PermissionError` for what no ARN can be made of. */
export function checkFacts(facts: Facts): void {
  const { path, kmsKeys } = facts;
  if (!PATH.test(path) || /[*?$]/.test(path) || path.length > 512) {
    throw new PermissionError(
      `${JSON.stringify(path)} is no role path: it begins and ends with /, such as /ci/`,
    );
  }
  const wrong = kmsKeys.find((key) => !KEY_ARN.test(key));
  if (wrong !== undefined) {
    throw new PermissionError(
      `${JSON.stringify(wrong)} is no key: give the ARN of the KMS key itself; policies do not follow aliases`,
    );
  }
  checkProfiles(facts);
}

/** The name of an instance profile that may be given by its ARN. */
export function profileName(profile: string): string {
  return profile.split('/').at(-1) ?? profile;
}

/** The name under which a role is made in the installation's path. Throws `PermissionError`. */
export function roleNamed({ path }: Facts, place: Place, name: string): RoleName {
  if (!ROLE_NAME.test(name)) {
    throw new PermissionError(
      `${JSON.stringify(name)} is no role name: up to 64 letters, digits and _ + = , . @ -; name the role of an instance profile by --instance-role`,
    );
  }
  return { name, path, arn: iamArn(place, `role${path}${name}`) };
}

/** A role by its ARN. Throws `PermissionError` where that is no role of the account. */
export function roleWithArn(arn: string, { account }: Place): RoleName {
  const [, own, path = '/', name = ''] = ROLE_ARN.exec(arn) ?? [];
  if (own !== account) {
    throw new PermissionError(`${arn} is no role of account ${account}: give its name or its ARN`);
  }
  return { name, path, arn };
}

/** The account that a role's ARN names. Throws `PermissionError` for what is no role's ARN. */
export function accountOfRole(arn: string): string {
  const [, account] = ROLE_ARN.exec(arn) ?? [];
  if (account !== undefined) return account;
  throw new PermissionError(`${JSON.stringify(arn)} is no role: give the ARN of an IAM role`);
}

/** The role that the instances of a pool have. Throws `PermissionError` where it is not known. */
export function instanceRoleOf(facts: Facts, pool: PoolFacts): RoleName {
  const place = placeOfPool(facts, pool);
  const key = roleKey(pool);
  const role = facts.instanceRoles[key] ?? (pool.profile === undefined ? undefined : key);
  if (role === undefined) {
    const by =
      pool.group?.attached === true
        ? `launched by your Auto Scaling group ${pool.group.name}`
        : `made of your launch template ${pool.template ?? ''}`;
    throw new PermissionError(
      `the instances of pool ${pool.name} are ${by}: name the role in its instance profile by --instance-role ${pool.name}=ROLE`,
    );
  }
  return role.startsWith('arn:') ? roleWithArn(role, place) : roleNamed(facts, place, role);
}
