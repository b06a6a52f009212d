import { randomBytes } from 'node:crypto';
import type { GitLab } from '../../adapters/memory/gitlab/gitlab.ts';
import type { Instant } from '../../engine/time.ts';

/** What a personal access token may do. */
export type Scope = 'api' | 'read_api' | 'read_user' | 'create_runner' | 'manage_runner' | 'self_rotate';

/** What its owner is in a project or group. */
export type Role = 'guest' | 'reporter' | 'developer' | 'maintainer' | 'owner';

/** A personal access token that the double knows. */
export interface AccessToken {
  readonly token: string;
  readonly scopes: readonly Scope[];
  readonly name?: string;
  /** A revoked token is refused. Absent: false. */
  readonly revoked?: boolean;
  /** The day on which it ends, at 00:00 UTC, such as `2026-12-31`. Absent: never. */
  readonly expiresAt?: string;
  /** Id of its owner in the model. Absent: the first user. */
  readonly user?: number;
  /** Whether its owner is an administrator. Absent: false. */
  readonly admin?: boolean;
  /** By path of a project or group; a group's role holds for all below it. Absent: owner of everything. */
  readonly roles?: Readonly<Record<string, Role>>;
}

/** A token as the double keeps it. */
export interface KnownToken extends AccessToken {
  readonly id: number;
  readonly createdAt: Instant;
  /** Tokens that were rotated into each other have the same. */
  readonly family: number;
  /** When it was used last; absent: not yet. */
  readonly lastUsedAt: Instant | undefined;
}

/** All personal access tokens, rotated ones included. */
export class AccessTokens {
  readonly #byText = new Map<string, KnownToken>();
  readonly #model: Pick<GitLab, 'now' | 'users'>;

  constructor(given: readonly AccessToken[], model: Pick<GitLab, 'now' | 'users'>) {
    this.#model = model;
    for (const token of given) this.#add(token);
  }

  find(text: string): KnownToken | undefined {
    return this.#byText.get(text);
  }

  /** Whether it is good now, and why not. */
  standing(token: KnownToken): 'active' | 'expired' | 'revoked' {
    if (token.expiresAt !== undefined && Date.parse(token.expiresAt) <= this.#model.now()) return 'expired';
    return token.revoked === true ? 'revoked' : 'active';
  }

  /** Whether its owner is blocked: the token itself may still be good. */
  isBlocked(token: KnownToken): boolean {
    return this.#model.users.find(token.user ?? 1)?.blocked === true;
  }

  used(token: KnownToken): void {
    this.#byText.set(token.token, { ...token, lastUsedAt: this.#model.now() });
  }

  /** Whoever uses a revoked token may have stolen it: GitLab revokes what it was rotated into as well. */
  revokeFamily({ family }: KnownToken): void {
    for (const token of this.#byText.values()) {
      if (token.family === family) this.#byText.set(token.token, { ...token, revoked: true });
    }
  }

  /** A new token in place of this one, which is revoked from now on. */
  rotate(token: KnownToken, expiresAt: string): KnownToken {
    this.#byText.set(token.token, { ...token, revoked: true });
    const { family, revoked: _revoked, ...kept } = token;
    return this.#add({ ...kept, token: `glpat-${randomBytes(16).toString('hex')}`, expiresAt }, family);
  }

  #add(token: AccessToken, family?: number): KnownToken {
    const id = this.#byText.size + 1;
    const known = {
      ...token,
      id,
      family: family ?? id,
      createdAt: this.#model.now(),
      lastUsedAt: undefined,
    };
    this.#byText.set(token.token, known);
    return known;
  }
}
