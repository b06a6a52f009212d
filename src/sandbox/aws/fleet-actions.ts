import type { Ec2 } from '../../adapters/memory/ec2/ec2.ts';
import {
  type FleetAnswer,
  type FleetConfig,
  type FleetPool,
  type FleetRequest,
  ON_DEMAND_STRATEGIES,
  SPOT_STRATEGIES,
} from '../../adapters/memory/ec2/fleet-request.ts';
import type { QueryParameters } from './query-parameters.ts';
import { readTagSpecifications } from './tag-wire.ts';
import type { XmlTree } from './xml.ts';

export const fleetActions = {
  CreateFleet(parameters: QueryParameters, ec2: Ec2): XmlTree {
    const request = readFleet(parameters);
    parameters.finish();
    return writeFleet(ec2.createFleet(request));
  },
};

function readFleet(parameters: QueryParameters): FleetRequest {
  parameters.oneOf('Type', ['instant']);
  const target = parameters.structure('TargetCapacitySpecification');
  const spot = parameters.structure('SpotOptions');
  spot?.oneOf('InstanceInterruptionBehavior', ['terminate']);
  return {
    clientToken: parameters.text('ClientToken'),
    configs: parameters.list('LaunchTemplateConfigs').map(readConfig),
    count: target?.integer('TotalTargetCapacity') ?? 0,
    market: target?.oneOf('DefaultTargetCapacityType', ['spot', 'on-demand']) ?? 'on-demand',
    spotStrategy: spot?.oneOf('AllocationStrategy', SPOT_STRATEGIES),
    onDemandStrategy: parameters
      .structure('OnDemandOptions')
      ?.oneOf('AllocationStrategy', ON_DEMAND_STRATEGIES),
    tagSpecifications: readTagSpecifications(parameters),
  };
}

function readConfig(config: QueryParameters): FleetConfig {
  const template = config.structure('LaunchTemplateSpecification');
  return {
    template: {
      id: template?.text('LaunchTemplateId'),
      name: template?.text('LaunchTemplateName'),
      version: template?.required('Version'),
    },
    overrides: config.list('Overrides').map((override) => ({
      instanceType: override.text('InstanceType'),
      subnet: override.text('SubnetId'),
      priority: override.decimal('Priority'),
    })),
  };
}

function writeFleet({ fleetId, market, instances, errors }: FleetAnswer): XmlTree {
  return {
    fleetId,
    errorSet: errors.map(({ pool, code, message }) => ({
      launchTemplateAndOverrides: writePool(pool),
      lifecycle: market,
      errorCode: code,
      errorMessage: message,
    })),
    fleetInstanceSet: instances.map(({ pool, ids }) => ({
      launchTemplateAndOverrides: writePool(pool),
      lifecycle: market,
      instanceIds: ids,
      instanceType: pool.instanceType,
    })),
  };
}

function writePool({ template, override }: FleetPool): XmlTree {
  return {
    launchTemplateSpecification: { launchTemplateId: template.id, version: String(template.version) },
    overrides: {
      instanceType: override.instanceType,
      subnetId: override.subnet,
      priority: override.priority,
    },
  };
}
