import { type Facts, type PoolFacts, type RoleName, roleNamed, roleWithArn } from './facts.ts';
import { iamArn } from './place.ts';
import { documentOf, type PolicyDocument } from './policy.ts';
import { ec2Trust, type Made, named, rightsTo, type RolesRequest } from './role-definition.ts';
import { ownShare, shareOf } from './share.ts';

/** How a service opens disks: by a role of its own, which no policy of Runtide's reaches. */
function grantNotes(
  pools: readonly PoolFacts[],
  service: { readonly instances: string; readonly name: string; readonly role: string },
): readonly string[] {
  return [...new Set(pools.flatMap(({ volumeKey }) => volumeKey ?? []))].map((key) => {
    // A grant is given by the id or the ARN of a key alone.
    const id = key.includes('alias/') ? 'ID' : key;
    return `${service.instances} open disks that are encrypted with ${key} by the role of ${service.name}. Grant it that once: aws kms create-grant --key-id ${id} --grantee-principal ${service.role} --operations Decrypt Encrypt GenerateDataKey GenerateDataKeyWithoutPlaintext CreateGrant DescribeKey ReEncryptFrom ReEncryptTo`;
  });
}

function diskKeyNotes({ place, pools }: Facts): readonly string[] {
  const roleOf = (path: string): string => iamArn(place, `role/aws-service-role/${path}`);
  return [
    ...grantNotes(
      pools.filter(({ market }) => market === 'spot'),
      {
        instances: 'Spot instances',
        name: 'EC2 Spot',
        role: roleOf('spot.amazonaws.com/AWSServiceRoleForEC2Spot'),
      },
    ),
    ...grantNotes(
      pools.filter(({ group }) => group !== undefined),
      {
        instances: 'Instances of Auto Scaling groups',
        name: 'Auto Scaling',
        role: roleOf('autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling'),
      },
    ),
  ];
}

function controllerName(facts: Facts): RoleName {
  return roleNamed(facts, facts.place, `runtide-${facts.installation}-controller`);
}

function cleanName(facts: Facts): RoleName {
  return roleNamed(facts, facts.place, `runtide-${facts.installation}-clean`);
}

/** The role of Runtide itself. */
export function controllerRole({ facts }: RolesRequest): Made {
  const role = controllerName(facts);
  const own = ownShare(facts);
  const rights = rightsTo(['controller', 'pools'], own);
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
        ...diskKeyNotes(own),
      ],
    },
  ];
}

/** Only these may take the role. */
function trustIn(arns: readonly string[]): PolicyDocument {
  return documentOf([
    { Sid: 'Runtide', Effect: 'Allow', Principal: { AWS: arns }, Action: ['sts:AssumeRole'] },
  ]);
}

/** A role that Runtide assumes for pools, in the account of that role. */
export function assumedRole({ facts, controller }: RolesRequest, arn: string): Made {
  const share = shareOf(facts, arn);
  const role = roleWithArn(arn, share.place);
  const rights = rightsTo(['pools'], share);
  const pools = share.pools.map(({ name }) => name).join(', ');
  return [
    role,
    {
      role: 'assumed',
      instanceProfiles: [],
      trustPolicy: trustIn([controller ?? controllerName(facts).arn]),
      policies: named(role.name, rights.documents),
      reasons: rights.reasons,
      notes: [
        `Make it in account ${share.place.account}, for pools ${pools}. Where Runtide has another identity than the role that is printed for it, name that by --controller.`,
        ...diskKeyNotes(share),
      ],
    },
  ];
}

/** What an operator needs for clean-up. */
export function cleanRole({ facts }: RolesRequest): Made {
  const role = cleanName(facts);
  const rights = rightsTo(['clean'], ownShare(facts));
  return [
    role,
    {
      role: 'clean',
      instanceProfiles: [],
      trustPolicy: trustIn([iamArn(facts.place, 'root')]),
      policies: named(role.name, rights.documents),
      reasons: rights.reasons,
      notes: [
        'For "runtide clean", which an operator calls. The trust policy leaves it to the account who may take the role; the policies fit any other identity as well.',
        'A key that encrypts snapshots needs nothing: to delete one, nobody opens it.',
      ],
    },
  ];
}

/** What a role that is assumed for pools needs besides, for clean-up. */
export function assumedToClean({ facts, controller }: RolesRequest, arn: string): Made {
  const share = shareOf(facts, arn);
  const role = roleWithArn(arn, share.place);
  const rights = rightsTo(['clean'], share);
  return [
    role,
    {
      role: 'clean',
      instanceProfiles: [],
      trustPolicy: trustIn([controller ?? controllerName(facts).arn, cleanName(facts).arn]),
      policies: named(`${role.name}-clean`, rights.documents),
      reasons: rights.reasons,
      notes: [
        `"runtide clean" assumes this role as Runtide does: attach the policies to it in account ${share.place.account} for as long as you clean up, and give it this trust policy.`,
      ],
    },
  ];
}
