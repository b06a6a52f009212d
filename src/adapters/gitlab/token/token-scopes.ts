/** What the access token has to allow for one thing that the configuration asks for. */
export interface TokenNeed {
  /** One of these scopes is enough; the narrowest first. */
  readonly scopes: readonly [string, ...string[]];
  /** What needs it: "`gitlab.rotation`". */
  readonly by: string;
}

/** A fine-grained token does not say what it may do. */
const UNTOLD = 'granular';

/** The needs that a token with these scopes does not meet, in words; `api` allows everything. */
export function missingScopes(scopes: readonly string[], needs: readonly TokenNeed[]): readonly string[] {
  if (scopes.includes('api') || scopes.includes(UNTOLD)) return [];
  return needs
    .filter((need) => !need.scopes.some((scope) => scopes.includes(scope)))
    .map((need) => `${[...new Set([...need.scopes, 'api'])].join(' or ')} for ${need.by}`);
}
