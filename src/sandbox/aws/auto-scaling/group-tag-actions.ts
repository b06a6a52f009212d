import type { AutoScaling } from '../../../adapters/memory/auto-scaling/auto-scaling.ts';
import type { QueryParameters } from '../query-parameters.ts';
import { readTags } from './group-tag-wire.ts';

/** Actions on tags of groups. */
export const groupTagActions = {
  CreateOrUpdateTags(parameters: QueryParameters, groups: AutoScaling): undefined {
    const tags = readTags(parameters);
    parameters.finish();
    groups.createOrUpdateTags(tags);
  },

  DeleteTags(parameters: QueryParameters, groups: AutoScaling): undefined {
    const tags = readTags(parameters);
    parameters.finish();
    groups.deleteTags(tags);
  },
};
