import { isPortError } from '../../../controller/errors.ts';
import type { Clock } from '../../../controller/ports.ts';
import type { Upkeep } from '../../../controller/upkeep.ts';
import type { Concern } from '../../../engine/concern.ts';
import { elapsed, type Instant, milliseconds, minutes } from '../../../engine/time.ts';
import type { GitLabClient } from '../client/client.ts';
import { type OwnToken, ownToken } from '../client/probe.ts';
import { isRotationDue, keep, rotate, type TokenRotationOptions } from './token-rotation.ts';
import { missingScopes, type TokenNeed } from './token-scopes.ts';

export interface TokenUpkeepOptions {
  readonly client: GitLabClient;
  readonly needs: readonly TokenNeed[];
  /** Absent: the token is replaced by hand. */
  readonly rotation?: TokenRotationOptions;
  readonly clock: Clock;
  /** Hears once that GitLab says nothing of the token. */
  readonly note: (message: string) => void;
}

const DAY = 86_400_000;
const USUALLY = minutes(6 * 60);
/** What the operator mends is seen soon. */
const IN_TROUBLE = minutes(10);
const WARNED_BEFORE = milliseconds(14 * DAY);

const TOKEN = 'access token';
const SCOPES = 'scopes of the access token';
const ROTATION = 'rotation of the access token';

/** Looks after the access token: whether it is good, wide enough and far from its end; replaces it where that is allowed. */
export function tokenUpkeep(options: TokenUpkeepOptions): Upkeep {
  const { client, needs, rotation, clock, note } = options;
  let told = false;
  let trouble = false;

  async function concernsOf(signal: AbortSignal): Promise<readonly Concern[]> {
    const unkept = rotation === undefined ? [] : await keptOrNot(rotation);
    const own = await ownToken(client, signal);
    if (own === undefined) {
      if (!told) note('GitLab does not tell what the access token may do, nor when it ends');
      told = true;
      return unkept;
    }
    const narrow = scopeConcerns(own, needs);
    if (rotation === undefined) return [...narrow, ...endConcerns(own, clock.now())];
    if (unkept.length > 0 || !isRotationDue(own, rotation.before, clock.now())) return [...unkept, ...narrow];
    const failed = await rotatedOrNot(rotation, own);
    const ends = failed.length > 0 && rotation.token.isKept() ? endConcerns(own, clock.now()) : [];
    return [...failed, ...narrow, ...ends];
  }

  return {
    name: TOKEN,
    every: () => (trouble ? IN_TROUBLE : USUALLY),
    async tend(signal) {
      const concerns = await concernsOf(signal).catch((error: unknown) => {
        if (!isPortError(error, 'unauthorized')) throw error;
        return [refused(error.details)];
      });
      trouble = concerns.length > 0;
      return concerns;
    },
  };
}

function refused({ why, next }: { readonly why: string; readonly next?: string }): Concern {
  return { about: TOKEN, why, ...(next !== undefined && { next }) };
}

function scopeConcerns({ name, scopes }: OwnToken, needs: readonly TokenNeed[]): readonly Concern[] {
  const missing = missingScopes(scopes, needs);
  if (missing.length === 0) return [];
  const why = `token ${name} lacks ${missing.join(', and ')}`;
  return [
    { about: SCOPES, why, next: 'make one with these scopes, and put it where `gitlab.token` comes from' },
  ];
}

function endConcerns({ name, expiresAt }: OwnToken, now: Instant): readonly Concern[] {
  if (expiresAt === undefined || elapsed(now, expiresAt) > WARNED_BEFORE) return [];
  const days = Math.max(Math.ceil((expiresAt - now) / DAY), 0);
  const left = days === 1 ? '1 day' : `${days} days`;
  const why = `token ${name} expires in ${left}, on ${new Date(expiresAt).toISOString().slice(0, 10)}`;
  return [{ about: TOKEN, why, next: 'make a new one, and put it where `gitlab.token` comes from' }];
}

async function keptOrNot(rotation: TokenRotationOptions): Promise<readonly Concern[]> {
  if (rotation.token.isKept()) return [];
  try {
    await keep(rotation);
    return [];
  } catch (error) {
    return [rotationConcern(rotation, error)];
  }
}

async function rotatedOrNot(rotation: TokenRotationOptions, own: OwnToken): Promise<readonly Concern[]> {
  try {
    await rotate(rotation, own);
    return [];
  } catch (error) {
    return [rotationConcern(rotation, error)];
  }
}

/** Says loudest what would be lost. */
function rotationConcern({ token, parameter }: TokenRotationOptions, error: unknown): Concern {
  if (!isPortError(error)) throw error;
  if (!token.isKept()) {
    return {
      about: ROTATION,
      why: `the new token is in the memory of this process alone, and the old one is revoked: ${error.message}`,
      next: `do not end this process before ${parameter.name} can be written; it is tried every ten minutes`,
    };
  }
  const unsure =
    error.details.system === 'gitlab' &&
    !['unauthorized', 'not-found', 'refused', 'throttled'].includes(error.kind);
  return {
    about: ROTATION,
    why: error.message,
    ...(unsure && {
      next: `if GitLab refuses the token from now on, it was replaced and the answer was lost: make a new one, and put it into ${parameter.name}`,
    }),
  };
}
