import { instanceRoleOf, regionsOf } from './facts.ts';
import { GROUP_PERMISSIONS } from './group-table.ts';
import { anySpot, LAUNCH_PERMISSIONS } from './launch-table.ts';
import { ec2Service, iamArn } from './place.ts';
import {
  anything,
  decrypts,
  DRAIN,
  forLaunches,
  imageParameters,
  inTheirRegions,
  keysOfKept,
  keysOfTokens,
  keptTokens,
  making,
  NEW_RUNNER,
  ofPools,
  opensKept,
  owned,
  type RolePermission,
  tokenParameters,
  using,
} from './row.ts';

/** What is done for pools: with Runtide's own rights, or with those of the role that it assumes for them. */
export const POOL_PERMISSIONS: readonly RolePermission[] = [
  {
    role: 'pools',
    sid: 'Look',
    actions: {
      'ec2:DescribeImages': 'which image a pool means, and what its root volume is called',
      'ec2:DescribeInstances': 'which instances there are, and in what state: the truth of every pass',
      'ec2:DescribeLaunchTemplateVersions': 'whether the launch template of a pool is there already',
      'ec2:DescribeSpotInstanceRequests': 'which spot instances EC2 is about to take back',
      'ec2:DescribeSpotPriceHistory': 'what spot instances cost now',
      'ec2:DescribeSubnets': 'whether the subnets of a pool are there, and in which zones: `runtide check`',
      'ec2:DescribeSecurityGroups': 'whether its security groups belong to their VPC: `runtide check`',
      'ec2:DescribeInstanceTypeOfferings': 'whether its types are offered in their zones: `runtide check`',
    },
    resources: anything,
    conditions: inTheirRegions,
    wildcard: 'EC2 ties none of its Describe actions to resources; bound to the region',
  },
  ...[
    ...LAUNCH_PERMISSIONS,
    making('MakeItsTemplates', ['launch-template'], {
      'ec2:CreateLaunchTemplate': 'every pool has a launch template',
    }),
    using('ChangeItsTemplates', 'launch-template', {
      'ec2:CreateLaunchTemplateVersion': 'a changed pool becomes a new version of its template',
      'ec2:DeleteLaunchTemplateVersions': 'old versions that no instance was made of go',
    }),
  ].map(forLaunches),
  ...GROUP_PERMISSIONS,
  using('EndItsInstances', 'instance', {
    'ec2:TerminateInstances': 'ends what is idle for good, did not boot, or lost its runner',
    'ec2:GetConsoleOutput': 'why an instance did not boot stands on its console',
  }),
  {
    ...using('AskItsInstancesToDrain', 'instance', {
      'ec2:CreateTags': `the tag ${DRAIN}, and no other, asks an instance to drain`,
    }),
    conditions: (facts) => ({
      ...owned(facts),
      'ForAllValues:StringEquals': { 'aws:TagKeys': [DRAIN] },
      // Of no keys at all, "all are this one" is true as well.
      Null: { 'aws:TagKeys': 'false' },
    }),
  },
  forLaunches({
    role: 'pools',
    sid: 'GiveInstancesTheirRole',
    actions: { 'iam:PassRole': 'an instance boots with the role of its profile, and with no other' },
    resources: ofPools((pool, facts) => [instanceRoleOf(facts, pool).arn]),
    conditions: ({ place }) => ({ StringEquals: { 'iam:PassedToService': ec2Service(place) } }),
  }),
  forLaunches({
    role: 'pools',
    sid: 'MakeTheRoleOfSpot',
    actions: {
      'iam:CreateServiceLinkedRole': 'the first spot instance of an account makes the role of EC2 Spot',
    },
    resources: (facts) =>
      anySpot(facts)
        ? [iamArn(facts.place, 'role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot')]
        : [],
    conditions: () => ({ StringEquals: { 'iam:AWSServiceName': 'spot.amazonaws.com' } }),
  }),
  {
    role: 'pools',
    sid: 'ReadTokensAndImages',
    actions: {
      'ssm:GetParameter':
        'the token of a runner removes the manager of an instance that is gone; a parameter may name the image',
    },
    resources: (facts) => [...tokenParameters(facts), ...imageParameters(facts)],
  },
  {
    role: 'pools',
    sid: 'DecryptTokens',
    actions: { 'kms:Decrypt': 'the tokens are encrypted with a key of your own' },
    resources: keysOfTokens,
    conditions: (facts) => decrypts(facts, tokenParameters(facts), regionsOf(facts)),
  },
  {
    role: 'pools',
    sid: 'KeepTokens',
    actions: {
      'ssm:GetParameter':
        'whether the token of a runner is kept; it removes the manager of an instance that is gone',
      'ssm:PutParameter': 'the token of a runner that Runtide makes is kept where its instances read it',
      'ssm:DeleteParameter': 'it goes with the runner',
    },
    resources: keptTokens,
    wildcard: NEW_RUNNER,
  },
  {
    role: 'pools',
    sid: 'EncryptTokens',
    actions: {
      'kms:Encrypt': 'the tokens that Runtide keeps are encrypted with a key of your own',
      'kms:Decrypt': 'and are read again',
    },
    resources: keysOfKept,
    conditions: opensKept,
  },
];
