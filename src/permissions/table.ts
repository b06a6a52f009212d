import { type Facts, instanceRoleOf } from './facts.ts';
import type { Permission } from './permission.ts';
import { arnIn, ec2Service, iamArn, imageArn, parameterArn } from './place.ts';
import type { Conditions } from './policy.ts';

/** A permission, and the role that has it. */
export interface RolePermission extends Permission {
  readonly role: 'controller' | 'instance';
}

/** The tags that permissions rest on: those of src/adapters/aws/instance-tags.ts. */
export const OWNED_BY = 'runtide:installation';
export const DRAIN = 'runtide:drain';

const ec2 =
  (...types: readonly string[]) =>
  ({ place }: Facts): readonly string[] =>
    types.map((type) => arnIn(place, 'ec2', `${type}/*`));

/** It exists, and carries this installation's tag. */
function owned({ installation }: Facts): Conditions {
  return { StringEquals: { [`aws:ResourceTag/${OWNED_BY}`]: installation } };
}

/** It is being made, and gets this installation's tag. */
function becomesOwned({ installation }: Facts): Conditions {
  return { StringEquals: { [`aws:RequestTag/${OWNED_BY}`]: installation } };
}

function tokenParameters({ place, pools }: Facts): readonly string[] {
  return pools.map(({ tokenParameter }) => parameterArn(place, tokenParameter));
}

function configParameters({ place, parameters }: Facts): readonly string[] {
  return parameters.map((name) => parameterArn(place, name));
}

function imageParameters({ place, pools }: Facts): readonly string[] {
  return pools.flatMap(({ imageParameter }) =>
    imageParameter === undefined ? [] : [parameterArn(place, imageParameter)],
  );
}

function keyOf({ kmsKey }: Facts): readonly string[] {
  return kmsKey === undefined ? [] : [kmsKey];
}

/** The key opens these parameters, and only through SSM. */
function decrypts({ place }: Facts, parameters: readonly string[]): Conditions {
  const suffix = place.partition === 'aws-cn' ? '.cn' : '';
  return {
    StringEquals: {
      'kms:ViaService': `ssm.${place.region}.amazonaws.com${suffix}`,
      'kms:EncryptionContext:PARAMETER_ARN': [...new Set(parameters)],
    },
  };
}

const NEW_ID = 'its id is not known before it exists';

/**
 * Every action that Runtide uses, and why: the policies of both roles are made of it, and nothing else.
 * What EC2 can be held to by name is named; the rest is bound to the installation's tag, so that two
 * installations in one account cannot touch each other.
 */
