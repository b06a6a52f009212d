import type { Ec2 } from '../../adapters/memory/ec2/ec2.ts';
import type { QueryParameters } from './query-parameters.ts';
import { instanceStateXml, instanceXml } from './instance-xml.ts';
import { readFilters, readPaging } from './paging-wire.ts';
import { readTags } from './tag-wire.ts';
import type { StateTransition } from '../../adapters/memory/ec2/instance-record.ts';
import type { ListedInstance } from '../../adapters/memory/ec2/listing.ts';
import type { XmlTree } from './xml.ts';

export const instanceActions = {
  DescribeInstances(parameters: QueryParameters, ec2: Ec2): XmlTree {
    const request = {
      ids: parameters.texts('InstanceId'),
      filters: readFilters(parameters),
      ...readPaging(parameters),
    };
    parameters.finish();
    const { items, nextToken } = ec2.describeInstances(request);
    const reservations = Map.groupBy(items, (one) => one.record.reservationId);
    return {
      reservationSet: Array.from(reservations, ([id, listed]) => reservationXml(id, listed, ec2)),
      nextToken,
    };
  },

  TerminateInstances(parameters: QueryParameters, ec2: Ec2): XmlTree {
    const ids = parameters.texts('InstanceId');
    parameters.finish();
    return transitionsXml(ec2.terminateInstances(ids));
  },

  StopInstances(parameters: QueryParameters, ec2: Ec2): XmlTree {
    const ids = parameters.texts('InstanceId');
    // No machine here resists: forcing it changes nothing.
    parameters.boolean('Force');
    parameters.finish();
    return transitionsXml(ec2.stopInstances(ids));
  },

  StartInstances(parameters: QueryParameters, ec2: Ec2): XmlTree {
    const ids = parameters.texts('InstanceId');
    parameters.finish();
    return transitionsXml(ec2.startInstances(ids));
  },

  CreateTags(parameters: QueryParameters, ec2: Ec2): XmlTree {
    const ids = parameters.texts('ResourceId');
    const tags = readTags(parameters);
    parameters.finish();
    ec2.createTags(ids, tags);
    return { return: true };
  },

  DeleteTags(parameters: QueryParameters, ec2: Ec2): XmlTree {
    const ids = parameters.texts('ResourceId');
    const tags = parameters
      .list('Tag')
      .map((tag) => ({ key: tag.required('Key'), value: tag.text('Value') }));
    parameters.finish();
    ec2.deleteTags(ids, tags);
    return { return: true };
  },

  GetConsoleOutput(parameters: QueryParameters, ec2: Ec2): XmlTree {
    const instanceId = parameters.required('InstanceId');
    // Whatever the caller asks for, the double answers with the latest output.
    parameters.boolean('Latest');
    parameters.finish();
    const { text, updatedAt } = ec2.getConsoleOutput(instanceId);
    const output = text === '' ? undefined : Buffer.from(text, 'utf8').toString('base64');
    return { instanceId, timestamp: new Date(updatedAt), output };
  },
};

function transitionsXml(transitions: readonly StateTransition[]): XmlTree {
  return {
    instancesSet: transitions.map(({ id, previous, current }) => ({
      instanceId: id,
      currentState: instanceStateXml(current),
      previousState: instanceStateXml(previous),
    })),
  };
}

function reservationXml(reservationId: string, listed: readonly ListedInstance[], ec2: Ec2): XmlTree {
  return {
    reservationId,
    ownerId: ec2.place.account,
    groupSet: [],
    instancesSet: listed.map((one) => instanceXml(one, ec2.place)),
  };
}
