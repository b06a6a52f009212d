import * as sdk from '@aws-sdk/client-auto-scaling';
import { defaultPlace } from '../../src/adapters/memory/ec2/place.ts';
import { minutes } from '../../src/engine/time.ts';
import { type AwsDouble, templateOf } from './aws-double.ts';

/** The group that `createGroup` makes. */
export const GROUP = 'linux';

type Input = sdk.CreateAutoScalingGroupCommandInput;

/** Makes a group of spot instances, with its launch template, whose id it answers; nothing has been launched yet. */
export async function createGroup(double: AwsDouble, change: Partial<Input> = {}): Promise<string> {
  const template = await templateOf(double.ec2);
  await double.autoScaling.send(new sdk.CreateAutoScalingGroupCommand(groupInput(template, change)));
  return template;
}

/** What `createGroup` asks. */
export function groupInput(template: string, change: Partial<Input> = {}): Input {
  return {
    AutoScalingGroupName: GROUP,
    MinSize: 0,
    MaxSize: 10,
    VPCZoneIdentifier: defaultPlace.subnets.map(({ id }) => id).join(','),
    NewInstancesProtectedFromScaleIn: true,
    MixedInstancesPolicy: {
      LaunchTemplate: {
        LaunchTemplateSpecification: { LaunchTemplateId: template, Version: '1' },
        Overrides: [{ InstanceType: 'm7i.large' }],
      },
      InstancesDistribution: { OnDemandBaseCapacity: 0, OnDemandPercentageAboveBaseCapacity: 0 },
    },
    ...change,
  };
}

/** Makes a group, lets it launch `count` instances and answers their ids. */
export async function launchInGroup(
  double: AwsDouble,
  count: number,
  change: Partial<Input> = {},
): Promise<readonly string[]> {
  await createGroup(double, { DesiredCapacity: count, ...change });
  await double.clock.advance(minutes(10));
  return (await describeGroup(double)).Instances?.map(({ InstanceId = '' }) => InstanceId) ?? [];
}

/** The group as the SDK reads it. */
export async function describeGroup(double: AwsDouble): Promise<Partial<sdk.AutoScalingGroup>> {
  const command = new sdk.DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [GROUP] });
  const { AutoScalingGroups = [] } = await double.autoScaling.send(command);
  return AutoScalingGroups[0] ?? {};
}

/** Each member's state, in the order in which they came. */
export async function statesIn(double: AwsDouble): Promise<readonly (string | undefined)[]> {
  return (await describeGroup(double)).Instances?.map(({ LifecycleState }) => LifecycleState) ?? [];
}
