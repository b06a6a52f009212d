import type { Ec2 } from '../../adapters/memory/ec2/ec2.ts';
import { Ec2Error, invalidValue } from '../../adapters/memory/ec2/error.ts';
import { checkOffer, isOffered } from '../../adapters/memory/ec2/fleet-offer.ts';
import type { LaunchTemplateData } from '../../adapters/memory/ec2/launch-template.ts';
import { readFilters, readPaging } from './paging-wire.ts';
import type { QueryParameters } from './query-parameters.ts';
import { readTagSpecifications } from './tag-wire.ts';
import { readTemplateData } from './template-data-wire.ts';
import type { XmlTree } from './xml.ts';

/** Actions that tell whether a launch could be. */
export const launchActions = {
  DescribeInstanceTypeOfferings(parameters: QueryParameters, ec2: Ec2): XmlTree {
    parameters.oneOf('LocationType', ['availability-zone']);
    const filters = readFilters(parameters);
    readPaging(parameters);
    parameters.finish();
    ec2.countCall('DescribeInstanceTypeOfferings');
    const strange = filters.find(({ name }) => name !== 'instance-type' && name !== 'location');
    if (strange !== undefined) throw invalidValue(`The filter '${strange.name}' is invalid`);
    const named = filters.find(({ name }) => name === 'instance-type')?.values;
    if (named === undefined) {
      throw new Ec2Error(
        'UnsupportedOperation',
        'The sandbox has no list of all types: filter by instance-type.',
      );
    }
    const wanted = filters.find(({ name }) => name === 'location')?.values;
    const zones = new Set(ec2.place.subnets.map(({ zone }) => zone));
    return {
      instanceTypeOfferingSet: [...zones]
        .filter((zone) => wanted?.includes(zone) ?? true)
        .flatMap((zone) =>
          named
            .filter((instanceType) => isOffered(ec2.place, instanceType, zone))
            .map((instanceType) => ({ instanceType, locationType: 'availability-zone', location: zone })),
        ),
    };
  },

  /** Looks at everything that a launch names, as far as dry runs go: instances come from CreateFleet alone. */
  RunInstances(parameters: QueryParameters, ec2: Ec2): XmlTree {
    const { data, templateId, version } = readData(parameters, ec2);
    const instanceType = parameters.required('InstanceType');
    const subnet = parameters.text('SubnetId') ?? ec2.place.subnets[0]?.id ?? '';
    const counts = [parameters.integer('MinCount'), parameters.integer('MaxCount')];
    parameters.structure('InstanceMarketOptions')?.oneOf('MarketType', ['spot']);
    // Every request of the SDK has one: with a dry run nothing comes of it.
    parameters.text('ClientToken');
    const requestTags = readTagSpecifications(parameters);
    ec2.countCall('RunInstances');
    const found = ec2.place.subnets.find(({ id }) => id === subnet);
    const zone = found?.zone ?? '';
    const pool = { template: { id: templateId, version }, override: {}, instanceType, subnet, zone };
    checkOffer({ pool, data, subnet: found, requestTags }, ec2.place, () => undefined);
    parameters.finish();
    throw new Ec2Error(
      'UnsupportedOperation',
      `The sandbox launches by CreateFleet alone, not ${counts.join(' to ')} by RunInstances.`,
    );
  },
};

interface Contents {
  readonly data: LaunchTemplateData;
  readonly templateId: string;
  readonly version: number;
}

/** What the request itself says of the instance, over what its launch template says. */
function readData(parameters: QueryParameters, ec2: Ec2): Contents {
  const said = readTemplateData(parameters);
  const template = parameters.structure('LaunchTemplate');
  if (template === undefined) return { data: said, templateId: '', version: 0 };
  const ref = { id: template.text('LaunchTemplateId'), name: template.text('LaunchTemplateName') };
  const versions = [template.text('Version') ?? '$Default'];
  const [found] = ec2.describeLaunchTemplateVersions({ ...ref, versions }).items;
  const own = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
  return {
    data: { ...found?.data, ...own },
    templateId: found?.templateId ?? '',
    version: found?.version ?? 0,
  };
}