export const PERMISSIONS: readonly RolePermission[] = [
  {
    role: 'controller',
    sid: 'Look',
    actions: {
      'ec2:DescribeImages': 'which image a pool means, and what its root volume is called',
      'ec2:DescribeInstances': 'which instances there are, and in what state: the truth of every pass',
      'ec2:DescribeLaunchTemplateVersions': 'whether the launch template of a pool is there already',
      'ec2:DescribeSpotPriceHistory': 'what spot instances cost now',
    },
    resources: () => ['*'],
    conditions: ({ place }) => ({ StringEquals: { 'aws:RequestedRegion': place.region } }),
    wildcard: 'EC2 ties none of its Describe actions to resources; bound to the region',
  },
  {
    role: 'controller',
    sid: 'ReadPrices',
    actions: { 'pricing:GetProducts': 'what on-demand instances cost' },
    resources: () => ['*'],
    wildcard:
      'the price list is the same for everybody, and is read from another region than that of the pools',
  },
  {
    role: 'controller',
    sid: 'LaunchTheseImagesInTheseSubnets',
    actions: {
      'ec2:CreateFleet': 'a launch asks for one fleet over all types and subnets of the pool',
      'ec2:RunInstances': 'an instant fleet launches with the rights of its caller',
    },
    resources: ({ place, pools }) => [
      ...pools.map(({ image }) => imageArn(place, image)),
      ...pools.flatMap(({ subnets }) => subnets.map((subnet) => arnIn(place, 'ec2', `subnet/${subnet}`))),
    ],
  },
  {
    role: 'controller',
    sid: 'LaunchWithTheseSecurityGroups',
    actions: { 'ec2:RunInstances': 'the launch template names the security groups of the pool' },
    resources: ({ place, pools }) =>
      pools.flatMap(({ securityGroups }) =>
        securityGroups.map((id) => arnIn(place, 'ec2', `security-group/${id}`)),
      ),
  },
  {
    role: 'controller',
    sid: 'LaunchFromItsTemplates',
    actions: {
      'ec2:CreateFleet': 'a fleet launches from the launch template of the pool',
      'ec2:RunInstances': 'so do the instances of the fleet',
    },
    resources: ec2('launch-template'),
    conditions: owned,
    wildcard: `${NEW_ID}; bound to templates with the tag of this installation`,
  },
  {
    role: 'controller',
    sid: 'LaunchItsInstances',
    actions: {
      'ec2:CreateFleet': 'the fleet asks for instances',
      'ec2:RunInstances': 'the instances themselves',
    },
    resources: ec2('instance'),
    conditions: becomesOwned,
    wildcard: `${NEW_ID}; bound to instances that get the tag of this installation`,
  },
  {
    role: 'controller',
    sid: 'MakeItsFleets',
    actions: { 'ec2:CreateFleet': 'the fleet itself, which ends with the launch' },
    resources: ec2('fleet'),
    conditions: becomesOwned,
    wildcard: `${NEW_ID}; bound to fleets that get the tag of this installation`,
  },
  {
    role: 'controller',
    sid: 'LaunchWithTheirDisks',
    actions: {
      'ec2:RunInstances': 'every instance gets a disk and a network interface, tagged by the template',
    },
    resources: ec2('volume', 'network-interface'),
    conditions: becomesOwned,
    wildcard: `${NEW_ID}; bound to what gets the tag of this installation`,
  },
  {
    role: 'controller',
    sid: 'FleetsMayNameDisks',
    actions: {
      'ec2:CreateFleet': 'the template of a fleet may speak of disks; their tags are checked at RunInstances',
    },
    resources: ec2('volume'),
    wildcard: `${NEW_ID}; without the right to launch instances it gives nothing`,
  },
  {
    role: 'controller',
    sid: 'LaunchSpot',
    actions: { 'ec2:RunInstances': 'a spot instance comes with a spot request' },
    resources: (facts) => (anySpot(facts) ? ec2('spot-instances-request')(facts) : []),
    wildcard: `${NEW_ID}, and it gets no tags; without the right to launch instances it gives nothing`,
  },
  {
    role: 'controller',
    sid: 'TagWhatItMakes',
    actions: {
      'ec2:CreateTags': 'tags at creation tell what belongs to which installation, pool and launch',
    },
    resources: ec2('fleet', 'instance', 'volume', 'network-interface', 'launch-template'),
    conditions: (facts) => ({
      StringEquals: {
        ...becomesOwned(facts)['StringEquals'],
        'ec2:CreateAction': ['CreateFleet', 'RunInstances', 'CreateLaunchTemplate'],
      },
    }),
    wildcard: `${NEW_ID}; bound to the call that makes it, with the tag of this installation`,
  },
  {
    role: 'controller',
    sid: 'MakeItsTemplates',
    actions: { 'ec2:CreateLaunchTemplate': 'every pool has a launch template' },
    resources: ec2('launch-template'),
    conditions: becomesOwned,
    wildcard: `${NEW_ID}; bound to templates that get the tag of this installation`,
  },
  {
    role: 'controller',
    sid: 'ChangeItsTemplates',
    actions: {
      'ec2:CreateLaunchTemplateVersion': 'a changed pool becomes a new version of its template',
      'ec2:DeleteLaunchTemplateVersions': 'old versions that no instance was made of go',
    },
    resources: ec2('launch-template'),
    conditions: owned,
    wildcard: `${NEW_ID}; bound to templates with the tag of this installation`,
  },
  {
    role: 'controller',
    sid: 'EndItsInstances',
    actions: {
      'ec2:TerminateInstances': 'ends what is idle for good, did not boot, or lost its runner',
      'ec2:GetConsoleOutput': 'why an instance did not boot stands on its console',
    },
    resources: ec2('instance'),
    conditions: owned,
    wildcard: `${NEW_ID}; bound to instances with the tag of this installation`,
  },
  {
    role: 'controller',
    sid: 'AskItsInstancesToDrain',
    actions: { 'ec2:CreateTags': `the tag ${DRAIN}, and no other, asks an instance to drain` },
    resources: ec2('instance'),
    conditions: (facts) => ({
      ...owned(facts),
      'ForAllValues:StringEquals': { 'aws:TagKeys': [DRAIN] },
      // Of no keys at all, "all are this one" is true as well.
      Null: { 'aws:TagKeys': 'false' },
    }),
    wildcard: `${NEW_ID}; bound to instances with the tag of this installation`,
  },
  {
    role: 'controller',
    sid: 'GiveInstancesTheirRole',
    actions: { 'iam:PassRole': 'an instance boots with the role of its profile, and with no other' },
    resources: (facts) => facts.pools.map(({ profile }) => instanceRoleOf(facts, profile).arn),
    conditions: ({ place }) => ({ StringEquals: { 'iam:PassedToService': ec2Service(place) } }),
  },
  {
    role: 'controller',
    sid: 'MakeTheRoleOfSpot',
    actions: {
      'iam:CreateServiceLinkedRole': 'the first spot instance of an account makes the role of EC2 Spot',
    },
    resources: (facts) =>
      anySpot(facts)
        ? [iamArn(facts.place, 'role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot')]
        : [],
    conditions: () => ({ StringEquals: { 'iam:AWSServiceName': 'spot.amazonaws.com' } }),
  },
  {
    role: 'controller',
    sid: 'ReadParameters',
    actions: {
      'ssm:GetParameter':
        'the configuration takes values from parameters; the token of a runner removes the manager of an instance that is gone',
    },
    resources: (facts) => [...tokenParameters(facts), ...configParameters(facts), ...imageParameters(facts)],
  },
  {
    role: 'controller',
    sid: 'DecryptParameters',
    actions: { 'kms:Decrypt': 'the parameters are encrypted with a key of your own' },
    resources: keyOf,
    conditions: (facts) => decrypts(facts, [...tokenParameters(facts), ...configParameters(facts)]),
  },
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
    resources: keyOf,
    conditions: (facts) => decrypts(facts, tokenParameters(facts)),
  },
];

function anySpot({ pools }: Facts): boolean {
  return pools.some(({ market }) => market === 'spot');
}
