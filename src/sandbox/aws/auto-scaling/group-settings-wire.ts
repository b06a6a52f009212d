import type {
  InstanceLifecyclePolicy,
  InstanceMaintenancePolicy,
  UpdateGroupRequest,
} from '../../../adapters/memory/auto-scaling/group-requests.ts';
import type { QueryParameters } from '../query-parameters.ts';
import { readDuration } from './duration-wire.ts';
import { readTemplateRef } from './template-ref-wire.ts';

/** What can be said of a group at its creation and later, but for its mixed instances policy. */
export type SettingsRequest = Omit<UpdateGroupRequest, 'name' | 'mixedInstancesPolicy'>;

export function readSettings(parameters: QueryParameters): SettingsRequest {
  return {
    template: readTemplateRef(parameters.structure('LaunchTemplate')),
    minSize: parameters.integer('MinSize'),
    maxSize: parameters.integer('MaxSize'),
    desiredCapacity: parameters.integer('DesiredCapacity'),
    subnets: readSubnets(parameters.text('VPCZoneIdentifier')),
    defaultCooldown: readDuration(parameters, 'DefaultCooldown'),
    healthCheckType: parameters.text('HealthCheckType'),
    healthCheckGracePeriod: readDuration(parameters, 'HealthCheckGracePeriod'),
    terminationPolicies: parameters.memberTexts('TerminationPolicies'),
    newInstancesProtectedFromScaleIn: parameters.boolean('NewInstancesProtectedFromScaleIn'),
    capacityRebalance: parameters.boolean('CapacityRebalance'),
    maxInstanceLifetime: readDuration(parameters, 'MaxInstanceLifetime'),
    defaultInstanceWarmup: readDuration(parameters, 'DefaultInstanceWarmup'),
    instanceLifecyclePolicy: readLifecyclePolicy(parameters.structure('InstanceLifecyclePolicy')),
    instanceMaintenancePolicy: readMaintenancePolicy(parameters.structure('InstanceMaintenancePolicy')),
    context: parameters.text('Context'),
  };
}

function readSubnets(listed: string | undefined): readonly string[] | undefined {
  return listed?.split(',').map((id) => id.trim());
}

function readLifecyclePolicy(policy: QueryParameters | undefined): InstanceLifecyclePolicy | undefined {
  if (policy === undefined) return undefined;
  const triggers = policy.structure('RetentionTriggers');
  return { terminateHookAbandon: triggers?.oneOf('TerminateHookAbandon', ['retain', 'terminate']) };
}

function readMaintenancePolicy(policy: QueryParameters | undefined): InstanceMaintenancePolicy | undefined {
  if (policy === undefined) return undefined;
  return {
    minHealthyPercentage: policy.requiredInteger('MinHealthyPercentage'),
    maxHealthyPercentage: policy.requiredInteger('MaxHealthyPercentage'),
  };
}
