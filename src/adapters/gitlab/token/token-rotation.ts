import { PortError } from '../../../controller/errors.ts';
import type { Clock } from '../../../controller/ports.ts';
import { type Duration, elapsed, type Instant, seconds } from '../../../engine/time.ts';
import type { AccessToken } from './access-token.ts';
import type { GitLabClient } from '../client/client.ts';
import type { OwnToken } from '../client/probe.ts';
import { rotatedToken } from '../client/schemas.ts';
import type { TokenParameter } from './token-parameter.ts';

export interface TokenRotationOptions {
  readonly client: GitLabClient;
  readonly token: AccessToken;
  readonly parameter: TokenParameter;
  /** How long before its end a token is replaced. */
  readonly before: Duration;
  readonly clock: Clock;
}

const DAY = 86_400_000;
/** GitLab allows 365 days, and counts them in its own time zone. */
const LONGEST_DAYS = 364;
const TRIES = 6;

/** Whether a token is to be replaced now: near its end, or in the middle of a life that is short. */
export function isRotationDue({ expiresAt, createdAt }: OwnToken, before: Duration, now: Instant): boolean {
  if (expiresAt === undefined) return false;
  const half = createdAt === undefined ? before : (expiresAt - createdAt) / 2;
  return elapsed(now, expiresAt) <= Math.min(before, half);
}

/**
 * Replaces the access token by one that lives as long, a year at most, and keeps it where it was read from. GitLab
 * revokes the old one at once, so it is first proven that the parameter can be written; and once it began this does
 * not stop before the new one is kept, or writing has failed for a minute (then `isKept` is false). Throws
 * `PortError`.
 */
export async function rotate(options: TokenRotationOptions, own: OwnToken): Promise<void> {
  const { client, token, parameter, clock } = options;
  const found = await parameter.read();
  if (found !== token.current()) {
    token.found(found);
    return;
  }
  await parameter.write(found);
  const fresh = await client.change(
    {
      method: 'POST',
      doing: 'rotating the access token',
      needs: 'the scope self_rotate (GitLab 17.9 or later) or api (16.10 or later)',
      path: '/personal_access_tokens/self/rotate',
      body: { expires_at: dayOf(clock.now() + lifeOf(own) * DAY) },
      // A shutdown must not lose the answer.
      signal: new AbortController().signal,
    },
    rotatedToken,
  );
  token.rotated(fresh.token);
  await keep(options);
}

/** Writes the present token to where it is kept, several times if need be. Throws the last `PortError`. */
export async function keep({ token, parameter, clock }: TokenRotationOptions): Promise<void> {
  for (let failures = 1; ; failures++) {
    try {
      await parameter.write(token.current());
      token.kept();
      return;
    } catch (error) {
      if (!(error instanceof PortError) || failures === TRIES) throw error;
      await clock.sleep(seconds(2 ** failures), new AbortController().signal);
    }
  }
}

/** How many days the token lives. */
function lifeOf({ expiresAt, createdAt }: OwnToken): number {
  if (expiresAt === undefined || createdAt === undefined) return LONGEST_DAYS;
  return Math.min(Math.max(Math.ceil((expiresAt - createdAt) / DAY), 1), LONGEST_DAYS);
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 'yyyy-mm-dd'.length);
}
