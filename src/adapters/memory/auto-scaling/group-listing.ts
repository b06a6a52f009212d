import { passes, type Page } from '../ec2/listing.ts';
import type {
  DescribeActivitiesRequest,
  DescribeGroupInstancesRequest,
  DescribeGroupsRequest,
  DescribePoliciesRequest,
  GroupDescription,
  GroupInstance,
  ScalingActivity,
  ScalingPolicy,
} from './group-requests.ts';
import type { Groups } from './groups.ts';
import { recordPage } from './record-page.ts';

/** What calls answer about groups: what is shown of them, which may lag behind the truth. */
export class GroupListing {
  readonly #groups: Groups;

  constructor(groups: Groups) {
    this.#groups = groups;
  }

  groups({ names = [], filters = [], ...paging }: DescribeGroupsRequest): Page<GroupDescription> {
    const chosen = this.#shown()
      .filter(({ name }) => names.length === 0 || names.includes(name))
      .filter((group) => passes(filters, groupValues(group)));
    return recordPage(chosen, ({ name }) => name, paging);
  }

  instances({ ids = [], ...paging }: DescribeGroupInstancesRequest): Page<GroupInstance> {
    const all = this.#shown().flatMap(({ instances }) => instances);
    const chosen = all.filter(({ id }) => ids.length === 0 || ids.includes(id));
    return recordPage(chosen, ({ id }) => id, paging);
  }

  activities({ group, ids = [], ...paging }: DescribeActivitiesRequest): Page<ScalingActivity> {
    const groups = group === undefined ? this.#groups.all() : [this.#groups.named(group)];
    const chosen = groups
      .flatMap(({ activities }) => activities.list())
      .filter(({ id }) => ids.length === 0 || ids.includes(id));
    return recordPage(chosen, ({ id }) => id, paging, 100);
  }

  policies({ group, names = [], ...paging }: DescribePoliciesRequest): Page<ScalingPolicy> {
    const groups = group === undefined ? this.#groups.all() : [this.#groups.named(group)];
    const chosen = groups
      .flatMap(({ policies }) => [...policies.values()])
      .filter(({ name }) => names.length === 0 || names.includes(name));
    return recordPage(chosen, ({ arn }) => arn, paging);
  }

  #shown(): readonly GroupDescription[] {
    return this.#groups.listed().flatMap((group) => group.shown() ?? []);
  }
}

function groupValues({ tags }: GroupDescription): (filter: string) => readonly string[] | undefined {
  return (filter) => {
    if (filter.startsWith('tag:')) {
      return tags.flatMap(({ key, value }) => (`tag:${key}` === filter ? [value] : []));
    }
    return new Map([
      ['tag-key', tags.map(({ key }) => key)],
      ['tag-value', tags.map(({ value }) => value)],
    ]).get(filter);
  };
}
