import type { GroupTagRequest } from '../../../adapters/memory/auto-scaling/group-requests.ts';
import type { QueryParameters } from '../query-parameters.ts';

/** Reads `Tags`. Where a group is being made, its `name` stands for that of the resource. */
export function readTags(parameters: QueryParameters, name?: string): readonly GroupTagRequest[] {
  return (parameters.members('Tags') ?? []).map((tag) => {
    tag.oneOf('ResourceType', ['auto-scaling-group']);
    return {
      group: tag.text('ResourceId') ?? name ?? tag.required('ResourceId'),
      key: tag.required('Key'),
      value: tag.text('Value'),
      propagateAtLaunch: tag.boolean('PropagateAtLaunch'),
    };
  });
}
