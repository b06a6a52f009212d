import type { Ec2 } from '../../adapters/memory/ec2/ec2.ts';
import type { SpotRequest } from '../../adapters/memory/ec2/spot-requests.ts';
import { readFilters, readPaging } from './paging-wire.ts';
import type { QueryParameters } from './query-parameters.ts';
import type { XmlTree } from './xml.ts';

export const spotActions = {
  DescribeSpotInstanceRequests(parameters: QueryParameters, ec2: Ec2): XmlTree {
    const request = {
      ids: parameters.texts('SpotInstanceRequestId'),
      filters: readFilters(parameters),
      ...readPaging(parameters),
    };
    parameters.finish();
    const { items, nextToken } = ec2.describeSpotInstanceRequests(request);
    return { spotInstanceRequestSet: items.map(requestXml), nextToken };
  },
};

function requestXml({ id, instance, instanceType, zone, createdAt, state, status }: SpotRequest): XmlTree {
  return {
    spotInstanceRequestId: id,
    type: 'one-time',
    state,
    status: { code: status.code, updateTime: new Date(status.updatedAt), message: status.message },
    launchSpecification: { instanceType, placement: { availabilityZone: zone } },
    instanceId: instance,
    createTime: new Date(createdAt),
    productDescription: 'Linux/UNIX',
    launchedAvailabilityZone: zone,
    tagSet: [],
    instanceInterruptionBehavior: 'terminate',
  };
}
