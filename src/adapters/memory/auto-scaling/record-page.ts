import { Ec2Error } from '../ec2/error.ts';
import type { Page } from '../ec2/listing.ts';
import type { RecordPaging } from './group-requests.ts';
import { validationError } from './refusals.ts';

const MOST_RECORDS = 100;

/** One page of `all`; `keyOf` names an item for good, and `usual` is how many come where nothing is said. */
export function recordPage<T>(
  all: readonly T[],
  keyOf: (item: T) => string,
  { maxRecords, nextToken }: RecordPaging,
  usual = 50,
): Page<T> {
  const count = maxRecords ?? usual;
  if (!Number.isInteger(count) || count < 1 || count > MOST_RECORDS) {
    throw validationError(
      `The maximum number of records must be between 1 and ${MOST_RECORDS}, not ${count}.`,
    );
  }
  const start = nextToken === undefined ? 0 : all.findIndex((item) => tokenOf(keyOf(item)) === nextToken);
  if (start === -1) throw new Ec2Error('InvalidNextToken', 'The NextToken value is not valid.');
  const following = all[start + count];
  const items = all.slice(start, start + count);
  return following === undefined ? { items } : { items, nextToken: tokenOf(keyOf(following)) };
}

/** Base64 of the key's UTF-8. */
function tokenOf(key: string): string {
  return btoa(String.fromCodePoint(...new TextEncoder().encode(key)));
}
