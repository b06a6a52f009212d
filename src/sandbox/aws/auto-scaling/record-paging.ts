import type { RecordPaging } from '../../../adapters/memory/auto-scaling/group-requests.ts';
import type { QueryParameters } from '../query-parameters.ts';

/** Reads `MaxRecords` and `NextToken`. */
export function readRecordPaging(parameters: QueryParameters): RecordPaging {
  return { maxRecords: parameters.integer('MaxRecords'), nextToken: parameters.text('NextToken') };
}
