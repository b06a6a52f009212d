import { seesOwnTags } from './instance-record.ts';
import type { InstanceDirectory } from './instance-directory.ts';
import type { Instances } from './instances.ts';
import { addTags, checkMetadataKeys, checkTags, type Tag } from './tags.ts';

/** A tag to remove; without a value, whatever its value is. */
export interface TagToDelete {
  readonly key: string;
  readonly value?: string | undefined;
}

/** The calls that change the tags of instances. */
export class Tagging {
  readonly #instances: Instances;
  readonly #directory: InstanceDirectory;

  constructor(instances: Instances, directory: InstanceDirectory) {
    this.#instances = instances;
    this.#directory = directory;
  }

  /** All or none. */
  create(ids: readonly string[], tags: readonly Tag[]): void {
    checkTags(tags);
    const changes = this.#directory.named(ids).map(({ record }) => {
      if (seesOwnTags(record.data)) checkMetadataKeys(tags);
      const own = new Map(record.tags);
      addTags(own, tags);
      return { id: record.id, tags: own };
    });
    for (const { id, tags: own } of changes) this.#set(id, own);
  }

  /** Absent tags are no error. */
  delete(ids: readonly string[], tags: readonly TagToDelete[]): void {
    for (const { record } of this.#directory.named(ids)) {
      const own = new Map(record.tags);
      for (const { key, value } of tags) if (value === undefined || own.get(key) === value) own.delete(key);
      this.#set(record.id, own);
    }
  }

  #set(id: string, tags: ReadonlyMap<string, string>): void {
    this.#instances.update(id, { tags });
    this.#instances.tagged.tell({ id });
  }
}
