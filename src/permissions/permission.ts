import type { Facts } from './facts.ts';
import type { Conditions, Statement } from './policy.ts';

/** One row of a table of permissions: becomes one statement, or none where it names no resource. */
export interface Permission<About = Facts> {
  /** A short name, which the statement carries: letters and digits. */
  readonly sid: string;
  /** Each action, and why it is needed. */
  readonly actions: Readonly<Record<string, string>>;
  /** Those of the actions that are not needed for what is known; absent: all are. */
  readonly omits?: (about: About) => readonly string[];
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

function neededOf<About>({ actions, omits }: Permission<About>, about: About) {
  const omitted = omits?.(about) ?? [];
  return Object.entries(actions).filter(([action]) => !omitted.includes(action));
}

/** What a table allows, and why, in its order. */
export function statementsOf<About>(
  table: readonly Permission<About>[],
  about: About,
): { readonly statements: readonly Statement[]; readonly reasons: readonly Reason[] } {
  const rows = table
    .map((permission) => ({
      permission,
      actions: neededOf(permission, about),
      resources: distinct(permission.resources(about)),
    }))
    .filter(({ actions, resources }) => actions.length > 0 && resources.length > 0);
  return {
    statements: rows.map(({ permission: { sid, conditions }, actions, resources }) => ({
      Sid: sid,
      Effect: 'Allow',
      Action: actions.map(([action]) => action),
      Resource: resources,
      ...(conditions !== undefined && { Condition: conditions(about) }),
    })),
    reasons: rows.flatMap(({ permission: { sid, wildcard }, actions }) =>
      actions.map(([action, why]) => ({
        sid,
        action,
        why,
        ...(wildcard !== undefined && { wildcard }),
      })),
    ),
  };
}
