import type { Duration } from '../../../engine/time.ts';
import type { Timers } from '../clock.ts';
import { Ec2Error } from './error.ts';
import type { Instances } from './instances.ts';
import {
  type DescribeInstancesRequest,
  instanceValues,
  listed,
  type ListedInstance,
  type Page,
  page,
  passing,
} from './listing.ts';

/** The instances as the API knows them, which may lag behind the truth. */
export class InstanceDirectory {
  readonly #instances: Instances;
  readonly #timers: Timers;
  readonly #lag: Duration;

  constructor(instances: Instances, timers: Timers, lag: Duration) {
    this.#instances = instances;
    this.#timers = timers;
    this.#lag = lag;
  }

  /** What a call answers: those that are asked for, in pages. */
  describe(request: DescribeInstancesRequest): Page<ListedInstance> {
    const { ids = [], filters = [], maxResults } = request;
    if (ids.length > 0 && maxResults !== undefined) {
      throw new Ec2Error(
        'InvalidParameterCombination',
        'Instance ids cannot be used together with maxResults.',
      );
    }
    const known = ids.length > 0 ? this.named(ids) : this.all();
    const passes = passing(filters);
    const chosen = known.filter((one) => passes(instanceValues(one)));
    return page(chosen, (one) => one.record.id, request);
  }

  /** In the order of their launch. */
  all(): readonly ListedInstance[] {
    const now = this.#timers.now();
    const all: ListedInstance[] = [];
    for (const record of this.#instances.all()) {
      const one = listed(record, now, this.#lag);
      if (one !== undefined) all.push(one);
    }
    return all;
  }

  /** The named ones, once each; an id that is malformed or not known (yet) refuses all. */
  named(ids: readonly string[]): readonly ListedInstance[] {
    if (ids.length === 0) throw new Ec2Error('MissingParameter', 'The request must contain an instance id.');
    const malformed = ids.find((id) => !/^i-([0-9a-f]{8}|[0-9a-f]{17})$/.test(id));
    if (malformed !== undefined)
      throw new Ec2Error('InvalidInstanceID.Malformed', `Invalid id: "${malformed}"`);
    const now = this.#timers.now();
    const found = [...new Set(ids)].map((id) => {
      const record = this.#instances.get(id);
      return { id, one: record === undefined ? undefined : listed(record, now, this.#lag) };
    });
    const missing = found.filter(({ one }) => one === undefined).map(({ id }) => id);
    if (missing.length === 0) return found.flatMap(({ one }) => one ?? []);
    const which = missing.length === 1 ? `ID '${missing[0]}' does` : `IDs '${missing.join(', ')}' do`;
    throw new Ec2Error('InvalidInstanceID.NotFound', `The instance ${which} not exist`);
  }
}
