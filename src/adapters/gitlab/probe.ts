import type { Instant } from '../../engine/time.ts';
import type { GitLabClient } from './client.ts';
import { accessToken, version } from './schemas.ts';

/** What GitLab says of itself and of our access token. */
export interface GitLabProbe {
  /** "19.5.0-ee". */
  readonly version: string;
  readonly token: {
    readonly name: string;
    readonly scopes: readonly string[];
    readonly active: boolean;
    /** The day on which it ends; absent for one that never does. */
    readonly expiresAt?: Instant;
  };
}

/** Asks GitLab who it is and what our token may. Throws the client's `PortError`s. */
export async function probe(client: GitLabClient, signal: AbortSignal): Promise<GitLabProbe> {
  const needs = 'the scope read_api';
  const found = await client.get(
    { doing: "reading GitLab's version", needs, path: '/version', signal },
    version,
  );
  const token = await client.get(
    { doing: 'reading the access token', needs, path: '/personal_access_tokens/self', signal },
    accessToken,
  );
  const { expires_at: expiresAt } = token;
  return {
    version: found.version,
    token: {
      name: token.name,
      scopes: token.scopes,
      active: token.active,
      ...(expiresAt === undefined || expiresAt === null ? {} : { expiresAt }),
    },
  };
}
