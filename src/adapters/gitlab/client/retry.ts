import type { PortError } from '../../../controller/errors.ts';
import { type Duration, type Instant, milliseconds, minutes, seconds } from '../../../engine/time.ts';
import type { Answer } from './answer.ts';

const RETRIES = 2;

/** A wait that is worth staying for; a longer one is left to the caller. */
const LONGEST_WAIT = seconds(5);

/** A wait beyond this is more likely a garbled header than GitLab's wish. */
const LONGEST_BELIEVED = minutes(60);

/**
 * How long the other side asks to wait: `Retry-After` in seconds or as a date, and for a throttled
 * call else `RateLimit-Reset` in Unix seconds; undefined where it does not say. Dates are compared
 * with the answer's own `Date`, so that a clock of ours that runs wrong does no harm.
 */
export function askedToWait(answer: Answer, now: Instant): Duration | undefined {
  const { headers, status } = answer;
  if (status !== 429 && status < 500) return undefined;
  const sentAt = Date.parse(headers.get('date') ?? '');
  const reference = Number.isNaN(sentAt) ? now : sentAt;
  // GitLab sends the rate limit with every answer: only here does it say when to come back.
  const wait =
    retryAfter(headers, reference) ?? (status === 429 ? untilReset(headers, reference) : undefined);
  return wait === undefined ? undefined : milliseconds(Math.min(Math.max(wait, 0), LONGEST_BELIEVED));
}

function retryAfter(headers: Headers, reference: number): number | undefined {
  const value = headers.get('retry-after');
  if (value === null) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : at - reference;
}

function untilReset(headers: Headers, reference: number): number | undefined {
  const value = headers.get('ratelimit-reset');
  return value !== null && /^\d+$/.test(value) ? Number(value) * 1000 - reference : undefined;
}

/**
 * How long to wait before trying once more after `failures` failures in a row: what the other side
 * asks for, else a second more each time; undefined when that is too long to stay, or when two more
 * tries have failed.
 */
export function waitToRetry(failures: number, error: PortError): Duration | undefined {
  if (failures > RETRIES) return undefined;
  const wait = milliseconds(error.details.retryAfter ?? seconds(failures));
  return wait <= LONGEST_WAIT ? wait : undefined;
}
