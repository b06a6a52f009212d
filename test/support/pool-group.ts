import * as sdk from '@aws-sdk/client-auto-scaling';
import type { GroupPool } from '../../src/adapters/aws/auto-scaling/group-pool.ts';
import { defaultPlace } from '../../src/adapters/memory/ec2/place.ts';
import { minutes } from '../../src/engine/time.ts';
import type { AwsDouble } from './aws-double.ts';
import { GROUP } from './aws-group.ts';

const SUBNETS = defaultPlace.subnets.map(({ id }) => id);

/** Pool `linux` of installation `acme`, for which Runtide makes the group. */
export const POOL: GroupPool = {
  group: GROUP,
  attached: false,
  heartbeat: minutes(60),
  max: 10,
  subnets: SUBNETS,
  offerings: [{ instanceType: 'm7i.large', subnet: SUBNETS[0] ?? '', market: 'spot' }],
  slots: 1,
  generation: 'g1',
};
/** The same pool where the group is the operator's. */
export const ATTACHED: GroupPool = { ...POOL, attached: true, subnets: [] };
/** The tag by which a group belongs to installation `acme`. */
export const OURS = { Key: 'runtide:installation', Value: 'acme', PropagateAtLaunch: true };
const HOOKS = [
  ['runtide-launch', 'LAUNCHING'],
  ['runtide-terminate', 'TERMINATING'],
].map(([LifecycleHookName, end]) => ({
  LifecycleHookName,
  LifecycleTransition: `autoscaling:EC2_INSTANCE_${end}`,
  HeartbeatTimeout: 3600,
  DefaultResult: 'ABANDON',
}));
/** All that an attached group must have, but that AZRebalance is suspended. */
export const WHOLE = {
  Tags: [OURS],
  LifecycleHookSpecificationList: HOOKS,
  InstanceLifecyclePolicy: { RetentionTriggers: { TerminateHookAbandon: 'retain' } },
} satisfies Partial<sdk.CreateAutoScalingGroupCommandInput>;

/** Has the group leave off these processes. */
export async function suspend({ autoScaling }: AwsDouble, ...ScalingProcesses: string[]): Promise<void> {
  await autoScaling.send(new sdk.SuspendProcessesCommand({ AutoScalingGroupName: GROUP, ScalingProcesses }));
}
