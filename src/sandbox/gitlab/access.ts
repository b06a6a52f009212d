import type { Context, MiddlewareHandler } from 'hono';
import type { AccessTokens, KnownToken, Scope } from './access-tokens.ts';
import { forbidden, Refusal, unauthorized } from './refusal.ts';

declare module 'hono' {
  interface ContextVariableMap {
    accessToken: KnownToken;
  }
}

/** Lets a request pass that carries a good token with one of the scopes; no scopes: any good token. */
export function needs(tokens: AccessTokens, scopes: readonly Scope[]): MiddlewareHandler {
  return async (context, next) => {
    const known = tokens.find(givenToken(context) ?? '');
    if (known === undefined) throw unauthorized();
    const standing = tokens.standing(known);
    if (standing === 'revoked') tokens.revokeFamily(known);
    if (standing !== 'active') throw invalidToken(standing);
    if (scopes.length > 0 && !scopes.some((scope) => known.scopes.includes(scope)))
      throw insufficient(scopes);
    if (tokens.isBlocked(known)) throw forbidden('Your account has been blocked.');
    tokens.used(known);
    context.set('accessToken', known);
    await next();
  };
}

/** The personal access token that a request carries, good or not. */
export function givenToken(context: Context): string | undefined {
  const bearer = context.req.header('authorization')?.replace(/^bearer /i, '');
  return context.req.header('private-token') ?? bearer;
}

function invalidToken(standing: 'expired' | 'revoked'): Refusal {
  return new Refusal(401, {
    error: 'invalid_token',
    error_description:
      standing === 'expired'
        ? 'Token is expired. You can either do re-authorization or token refresh.'
        : 'Token was revoked. You have to re-authorize from the user.',
  });
}

function insufficient(scopes: readonly Scope[]): Refusal {
  return new Refusal(403, {
    error: 'insufficient_scope',
    error_description: 'The request requires higher privileges than provided by the access token.',
    scope: scopes.join(' '),
  });
}
