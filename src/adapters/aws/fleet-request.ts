import type { CreateFleetCommandInput } from '@aws-sdk/client-ec2';
import { PortError } from '../../controller/errors.ts';
import type { LaunchRequest } from '../../controller/ports.ts';
import type { Market } from '../../engine/pool.ts';
import { awsTags, launchTags } from './instance-tags.ts';

/** What is being done, for errors. */
export function describeLaunch(request: LaunchRequest): string {
  const machines = request.count === 1 ? '1 instance' : `${request.count} instances`;
  return `launching ${machines} of pool ${request.pool} (launch ${request.launchId})`;
}

function refused(request: LaunchRequest, why: string, next: string): PortError {
  return new PortError({ kind: 'refused', system: 'ec2', doing: describeLaunch(request), why, next });
}

/** The one market of the request. Throws `refused`: a fleet whose answer may mix markets cannot fill a count exactly. */
function marketOf(request: LaunchRequest): Market {
  const [first, ...others] = new Set(request.offerings.map((offering) => offering.market));
  if (first === undefined) {
    throw refused(request, 'it names no offering', 'give the pool at least one type and one subnet');
  }
  if (others.length > 0) {
    throw refused(request, 'its offerings mix spot and on-demand', 'launch each market by itself');
  }
  return first;
}

function strategy(market: Market): Pick<CreateFleetCommandInput, 'SpotOptions' | 'OnDemandOptions'> {
  if (market === 'on-demand') return { OnDemandOptions: { AllocationStrategy: 'lowest-price' } };
  return {
    SpotOptions: {
      AllocationStrategy: 'price-capacity-optimized',
      InstanceInterruptionBehavior: 'terminate',
    },
  };
}

type Override = NonNullable<
  NonNullable<CreateFleetCommandInput['LaunchTemplateConfigs']>[number]['Overrides']
>[number];
type InstanceType = NonNullable<Override['InstanceType']>;

/** Only the spelling is checked: EC2 has more types than the SDK has names for. */
export function isInstanceType(name: string): name is InstanceType {
  return /^[\w.-]+$/.test(name);
}

function overrides(request: LaunchRequest): Override[] {
  return request.offerings.map(({ instanceType, subnet }) => {
    if (!isInstanceType(instanceType)) {
      const why = `${JSON.stringify(instanceType)} is no instance type`;
      throw refused(request, why, 'check instances.types of the pool');
    }
    return { InstanceType: instanceType, ...(subnet === undefined ? {} : { SubnetId: subnet }) };
  });
}

/** The CreateFleet call of a launch: one market, the pinned template, the launch's own token and tags. */
export function fleetRequest(
  request: LaunchRequest,
  installation: string,
  users: Readonly<Record<string, string>>,
): CreateFleetCommandInput {
  const market = marketOf(request);
  const tags = awsTags(launchTags({ ...request, installation }, users));
  return {
    Type: 'instant',
    ClientToken: request.launchId,
    TargetCapacitySpecification: {
      TotalTargetCapacity: request.count,
      DefaultTargetCapacityType: market,
    },
    ...strategy(market),
    LaunchTemplateConfigs: [
      {
        LaunchTemplateSpecification: {
          LaunchTemplateId: request.template.id,
          Version: request.template.version,
        },
        Overrides: overrides(request),
      },
    ],
    TagSpecifications: [
      { ResourceType: 'fleet', Tags: tags },
      { ResourceType: 'instance', Tags: tags },
    ],
  };
}
