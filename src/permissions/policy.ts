/** Operator, condition key, and the values of which one must hold. */
export type Conditions = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

/** One statement of a policy: only what is allowed, never a denial. */
export interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow';
  /** Only in the trust policy of a role. */
  readonly Principal?: Readonly<Record<string, string | readonly string[]>>;
  readonly Action: readonly string[];
  /** Absent in the trust policy of a role. */
  readonly Resource?: readonly string[];
  readonly Condition?: Conditions;
}

/** A policy as IAM takes it. */
export interface PolicyDocument {
  readonly Version: '2012-10-17';
  readonly Statement: readonly Statement[];
}

/** A request that no policy can be written for: what is wrong, and what to do. */
export class PermissionError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'PermissionError';
  }
}

/** The policy of these statements. */
export function documentOf(statements: readonly Statement[]): PolicyDocument {
  return { Version: '2012-10-17', Statement: statements };
}

/** The length that IAM counts, in characters: white space does not matter. */
export function lengthOf(document: PolicyDocument): number {
  return JSON.stringify(document).length;
}
