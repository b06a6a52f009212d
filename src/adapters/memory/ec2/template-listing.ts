import type { LaunchTemplate } from './launch-template.ts';
import type { Filter, Paging } from './listing.ts';

/** Which templates are asked for; nothing: all. */
export interface DescribeTemplatesRequest extends Paging {
  readonly ids?: readonly string[];
  readonly names?: readonly string[];
  readonly filters?: readonly Filter[];
}

/** The values that a launch template has under a filter's name. */
export function templateValues({
  name,
  createdAt,
  tags,
}: LaunchTemplate): (filter: string) => readonly string[] | undefined {
  return (filter) => {
    if (filter.startsWith('tag:')) {
      return tags.flatMap(({ key, value }) => (`tag:${key}` === filter ? [value] : []));
    }
    return new Map([
      ['tag-key', tags.map(({ key }) => key)],
      ['launch-template-name', [name]],
      ['create-time', [new Date(createdAt).toISOString()]],
    ]).get(filter);
  };
}
