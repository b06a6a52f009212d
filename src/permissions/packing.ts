import { documentOf, lengthOf, PermissionError, type PolicyDocument, type Statement } from './policy.ts';

/** The longest managed policy that IAM takes, in characters without white space. */
const LONGEST_POLICY = 6144;
/** The longest trust policy that IAM takes unless its quota was raised. */
export const LONGEST_TRUST = 2048;
/** The most managed policies that a role takes unless its quota was raised. */
const MOST_POLICIES = 10;

function fits(statements: readonly Statement[]): boolean {
  return lengthOf(documentOf(statements)) <= LONGEST_POLICY;
}

/** The statement as several with fewer resources each, so that each fits a policy. */
function cut(statement: Statement, part = 1): readonly Statement[] {
  const named = part === 1 ? statement : { ...statement, Sid: `${statement.Sid}${part}` };
  if (fits([named])) return [named];
  const all = statement.Resource ?? [];
  if (all.length < 2) {
    throw new PermissionError(
      `statement ${statement.Sid} alone is longer than the ${LONGEST_POLICY} characters that IAM takes for a policy: split the installation into two with fewer pools each`,
    );
  }
  let count = all.length - 1;
  while (count > 1 && !fits([{ ...named, Resource: all.slice(0, count) }])) count = Math.ceil(count / 2);
  const first = { ...named, Resource: all.slice(0, count) };
  return [first, ...cut({ ...statement, Resource: all.slice(count) }, part + 1)];
}

/**
 * The statements as policies that IAM takes, in their order. Throws `PermissionError` where a role cannot have
 * so many.
 */
export function packed(statements: readonly Statement[]): readonly PolicyDocument[] {
  const policies: Statement[][] = [];
  for (const statement of statements.flatMap((whole) => cut(whole))) {
    const last = policies.at(-1);
    if (last !== undefined && fits([...last, statement])) last.push(statement);
    else policies.push([statement]);
  }
  if (policies.length > MOST_POLICIES) {
    throw new PermissionError(
      `the permissions need ${policies.length} policies, and a role takes ${MOST_POLICIES}: split the installation into two with fewer pools each`,
    );
  }
  return policies.map(documentOf);
}
