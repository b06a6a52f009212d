import { createHmac } from 'node:crypto';

/** What has a name that may tell something about its owners. */
export type NameKind = 'project' | 'job' | 'ref';

/** Writes names down, as they are or as others. */
export type Naming = (kind: NameKind, name: string) => string;

const DIGITS = 12;

/** Leaves names as they are. */
export const plainNames: Naming = (_, name) => name;

/** Other names in place of the real ones: the same for the same salt, and without the salt not to be guessed back. */
export function anonymousNames(salt: string): Naming {
  return (kind, name) =>
    `${kind}-${createHmac('sha256', salt).update(`${kind}\0${name}`).digest('hex').slice(0, DIGITS)}`;
}
