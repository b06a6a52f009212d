import type { MiddlewareHandler } from 'hono';
import { Refusal, unauthorized } from './refusal.ts';

/** What a personal access token may do. */
export type Scope = 'api' | 'read_api' | 'read_user' | 'create_runner' | 'manage_runner';

/** A personal access token that the double knows. */
export interface AccessToken {
  readonly token: string;
  readonly scopes: readonly Scope[];
  readonly name?: string;
  /** A revoked token is refused. Absent: false. */
  readonly revoked?: boolean;
}

declare module 'hono' {
  interface ContextVariableMap {
    accessToken: AccessToken;
  }
}

/** Lets a request pass that carries a known token with one of the scopes; no scopes: any known token. */
export function needs(tokens: readonly AccessToken[], scopes: readonly Scope[]): MiddlewareHandler {
  return async (context, next) => {
    const bearer = context.req.header('authorization')?.replace(/^bearer /i, '');
    const given = context.req.header('private-token') ?? bearer;
    const known = tokens.find(({ token }) => token === given);
    if (known === undefined) throw unauthorized();
    if (known.revoked === true) throw revoked();
    if (scopes.length > 0 && !scopes.some((scope) => known.scopes.includes(scope)))
      throw insufficient(scopes);
    context.set('accessToken', known);
    await next();
  };
}

function revoked(): Refusal {
  return new Refusal(401, {
    error: 'invalid_token',
    error_description: 'Token was revoked. You have to re-authorize from the user.',
  });
}

function insufficient(scopes: readonly Scope[]): Refusal {
  return new Refusal(403, {
    error: 'insufficient_scope',
    error_description: 'The request requires higher privileges than provided by the access token.',
    scope: scopes.join(' '),
  });
}
