import type { Reason } from './permission.ts';
import { lengthOf, type PolicyDocument } from './policy.ts';
import type { RoleDefinition } from './role-definition.ts';

function json(document: PolicyDocument): string {
  return JSON.stringify(document, null, 2);
}

/** A row for each action; after the last one of a statement with a wildcard, a row that explains it. */
function rowsOf(reasons: readonly Reason[]): readonly (readonly string[])[] {
  return reasons.flatMap(({ sid, action, why, wildcard }, index) => {
    const last = reasons[index + 1]?.sid !== sid;
    return [[sid, action, why], ...(wildcard !== undefined && last ? [[sid, '*', wildcard]] : [])];
  });
}

function reasonLines(reasons: readonly Reason[]): readonly string[] {
  const all = [['statement', 'action', 'why'], ...rowsOf(reasons)];
  const widths = [0, 1].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function roleLines(role: RoleDefinition): readonly string[] {
  return [
    `# Role ${role.name} (${role.role})`,
    '',
    `ARN: ${role.arn}`,
    `path: ${role.path}`,
    ...(role.permissionsBoundary === undefined ? [] : [`permissions boundary: ${role.permissionsBoundary}`]),
    ...role.instanceProfiles.map((profile) => `in instance profile: ${profile}`),
    ...role.notes.map((note) => `note: ${note}`),
    '',
    '## Trust policy',
    '',
    json(role.trustPolicy),
    ...role.policies.flatMap(({ name, document }) => [
      '',
      `## Policy ${name} (${lengthOf(document)} characters)`,
      '',
      json(document),
    ]),
    '',
    '## Why',
    '',
    ...reasonLines(role.reasons),
    ...(role.pipeline === undefined ? [] : ['', '## .gitlab-ci.yml', '', role.pipeline.trimEnd()]),
    '',
  ];
}

/** The roles for a person to read: the policies, and why each action stands in them. */
export function textOf(roles: readonly RoleDefinition[]): string {
  return roles.map((role) => roleLines(role).join('\n')).join('\n');
}
