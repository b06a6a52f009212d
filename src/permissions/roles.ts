import {
  accountOfRole,
  checkFacts,
  instanceRoleOf,
  type Facts,
  placeOfPool,
  profileName,
  type RoleName,
  roleNamed,
} from './facts.ts';
import { jobTrust, pipelineSnippet } from './oidc.ts';
import { PermissionError } from './policy.ts';
import { checkJobFacts, JOB_PERMISSIONS } from './presets.ts';
import {
  ec2Trust,
  type Made,
  named,
  rightsOf,
  rightsTo,
  type Role,
  type RoleDefinition,
  type RolesRequest,
} from './role-definition.ts';
import { assumedRole, assumedToClean, cleanRole, controllerRole } from './runtide-roles.ts';
import { assumedRoles } from './share.ts';

const BOUNDARY = /^arn:aws[a-z-]*:iam::(?:\d{12}|aws):policy\/[\x21-\x7e]{1,512}$/;

const JOBS_NOTE =
  'CI jobs use this role: EVERY job that gets at the credentials of its instance has these rights, whatever its project, branch or author. ' +
  'Jobs of the shell executor and privileged containers can; other containers cannot. Prefer role ci, which jobs take by their own ID token.';

function sharedNote(pools: Facts['pools']): readonly string[] {
  if (pools.length < 2) return [];
  const names = pools.map(({ name }) => name).join(', ');
  return [
    `Pools ${names} share this role, so an instance of one can read the runner tokens of all. Give each pool a profile of its own to keep them apart.`,
  ];
}

function instanceRole({ facts, jobs }: RolesRequest, role: RoleName): Made {
  const pools = facts.pools.filter((pool) => instanceRoleOf(facts, pool).arn === role.arn);
  const [first] = pools;
  const place = first === undefined ? facts.place : placeOfPool(facts, first);
  const own = rightsTo(['instance'], { ...facts, place, pools, parameters: [] });
  const ofJobs = rightsOf(JOB_PERMISSIONS, { ...jobs, place });
  const profiles = pools.flatMap(({ profile }) => (profile === undefined ? [] : [profileName(profile)]));
  return [
    role,
    {
      role: 'instance',
      instanceProfiles: [...new Set(profiles)],
      trustPolicy: ec2Trust(place),
      policies: [...named(role.name, own.documents), ...named(`${role.name}-jobs`, ofJobs.documents)],
      reasons: [...own.reasons, ...ofJobs.reasons],
      notes: [
        ...(place.account === facts.place.account ? [] : [`Make it in account ${place.account}.`]),
        ...sharedNote(pools),
        ...(ofJobs.documents.length > 0 ? [JOBS_NOTE] : []),
      ],
    },
  ];
}

function jobRole({ facts, jobs, identity }: RolesRequest): Made {
  if (jobs.presets.length === 0) {
    throw new PermissionError('what may the jobs do? give at least one --preset');
  }
  const role = roleNamed(facts, facts.place, `runtide-${facts.installation}-ci`);
  const rights = rightsOf(JOB_PERMISSIONS, { ...jobs, place: facts.place });
  return [
    role,
    {
      role: 'ci',
      instanceProfiles: [],
      trustPolicy: jobTrust(facts.place, identity),
      policies: named(role.name, rights.documents),
      reasons: rights.reasons,
      notes: [
        `The account needs an IAM identity provider for ${identity.issuer} with the audience ${identity.audience}; AWS must be able to reach that address.`,
        'Protect the branches and tags in GitLab: whoever may push to one of them, or run a pipeline for it, has these rights.',
      ],
      pipeline: pipelineSnippet(facts.place, role.arn, identity),
    },
  ];
}

function made(request: RolesRequest, role: Role): readonly Made[] {
  const { facts } = request;
  if (role === 'controller') return [controllerRole(request)];
  if (role === 'ci') return [jobRole(request)];
  if (role === 'assumed') return assumedRoles(facts).map((arn) => assumedRole(request, arn));
  if (role === 'clean') {
    return [cleanRole(request), ...assumedRoles(facts).map((arn) => assumedToClean(request, arn))];
  }
  const roles = new Map(
    facts.pools.map((pool) => instanceRoleOf(facts, pool)).map((name) => [name.arn, name]),
  );
  return [...roles.values()].map((name) => instanceRole(request, name));
}

/** A boundary is a policy of one account, or of AWS: a role in another account cannot have it. */
function boundaryOf(boundary: string | undefined, { arn }: RoleName) {
  if (boundary === undefined) return {};
  const [, , , , account] = boundary.split(':');
  return account === 'aws' || account === accountOfRole(arn) ? { permissionsBoundary: boundary } : {};
}

/** The roles that are asked for, one for each role that instances have or that is assumed. Throws `PermissionError`. */
export function rolesOf(request: RolesRequest): readonly RoleDefinition[] {
  const { facts, boundary, jobs, roles } = request;
  checkFacts(facts);
  checkJobFacts({ ...jobs, place: facts.place });
  if (jobs.presets.length > 0 && !roles.includes('ci') && !roles.includes('instance')) {
    throw new PermissionError(
      'presets are for CI jobs: add --role ci, or --role instance to give them to instances',
    );
  }
  if (boundary !== undefined && !BOUNDARY.test(boundary)) {
    throw new PermissionError(
      `${JSON.stringify(boundary)} is no permissions boundary: give the ARN of an IAM policy`,
    );
  }
  return roles.flatMap((role) =>
    made(request, role).map(([name, definition]) => ({
      ...name,
      ...definition,
      ...boundaryOf(boundary, name),
    })),
  );
}
