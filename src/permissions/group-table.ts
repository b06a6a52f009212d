import { type Facts, type GroupFacts, placeOfPool, type PoolFacts } from './facts.ts';
import { arnIn, iamArn, type Place } from './place.ts';
import type { Conditions } from './policy.ts';
import { anything, becomesOwned, inTheirRegions, ofPools, OWNED_BY, type RolePermission } from './row.ts';

/** The ARN of a group by its name: what stands before that is not known before the group exists. */
export function groupArn(place: Place, name: string): string {
  return arnIn(place, 'autoscaling', `autoScalingGroup:*:autoScalingGroupName/${name}`);
}

/** Those of the pools whose instances a group launches. */
function withGroups(facts: Facts): Facts {
  return { ...facts, pools: facts.pools.filter(({ group }) => group !== undefined) };
}

function groupsThat(fit: (group: GroupFacts) => boolean) {
  return ofPools(({ group, ...pool }: PoolFacts, facts) =>
    group !== undefined && fit(group) ? [groupArn(placeOfPool(facts, pool), group.name)] : [],
  );
}

const anyGroup = groupsThat(() => true);
const ownGroups = groupsThat(({ attached }) => !attached);
const attachedGroups = groupsThat(({ attached }) => attached);

/** Those of the pools whose group is the operator's. */
function attachedOnly(facts: Facts): Facts {
  return { ...facts, pools: facts.pools.filter(({ group }) => group?.attached === true) };
}

/** The tags of a call are among these; one without tags is none of them. */
function tagsAmong(facts: Facts, operator: 'StringEquals' | 'StringLike', keys: string): Conditions {
  return {
    ...ownedGroup(facts),
    [`ForAllValues:${operator}`]: { 'aws:TagKeys': [keys] },
    // Of no keys at all, "all are these" is true as well.
    Null: { 'aws:TagKeys': 'false' },
  };
}

/** The group carries this installation's tag. */
export function ownedGroup({ installation }: Facts): Conditions {
  return { StringEquals: { [`autoscaling:ResourceTag/${OWNED_BY}`]: installation } };
}

/** The tag of src/adapters/aws/instance-tags.ts. */
export const MAX_JOBS = 'runtide:max-jobs';

const BY_NAME =
  'the ARN of a group holds an id that is not known before it exists; bound to groups of that name';
const OWNED_GROUPS = `${BY_NAME} with the tag of this installation`;

/** What pools with an Auto Scaling group need besides. */
export const GROUP_PERMISSIONS: readonly RolePermission[] = [
  {
    role: 'pools',
    sid: 'LookAtGroups',
    actions: {
      'autoscaling:DescribeAutoScalingGroups':
        'what a group launches, how many it wants, and what becomes of each of its instances',
      'autoscaling:DescribeAutoScalingInstances':
        'where one instance stands with its group before it is ended',
      'autoscaling:DescribeScalingActivities': 'why a group could not launch what was asked for',
      'autoscaling:DescribeLifecycleHooks': 'whether a group asks before an instance starts and ends',
      'autoscaling:DescribePolicies': 'whether something else scales a group',
      'autoscaling:DescribeInstanceRefreshes': 'whether the instances of a group are being replaced',
    },
    resources: (facts) => anything(withGroups(facts)),
    conditions: (facts) => inTheirRegions(withGroups(facts)),
    wildcard: 'Auto Scaling ties none of its Describe actions to resources; bound to the region',
  },
  {
    role: 'pools',
    sid: 'LookAtTemplatesOfGroups',
    actions: {
      'ec2:DescribeLaunchTemplates': 'which version of its launch template a group of yours launches now',
    },
    resources: (facts) => anything(attachedOnly(facts)),
    conditions: (facts) => inTheirRegions(attachedOnly(facts)),
    wildcard: 'EC2 ties none of its Describe actions to resources; bound to the region',
  },
  {
    role: 'pools',
    sid: 'MakeItsGroups',
    actions: {
      'autoscaling:CreateAutoScalingGroup':
        'the group of a pool, whose maker needs the rights that its launches need, from the template to the role',
      'autoscaling:CreateOrUpdateTags': 'it gets the tags of its pool as it is made',
    },
    resources: ownGroups,
    conditions: becomesOwned,
    wildcard: `${BY_NAME} that get the tag of this installation`,
  },
  {
    role: 'pools',
    sid: 'ChangeItsGroups',
    actions: {
      'autoscaling:UpdateAutoScalingGroup':
        'limits, subnets and the version of the template; which market and which types the next launch takes',
      'autoscaling:PutLifecycleHook': 'the group asks before an instance starts and ends',
      'autoscaling:SuspendProcesses': 'the group moves no instance to another zone',
      'autoscaling:CreateOrUpdateTags': 'its tags, which its instances get, follow the configuration',
    },
    resources: ownGroups,
    conditions: ownedGroup,
    wildcard: OWNED_GROUPS,
  },
  {
    role: 'pools',
    sid: 'UseItsGroups',
    actions: {
      'autoscaling:SetDesiredCapacity':
        'a launch asks a group for more, and takes back what is not launched yet',
      'autoscaling:TerminateInstanceInAutoScalingGroup': 'an instance that is drained leaves with its place',
      'autoscaling:CompleteLifecycleAction':
        'an instance that is ready starts to count, and a drained one may end',
      'autoscaling:RecordLifecycleActionHeartbeat':
        'an instance that ends is waited for as long as its jobs run',
      'autoscaling:SetInstanceProtection': 'the group itself chooses none to end',
    },
    resources: anyGroup,
    conditions: ownedGroup,
    wildcard: OWNED_GROUPS,
  },
  {
    role: 'pools',
    sid: 'TagYourGroups',
    actions: {
      'autoscaling:CreateOrUpdateTags':
        'the tags `runtide:`, and no others, tell the instances of a group of yours which pool they are of',
    },
    resources: attachedGroups,
    conditions: (facts) => tagsAmong(facts, 'StringLike', 'runtide:*'),
    wildcard: OWNED_GROUPS,
  },
  {
    role: 'pools',
    sid: 'UntagGroups',
    actions: {
      'autoscaling:DeleteTags': `the tag ${MAX_JOBS}, and no other, goes where jobs are counted no more`,
    },
    resources: anyGroup,
    conditions: (facts) => tagsAmong(facts, 'StringEquals', MAX_JOBS),
    wildcard: OWNED_GROUPS,
  },
  {
    role: 'pools',
    sid: 'MakeTheRoleOfAutoScaling',
    actions: {
      'iam:CreateServiceLinkedRole':
        'the first group of an account makes the role by which Auto Scaling launches and ends instances',
    },
    resources: (facts) =>
      ownGroups(facts).length === 0
        ? []
        : [
            iamArn(
              facts.place,
              'role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling',
            ),
          ],
    conditions: () => ({ StringEquals: { 'iam:AWSServiceName': 'autoscaling.amazonaws.com' } }),
  },
];
