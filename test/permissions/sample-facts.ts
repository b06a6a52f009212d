import { defaultPlace } from '../../src/adapters/memory/ec2/place.ts';
import type { Facts, PoolFacts } from '../../src/permissions/facts.ts';
import { arnIn } from '../../src/permissions/place.ts';
import type { PolicyDocument } from '../../src/permissions/policy.ts';
import type { Role, RoleDefinition, RolesRequest } from '../../src/permissions/role-definition.ts';
import { rolesOf } from '../../src/permissions/roles.ts';
import { MACHINES } from './guarded-account.ts';

/** For tests: pool `linux` as the AWS double has it. */
export function poolFacts(over: Partial<PoolFacts> = {}): PoolFacts {
  return {
    name: 'linux',
    image: MACHINES.imageId,
    subnets: defaultPlace.subnets.map(({ id }) => id),
    securityGroups: MACHINES.securityGroups,
    profile: MACHINES.profile,
    tokenParameters: ['/runtide/linux/runner-token'],
    market: 'spot',
    ...over,
  };
}

/** For tests: installation `acme` with the one pool, a queue and metrics, in the account of the AWS double. */
export function facts(over: Partial<Facts> = {}): Facts {
  const { region, account } = defaultPlace;
  const { installation = 'acme', place = { partition: 'aws', region, account } } = over;
  return {
    installation,
    place,
    pools: [poolFacts()],
    parameters: ['/runtide/gitlab-token'],
    path: '/',
    kmsKeys: [],
    queue: arnIn(place, 'sqs', `runtide-${installation}-events`),
    metrics: 'Runtide',
    instanceRoles: {},
    ...over,
  };
}

/** For tests: no rights for jobs, and jobs of one branch. */
export function rolesRequest(over: Partial<RolesRequest> = {}): RolesRequest {
  return {
    facts: facts(),
    roles: ['controller'],
    jobs: { presets: [], repositories: [], services: [] },
    identity: {
      issuer: 'https://gitlab.example.com',
      audience: 'https://gitlab.example.com',
      projects: ['acme/web'],
      branches: ['main'],
      gitTags: [],
    },
    ...over,
  };
}

/** For tests: the first role of the kind. */
export function roleOf(role: Role, over: Partial<RolesRequest> = {}): RoleDefinition {
  const [definition] = rolesOf(rolesRequest({ ...over, roles: [role] }));
  if (definition === undefined) throw new Error(`there is no role ${role}`);
  return definition;
}

/** For tests: all policies of the first role of the kind. */
export function policiesOf(role: Role, over: Partial<RolesRequest> = {}): readonly PolicyDocument[] {
  return roleOf(role, over).policies.map(({ document }) => document);
}
