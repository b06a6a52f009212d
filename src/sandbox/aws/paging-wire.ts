import type { Filter, Paging } from '../../adapters/memory/ec2/listing.ts';
import type { QueryParameters } from './query-parameters.ts';

/** Reads `MaxResults` and `NextToken`. */
export function readPaging(parameters: QueryParameters): Paging {
  return { maxResults: parameters.integer('MaxResults'), nextToken: parameters.text('NextToken') };
}

/** Reads `Filter.N.Name` and its values. */
export function readFilters(parameters: QueryParameters): readonly Filter[] {
  return parameters.list('Filter').map((one) => ({ name: one.required('Name'), values: one.texts('Value') }));
}
