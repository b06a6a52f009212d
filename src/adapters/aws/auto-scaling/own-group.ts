import {
  type AutoScalingClient,
  CreateAutoScalingGroupCommand,
  type CreateAutoScalingGroupCommandInput,
  type InstanceLifecyclePolicy,
  type MixedInstancesPolicy,
  SuspendProcessesCommand,
  UpdateAutoScalingGroupCommand,
  type UpdateAutoScalingGroupCommandInput,
} from '@aws-sdk/client-auto-scaling';
import type { CallLimits } from '../aws-call.ts';
import { awsCode } from '../errors.ts';
import type { DescribedGroup } from './described-group.ts';
import { groupCall } from './group-call.ts';
import type { GroupPool, Ownership } from './group-pool.ts';
import { groupTags } from './group-tags.ts';
import { wantedHooks } from './lifecycle-hooks.ts';
import { isPolicyOf, marketPolicy, type TemplateVersion } from './market-policy.ts';

/** A group that Runtide makes for a pool. */
export interface OwnGroup {
  readonly pool: string;
  readonly settings: GroupPool;
  readonly template: TemplateVersion;
}

/** An instance whose end nobody answered for may still have jobs. */
export const RETAIN: InstanceLifecyclePolicy = { RetentionTriggers: { TerminateHookAbandon: 'retain' } };
/** Ends instances wherever they are, to spread those that it has. */
export const REBALANCING = 'AZRebalance';
/** Seconds after the gate in which a failing status check of EC2 means nothing. */
const GRACE = 300;

type Update = Omit<UpdateAutoScalingGroupCommandInput, 'AutoScalingGroupName'>;

function fixedSettings({ subnets }: GroupPool) {
  return {
    MinSize: 0,
    VPCZoneIdentifier: subnets.join(','),
    NewInstancesProtectedFromScaleIn: true,
    CapacityRebalance: false,
    DefaultCooldown: 0,
    HealthCheckType: 'EC2',
    HealthCheckGracePeriod: GRACE,
    InstanceLifecyclePolicy: RETAIN,
  } as const;
}

function creation(
  { pool, settings, template }: OwnGroup,
  ownership: Ownership,
): CreateAutoScalingGroupCommandInput {
  const { group, max, offerings, heartbeat } = settings;
  return {
    AutoScalingGroupName: group,
    ...fixedSettings(settings),
    MaxSize: max,
    DesiredCapacity: 0,
    MixedInstancesPolicy: marketPolicy(template, offerings, 0, offerings),
    // With the group, so that nothing is launched that waits at none.
    LifecycleHookSpecificationList: [...wantedHooks(heartbeat)],
    Tags: [...groupTags(pool, settings, ownership)],
  };
}

/** Has a group leave its instances where they are. */
export async function suspendRebalancing(
  client: AutoScalingClient,
  group: string,
  limits: CallLimits,
): Promise<void> {
  const input = { AutoScalingGroupName: group, ScalingProcesses: [REBALANCING] };
  await groupCall(`suspending ${REBALANCING} of group ${group}`, limits, (options) =>
    client.send(new SuspendProcessesCommand(input), options),
  );
}

/** Makes the group, without instances; one that somebody made meanwhile is left as it is. Throws `PortError`. */
export async function createGroup(
  client: AutoScalingClient,
  own: OwnGroup,
  ownership: Ownership,
  limits: CallLimits,
): Promise<void> {
  const { group } = own.settings;
  try {
    await groupCall(`creating group ${group}`, limits, (options) =>
      client.send(new CreateAutoScalingGroupCommand(creation(own, ownership)), options),
    );
  } catch (error) {
    if (awsCode(error) !== 'AlreadyExistsFault' && awsCode(error) !== 'AlreadyExists') throw error;
    return;
  }
  await suspendRebalancing(client, group, limits);
}

const inOrder = (list: string): string => list.split(',').toSorted().join();

function sameSubnets(one = '', other = ''): boolean {
  return inOrder(one) === inOrder(other);
}

/** The policy of the last order, with this template; types that are not the pool's are none of it. */
function keptPolicy({ said }: DescribedGroup, { settings, template }: OwnGroup): MixedInstancesPolicy {
  const { offerings } = settings;
  const { LaunchTemplate, InstancesDistribution } = said.MixedInstancesPolicy ?? {};
  const types = new Set(LaunchTemplate?.Overrides?.map(({ InstanceType }) => InstanceType));
  const kept = offerings.filter(({ instanceType }) => types.has(instanceType));
  const onDemand = InstancesDistribution?.OnDemandBaseCapacity ?? 0;
  return marketPolicy(template, kept.length > 0 ? kept : offerings, onDemand, offerings);
}

const PLAIN = [
  'MinSize',
  'NewInstancesProtectedFromScaleIn',
  'CapacityRebalance',
  'DefaultCooldown',
  'HealthCheckType',
  'HealthCheckGracePeriod',
] as const;

/** What differs though nobody but Runtide has to change it. */
function strayed({ said }: DescribedGroup, settings: GroupPool): Update {
  const wanted = fixedSettings(settings);
  const { VPCZoneIdentifier, InstanceLifecyclePolicy: lifecycle } = wanted;
  const differs = PLAIN.filter((key) => (said[key] ?? false) !== wanted[key]).map((key) => [
    key,
    wanted[key],
  ]);
  return {
    ...Object.fromEntries(differs),
    ...(sameSubnets(said.VPCZoneIdentifier, VPCZoneIdentifier) ? {} : { VPCZoneIdentifier }),
    ...(said.InstanceLifecyclePolicy?.RetentionTriggers?.TerminateHookAbandon === 'retain'
      ? {}
      : { InstanceLifecyclePolicy: lifecycle }),
  };
}

/**
 * Makes a group's own settings as they must be, but for its desired capacity. `desired`: what it was asked for last;
 * a lower maximum would take that back. Answers with the names of what somebody else had changed. Throws `PortError`.
 */
export async function mendGroup(
  client: AutoScalingClient,
  group: DescribedGroup,
  own: OwnGroup,
  desired: number,
  limits: CallLimits,
): Promise<readonly string[]> {
  const edited = strayed(group, own.settings);
  const policy = keptPolicy(group, own);
  const max = Math.max(own.settings.max, desired);
  const changes: Update = {
    ...edited,
    ...(group.max !== max && { MaxSize: max }),
    ...(!isPolicyOf(group, policy) && { MixedInstancesPolicy: policy }),
  };
  if (Object.keys(changes).length > 0) await updateGroup(client, group.name, changes, limits);
  const rebalances =
    group.said.SuspendedProcesses?.every(({ ProcessName }) => ProcessName !== REBALANCING) ?? true;
  if (rebalances) await suspendRebalancing(client, group.name, limits);
  return [...Object.keys(edited), ...(rebalances ? [REBALANCING] : [])];
}

/** Changes settings of a group. Throws `PortError`. */
export async function updateGroup(
  client: AutoScalingClient,
  group: string,
  changes: Update,
  limits: CallLimits,
): Promise<void> {
  const doing = `setting ${Object.keys(changes).join(', ')} of group ${group}`;
  await groupCall(doing, limits, (options) =>
    client.send(new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: group, ...changes }), options),
  );
}
