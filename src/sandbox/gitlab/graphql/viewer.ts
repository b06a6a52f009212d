import { GraphQLError } from 'graphql';
import type { KnownToken } from '../access-tokens.ts';
import type { Double } from '../double.ts';

/** Who asks one query, and of what. */
export class Viewer {
  readonly double: Double;
  /** Absent: nobody in particular. */
  readonly token: KnownToken | undefined;
  readonly #resolved = new Set<string>();

  constructor(double: Double, token: KnownToken | undefined) {
    this.double = double;
    this.token = token;
  }

  get isAdmin(): boolean {
    return this.token?.admin === true;
  }

  /** Refuses to resolve a field a second time in the same query, as GitLab does for its dearest ones. */
  once(type: string, field: string): void {
    const name = `${type}.${field}`;
    if (this.#resolved.has(name)) {
      throw new GraphQLError(`"${field}" field can be requested only for 1 ${type}(s) at a time.`);
    }
    this.#resolved.add(name);
  }
}
