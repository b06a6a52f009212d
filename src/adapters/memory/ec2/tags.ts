import { Ec2Error, invalidValue } from './error.ts';

export interface Tag {
  readonly key: string;
  readonly value: string;
}

/** Tags for one kind of resource, as requests carry them. */
export interface TagSpecification {
  readonly resourceType: string;
  readonly tags: readonly Tag[];
}

const reserved = 'aws:';
const maxTags = 50;
const metadataKey = /^[0-9a-zA-Z\-_+=,.@:]{1,255}$/;

/** Refuses tags that no resource takes: reserved, too long, or doubled keys. */
export function checkTags(tags: readonly Tag[]): void {
  const keys = new Set<string>();
  for (const { key, value } of tags) {
    if (key === '' || key.length > 128) throw invalidValue(`Tag key '${key}' must have 1 to 128 characters.`);
    if (value.length > 256) throw invalidValue(`Tag value of '${key}' exceeds the maximum length of 256.`);
    if (key.startsWith(reserved))
      throw invalidValue(`Tag key '${key}' is reserved: it starts with '${reserved}'.`);
    if (keys.has(key)) throw invalidValue(`Duplicate tag key '${key}' specified.`);
    keys.add(key);
  }
}

/** Refuses keys that instance metadata cannot show as a path. */
export function checkMetadataKeys(tags: readonly Tag[]): void {
  const bad = tags.find(({ key }) => !metadataKey.test(key) || ['.', '..', '_index'].includes(key));
  if (bad !== undefined) {
    throw invalidValue(
      `'${bad.key}' is not a valid tag key while instance tags in metadata are on: ` +
        `keys must match ${metadataKey.source} and must not be '.', '..' or '_index'.`,
    );
  }
}

/** Adds tags to a resource's own, or refuses all of them when there would be more than 50. */
export function addTags(own: Map<string, string>, tags: readonly Tag[]): void {
  const kept = [...own.keys()].filter((key) => !key.startsWith(reserved));
  if (new Set([...kept, ...tags.map((tag) => tag.key)]).size > maxTags) {
    throw new Ec2Error('TagLimitExceeded', `The maximum number of tags for a resource is ${maxTags}.`);
  }
  for (const { key, value } of tags) own.set(key, value);
}

/** The tags that the specifications hold for one kind of resource; a later specification wins. */
export function tagsFor(resourceType: string, specifications: readonly TagSpecification[]): readonly Tag[] {
  const chosen = specifications.filter((one) => one.resourceType === resourceType).flatMap((one) => one.tags);
  return [...new Map(chosen.map((tag) => [tag.key, tag])).values()];
}
