import { checkFacts, type Facts, instanceRoleOf, profileName, type RoleName, roleNamed } from './facts.ts';
import { type JobIdentity, jobTrust, pipelineSnippet } from './oidc.ts';
import { packed } from './packing.ts';
import { type Permission, type Reason, statementsOf } from './permission.ts';
import { ec2Service, type Place } from './place.ts';
import { documentOf, PermissionError, type PolicyDocument } from './policy.ts';
import { checkJobFacts, JOB_PERMISSIONS, type JobFacts } from './presets.ts';
import { PERMISSIONS } from './table.ts';

/** Whose rights they are: Runtide's, those of its instances, or those of CI jobs. */
export const ROLES = ['controller', 'instance', 'ci'] as const;

export type Role = (typeof ROLES)[number];

/** A role as it has to be made in IAM. */
export interface RoleDefinition {
  readonly role: Role;
  readonly name: string;
  readonly path: string;
  readonly arn: string;
  /** The ARN of the permissions boundary that the role gets. */
  readonly permissionsBoundary?: string;
  /** The instance profiles that hold the role. */
  readonly instanceProfiles: readonly string[];
  readonly trustPolicy: PolicyDocument;
  readonly policies: readonly { readonly name: string; readonly document: PolicyDocument }[];
  /** Why each action stands in the policies. */
  readonly reasons: readonly Reason[];
  /** What whoever makes the role must know. */
  readonly notes: readonly string[];
  /** What goes into a pipeline whose jobs take the role. */
  readonly pipeline?: string;
}

export interface RolesRequest {
  readonly facts: Facts;
  readonly roles: readonly Role[];
  /** The ARN of the permissions boundary of every role. */
  readonly boundary?: string;
  /** What CI jobs may do, as role `ci`, or by the role of their instances. */
  readonly jobs: Omit<JobFacts, 'place'>;
  /** Which jobs may take role `ci`. */
  readonly identity: JobIdentity;
}

const BOUNDARY = /^arn:aws[a-z-]*:iam::(?:\d{12}|aws):policy\/[\x21-\x7e]{1,512}$/;

interface Rights {
  readonly documents: readonly PolicyDocument[];
  readonly reasons: readonly Reason[];
}

function rightsOf<About>(table: readonly Permission<About>[], about: About): Rights {
  const { statements, reasons } = statementsOf(table, about);
  return { documents: packed(statements), reasons };
}

function named(name: string, documents: readonly PolicyDocument[]): RoleDefinition['policies'] {
  return documents.map((document, index) => ({
    name: index === 0 ? name : `${name}-${index + 1}`,
    document,
  }));
}

function ec2Trust(place: Place): PolicyDocument {
  return documentOf([
    {
      Sid: 'InstancesOfEc2',
      Effect: 'Allow',
      Principal: { Service: ec2Service(place) },
      Action: ['sts:AssumeRole'],
    },
  ]);
}

type Definition = Omit<RoleDefinition, keyof RoleName | 'permissionsBoundary'>;

function controllerRole({ facts }: RolesRequest): [RoleName, Definition] {
  const role = roleNamed(facts, `runtide-${facts.installation}-controller`);
  const rights = rightsOf(
    PERMISSIONS.filter((permission) => permission.role === 'controller'),
    facts,
  );
  return [
    role,
    {
      role: 'controller',
      instanceProfiles: [],
      trustPolicy: ec2Trust(facts.place),
      policies: named(role.name, rights.documents),
      reasons: rights.reasons,
      notes: [
        'The trust policy is for a Runtide that runs on an EC2 instance. Elsewhere, attach the policies to whatever identity it has there.',
        'Images, subnets, security groups, parameters and instance roles stand in the policy by name: print it anew when the configuration names others.',
      ],
    },
  ];
}

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

function instanceRole({ facts, jobs }: RolesRequest, role: RoleName): [RoleName, Definition] {
  const pools = facts.pools.filter(({ profile }) => instanceRoleOf(facts, profile).arn === role.arn);
  const own = rightsOf(
    PERMISSIONS.filter((permission) => permission.role === 'instance'),
    { ...facts, pools, parameters: [] },
  );
  const ofJobs = rightsOf(JOB_PERMISSIONS, { ...jobs, place: facts.place });
  return [
    role,
    {
      role: 'instance',
      instanceProfiles: [...new Set(pools.map(({ profile }) => profileName(profile)))],
      trustPolicy: ec2Trust(facts.place),
      policies: [...named(role.name, own.documents), ...named(`${role.name}-jobs`, ofJobs.documents)],
      reasons: [...own.reasons, ...ofJobs.reasons],
      notes: [...sharedNote(pools), ...(ofJobs.documents.length > 0 ? [JOBS_NOTE] : [])],
    },
  ];
}

function jobRole({ facts, jobs, identity }: RolesRequest): [RoleName, Definition] {
  if (jobs.presets.length === 0) {
    throw new PermissionError('what may the jobs do? give at least one --preset');
  }
  const role = roleNamed(facts, `runtide-${facts.installation}-ci`);
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

function made(request: RolesRequest, role: Role): readonly [RoleName, Definition][] {
  if (role === 'controller') return [controllerRole(request)];
  if (role === 'ci') return [jobRole(request)];
  const { facts } = request;
  const roles = new Map(
    facts.pools.map(({ profile }) => instanceRoleOf(facts, profile)).map((name) => [name.arn, name]),
  );
  return [...roles.values()].map((name) => instanceRole(request, name));
}

/** The roles that are asked for, one for each role that instances have. Throws `PermissionError`. */
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
      ...(boundary !== undefined && { permissionsBoundary: boundary }),
    })),
  );
}
