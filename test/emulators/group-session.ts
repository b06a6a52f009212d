import * as sdk from '@aws-sdk/client-auto-scaling';
import { refusal, type Step } from './session.ts';

/** One side of a differential session with an Auto Scaling group. */
export interface GroupSide {
  readonly groups: sdk.AutoScalingClient;
  /** A launch template, and the subnets of the group. */
  readonly template: string;
  readonly subnets: readonly string[];
  /** Lets everything that was begun come to its end. */
  readonly settle: () => Promise<void>;
  /** Members that earlier steps have made. */
  readonly made: { instances: readonly string[] };
}

const AutoScalingGroupName = 'runtide-acme-linux';
const UNKNOWN = 'i-0123456789abcdef0';
const HOOK = 'runtide-terminate';

const step = (name: string, run: Step<GroupSide>['run']): Step<GroupSide> => ({ name, run });

function creation({ template, subnets }: GroupSide): sdk.CreateAutoScalingGroupCommand {
  return new sdk.CreateAutoScalingGroupCommand({
    AutoScalingGroupName,
    MinSize: 0,
    MaxSize: 4,
    DesiredCapacity: 0,
    VPCZoneIdentifier: subnets.join(','),
    NewInstancesProtectedFromScaleIn: true,
    CapacityRebalance: false,
    MixedInstancesPolicy: {
      LaunchTemplate: {
        LaunchTemplateSpecification: { LaunchTemplateId: template, Version: '1' },
        Overrides: [{ InstanceType: 'm7i.large' }, { InstanceType: 'c7i.large' }],
      },
      InstancesDistribution: {
        OnDemandAllocationStrategy: 'prioritized',
        OnDemandBaseCapacity: 0,
        OnDemandPercentageAboveBaseCapacity: 100,
        SpotAllocationStrategy: 'price-capacity-optimized',
      },
    },
    InstanceLifecyclePolicy: { RetentionTriggers: { TerminateHookAbandon: 'retain' } },
    Tags: [{ Key: 'runtide:installation', Value: 'acme', PropagateAtLaunch: true }],
  });
}

function describe({ groups }: GroupSide): Promise<sdk.DescribeAutoScalingGroupsCommandOutput> {
  const command = new sdk.DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [AutoScalingGroupName] });
  return groups.send(command);
}

function desire({ groups }: GroupSide, DesiredCapacity: number): Promise<object> {
  const HonorCooldown = false;
  return groups.send(
    new sdk.SetDesiredCapacityCommand({ AutoScalingGroupName, DesiredCapacity, HonorCooldown }),
  );
}

function protect({ groups }: GroupSide, InstanceIds: string[]): Promise<object> {
  const ProtectedFromScaleIn = false;
  return groups.send(
    new sdk.SetInstanceProtectionCommand({ AutoScalingGroupName, InstanceIds, ProtectedFromScaleIn }),
  );
}

function terminate({ groups }: GroupSide, InstanceId: string | undefined): Promise<object> {
  const command = { InstanceId, ShouldDecrementDesiredCapacity: true };
  return groups.send(new sdk.TerminateInstanceInAutoScalingGroupCommand(command));
}

function remove({ groups }: GroupSide, ForceDelete: boolean): Promise<object> {
  return groups.send(new sdk.DeleteAutoScalingGroupCommand({ AutoScalingGroupName, ForceDelete }));
}

