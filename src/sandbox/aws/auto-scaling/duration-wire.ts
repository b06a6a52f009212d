import { type Duration, seconds } from '../../../engine/time.ts';
import type { QueryParameters } from '../query-parameters.ts';

/** Reads a number of seconds. */
export function readDuration(parameters: QueryParameters, name: string): Duration | undefined {
  const count = parameters.integer(name);
  return count === undefined ? undefined : seconds(count);
}

/** Writes a duration in seconds; undefined where there is none. */
export function writeDuration(duration: Duration | undefined): number | undefined {
  return duration === undefined ? undefined : duration / seconds(1);
}
