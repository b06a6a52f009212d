import type { Facts } from './facts.ts';
import type { Conditions, Statement } from './policy.ts';

/** One row of a table of permissions: becomes one statement, or none where it names no resource. */
export interface Permission<About = Facts> {
  /** A short name, which the statement carries: letters and digits. */
  readonly sid: string;
  /** Each action, and why it is needed. */
  readonly actions: Readonly<Record<string, string>>;
  /** The ARNs that the actions may touch. */
  readonly resources: (about: About) => readonly string[];
  readonly conditions?: (about: About) => Conditions;
  /** Where a resource holds a wildcard: why it has no name, and what bounds it instead. */
  readonly wildcard?: string;
}

/** One action of a statement, and why it stands there. */
export interface Reason {
  readonly sid: string;
  readonly action: string;
  readonly why: string;
  readonly wildcard?: string;
}

function distinct(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}

/** What a table allows, and why, in its order. */
export function statementsOf<About>(
  table: readonly Permission<About>[],
  about: About,
): { readonly statements: readonly Statement[]; readonly reasons: readonly Reason[] } {
  const rows = table
    .map((permission) => ({ permission, resources: distinct(permission.resources(about)) }))
    .filter(({ resources }) => resources.length > 0);
  return {
    statements: rows.map(({ permission: { sid, actions, conditions }, resources }) => ({
      Sid: sid,
      Effect: 'Allow',
      Action: Object.keys(actions),
      Resource: resources,
      ...(conditions !== undefined && { Condition: conditions(about) }),
    })),
    reasons: rows.flatMap(({ permission: { sid, actions, wildcard } }) =>
      Object.entries(actions).map(([action, why]) => ({
        sid,
        action,
        why,
        ...(wildcard !== undefined && { wildcard }),
      })),
    ),
  };
}
