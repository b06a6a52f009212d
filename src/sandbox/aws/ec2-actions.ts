import type { Ec2 } from '../../adapters/memory/ec2/ec2.ts';
import { fleetActions } from './fleet-actions.ts';
import { instanceActions } from './instance-actions.ts';
import { launchActions } from './launch-actions.ts';
import { placeActions } from './place-actions.ts';
import type { QueryParameters } from './query-parameters.ts';
import { spotActions } from './spot-actions.ts';
import { templateActions } from './template-actions.ts';
import type { XmlTree } from './xml.ts';

/** Reads a request to its end, carries it out and answers the members of the response. */
export type Ec2Action = (parameters: QueryParameters, ec2: Ec2) => XmlTree;

/** Every action that the double knows. */
export const ec2Actions: ReadonlyMap<string, Ec2Action> = new Map(
  Object.entries({
    ...fleetActions,
    ...instanceActions,
    ...launchActions,
    ...spotActions,
    ...templateActions,
    ...placeActions,
  }),
);