/** Everything that Runtide asks of Auto Scaling, in the order of a group's life, with its refusals. */
export const GROUP_SESSION: readonly Step<GroupSide>[] = [
  step('look for a group that does not exist', describe),
  step('set the size of a group that does not exist', (side) => refusal(desire(side, 1))),
  step('create the group', (side) => side.groups.send(creation(side))),
  step('create it once more', (side) => refusal(side.groups.send(creation(side)))),
  step('describe the empty group', describe),
  step('suspend a process', ({ groups }) =>
    groups.send(new sdk.SuspendProcessesCommand({ AutoScalingGroupName, ScalingProcesses: ['AZRebalance'] })),
  ),
  step('suspend a process that there is not', ({ groups }) =>
    refusal(
      groups.send(new sdk.SuspendProcessesCommand({ AutoScalingGroupName, ScalingProcesses: ['Sleep'] })),
    ),
  ),
  step('describe what is suspended', describe),
  step('order two instances', (side) => desire(side, 2)),
  step('order more than the group may have', (side) => refusal(desire(side, 9))),
  step('describe its instances', async (side) => {
    // What moto takes and AWS refuses must not change what follows.
    await desire(side, 2);
    await side.settle();
    const answer = await describe(side);
    side.made.instances = (answer.AutoScalingGroups?.[0]?.Instances ?? []).map(
      ({ InstanceId = '' }) => InstanceId,
    );
    return answer;
  }),
  step('describe one of them', ({ groups, made }) =>
    groups.send(new sdk.DescribeAutoScalingInstancesCommand({ InstanceIds: made.instances.slice(0, 1) })),
  ),
  step('describe one that is in no group', ({ groups }) =>
    groups.send(new sdk.DescribeAutoScalingInstancesCommand({ InstanceIds: [UNKNOWN] })),
  ),
  step('describe what the group has done', ({ groups }) =>
    groups.send(new sdk.DescribeScalingActivitiesCommand({ AutoScalingGroupName })),
  ),
  step('put a hook on termination', ({ groups }) =>
    groups.send(
      new sdk.PutLifecycleHookCommand({
        AutoScalingGroupName,
        LifecycleHookName: HOOK,
        LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
        HeartbeatTimeout: 3600,
        DefaultResult: 'ABANDON',
      }),
    ),
  ),
  step('describe the hooks', ({ groups }) =>
    groups.send(new sdk.DescribeLifecycleHooksCommand({ AutoScalingGroupName })),
  ),
  step('end the protection of one', (side) => protect(side, side.made.instances.slice(0, 1))),
  step('end the protection of one that is in no group', (side) => refusal(protect(side, [UNKNOWN]))),
  step('complete an action that nobody waits for', ({ groups, made }) =>
    refusal(
      groups.send(
        new sdk.CompleteLifecycleActionCommand({
          AutoScalingGroupName,
          LifecycleHookName: HOOK,
          LifecycleActionResult: 'CONTINUE',
          InstanceId: made.instances[0],
        }),
      ),
    ),
  ),
  step('terminate one of them, and order one less', (side) => terminate(side, side.made.instances[0])),
  step('terminate one that is in no group', (side) => refusal(terminate(side, UNKNOWN))),
  step('describe the rest', async (side) => {
    await side.settle();
    return describe(side);
  }),
  step('say that it still needs time', ({ groups, made }) =>
    refusal(
      groups.send(
        new sdk.RecordLifecycleActionHeartbeatCommand({
          AutoScalingGroupName,
          LifecycleHookName: HOOK,
          InstanceId: made.instances[0],
        }),
      ),
    ),
  ),
  step('let it end', ({ groups, made }) =>
    refusal(
      groups.send(
        new sdk.CompleteLifecycleActionCommand({
          AutoScalingGroupName,
          LifecycleHookName: HOOK,
          LifecycleActionResult: 'CONTINUE',
          InstanceId: made.instances[0],
        }),
      ),
    ),
  ),
  step('describe the group without it', async (side) => {
    await side.settle();
    return describe(side);
  }),
  step('change the tag and add another', ({ groups }) =>
    groups.send(
      new sdk.CreateOrUpdateTagsCommand({
        Tags: ['runtide:installation', 'runtide:pool'].map((Key) => ({
          ResourceId: AutoScalingGroupName,
          ResourceType: 'auto-scaling-group',
          Key,
          Value: 'other',
          PropagateAtLaunch: false,
        })),
      }),
    ),
  ),
  step('remove a tag', ({ groups }) =>
    groups.send(
      new sdk.DeleteTagsCommand({
        Tags: [
          {
            ResourceId: AutoScalingGroupName,
            ResourceType: 'auto-scaling-group',
            Key: 'runtide:installation',
          },
        ],
      }),
    ),
  ),
  step('resume everything', ({ groups }) =>
    groups.send(new sdk.ResumeProcessesCommand({ AutoScalingGroupName })),
  ),
  step('change what it may launch', ({ groups, template }) =>
    groups.send(
      new sdk.UpdateAutoScalingGroupCommand({
        AutoScalingGroupName,
        MaxSize: 6,
        MixedInstancesPolicy: {
          LaunchTemplate: {
            LaunchTemplateSpecification: { LaunchTemplateId: template, Version: '1' },
            Overrides: [{ InstanceType: 'r7i.large' }],
          },
          InstancesDistribution: { OnDemandPercentageAboveBaseCapacity: 0 },
        },
      }),
    ),
  ),
  step('describe it with all changes', describe),
  step('describe the policies that it has not', ({ groups }) =>
    groups.send(new sdk.DescribePoliciesCommand({ AutoScalingGroupName })),
  ),
  step('delete the group while it has instances', (side) => refusal(remove(side, false))),
  step('delete it by force', (side) => refusal(remove(side, true))),
  step('look for it once it is gone', async (side) => {
    await side.settle();
    return describe(side);
  }),
];
