import { isPortError } from '../../../controller/errors.ts';
import type { Instant } from '../../../engine/time.ts';
import type { GitLabClient } from './client.ts';
import { accessToken, version } from './schemas.ts';

/** What GitLab says of our access token. */
export interface OwnToken {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly active: boolean;
  /** Absent where GitLab does not say. */
  readonly createdAt?: Instant;
  /** The beginning of the day on which it ends; absent for one that never does. */
  readonly expiresAt?: Instant;
}

/** What GitLab says of itself and of our access token. */
export interface GitLabProbe {
  /** "19.5.0-ee". */
  readonly version: string;
  /** Absent where GitLab says nothing of it. */
  readonly token?: OwnToken;
}

const NEEDS = 'the scope read_api';

/**
 * Asks GitLab what our token may; undefined where it is of a kind that GitLab says nothing of, such as one of OAuth.
 * Throws the client's `PortError`s.
 */
export async function ownToken(client: GitLabClient, signal: AbortSignal): Promise<OwnToken | undefined> {
  const call = {
    doing: 'reading the access token',
    needs: NEEDS,
    path: '/personal_access_tokens/self',
    signal,
  };
  try {
    const { name, scopes, active, ...times } = await client.get(call, accessToken);
    const [createdAt, expiresAt] = [times.created_at ?? undefined, times.expires_at ?? undefined];
    return {
      name,
      scopes,
      active,
      ...(createdAt !== undefined && { createdAt }),
      ...(expiresAt !== undefined && { expiresAt }),
    };
  } catch (error) {
    if (isPortError(error, 'refused') || isPortError(error, 'not-found')) return undefined;
    throw error;
  }
}

/** Asks GitLab who it is and what our token may. Throws the client's `PortError`s. */
export async function probe(client: GitLabClient, signal: AbortSignal): Promise<GitLabProbe> {
  const call = { doing: "reading GitLab's version", needs: NEEDS, path: '/version', signal };
  const found = await client.get(call, version);
  const token = await ownToken(client, signal);
  return { version: found.version, ...(token !== undefined && { token }) };
}
