import type { Tag, TagSpecification } from '../../adapters/memory/ec2/tags.ts';
import type { QueryParameters } from './query-parameters.ts';
import type { XmlTree } from './xml.ts';

/** Reads `Tag.N.Key` and `Tag.N.Value`. */
export function readTags(parameters: QueryParameters): readonly Tag[] {
  return parameters.list('Tag').map((tag) => ({ key: tag.required('Key'), value: tag.text('Value') ?? '' }));
}

/** Reads `TagSpecification.N.ResourceType` and its tags. */
export function readTagSpecifications(parameters: QueryParameters): readonly TagSpecification[] {
  return parameters
    .list('TagSpecification')
    .map((one) => ({ resourceType: one.required('ResourceType'), tags: readTags(one) }));
}

/** Writes tags as the items of a `tagSet`; undefined where there are none. */
export function writeTags(tags: Iterable<readonly [string, string]>): readonly XmlTree[] | undefined {
  const items = Array.from(tags, ([key, value]) => ({ key, value }));
  return items.length === 0 ? undefined : items;
}
