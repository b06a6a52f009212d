import type { Facts, RoleName } from './facts.ts';
import type { JobIdentity } from './oidc.ts';
import { packed } from './packing.ts';
import { type Permission, type Reason, statementsOf } from './permission.ts';
import { ec2Service, type Place } from './place.ts';
import { documentOf, type PolicyDocument } from './policy.ts';
import type { JobFacts } from './presets.ts';
import type { Holder } from './row.ts';
import { PERMISSIONS } from './table.ts';

/**
 * Whose rights they are: Runtide's, those that it takes for pools by a role, those of its instances, of CI jobs, or
 * of an operator who cleans up.
 */
export const ROLES = ['controller', 'assumed', 'instance', 'ci', 'clean'] as const;

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
  /** The ARN of the permissions boundary of every role in its account. */
  readonly boundary?: string;
  /** The ARN of Runtide's own identity, where that is not the role that is printed for it. */
  readonly controller?: string;
  /** What CI jobs may do, as role `ci`, or by the role of their instances. */
  readonly jobs: Omit<JobFacts, 'place'>;
  /** Which jobs may take role `ci`. */
  readonly identity: JobIdentity;
}

/** Policies, and why each action stands in them. */
export interface Rights {
  readonly documents: readonly PolicyDocument[];
  readonly reasons: readonly Reason[];
}

/** What a table allows, in policies that IAM takes. Throws `PermissionError` where a role cannot have so many. */
export function rightsOf<About>(table: readonly Permission<About>[], about: About): Rights {
  const { statements, reasons } = statementsOf(table, about);
  return { documents: packed(statements), reasons };
}

/** Policies by the name of their role, numbered. */
export function named(name: string, documents: readonly PolicyDocument[]): RoleDefinition['policies'] {
  return documents.map((document, index) => ({
    name: index === 0 ? name : `${name}-${index + 1}`,
    document,
  }));
}

/** Instances of EC2 may take the role. */
export function ec2Trust(place: Place): PolicyDocument {
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
/** A role, and what it is. */
export type Made = readonly [RoleName, Definition];

/** What the table gives to these holders. */
export function rightsTo(holders: readonly Holder[], facts: Facts): Rights {
  return rightsOf(
    PERMISSIONS.filter(({ role }) => holders.includes(role)),
    facts,
  );
}
