import type { Group } from '../../adapters/memory/gitlab/groups.ts';
import type { Project } from '../../adapters/memory/gitlab/project.ts';
import type { AccessToken, Role } from './access-tokens.ts';
import { forbidden, notFound } from './refusal.ts';

const LEVELS: Readonly<Record<Role, number>> = {
  guest: 10,
  reporter: 20,
  developer: 30,
  maintainer: 40,
  owner: 50,
};

/** GitLab's number for what the token's owner is in a project or group: 0 for a stranger. */
export function levelIn(token: AccessToken, path: string): number {
  if (token.roles === undefined) return LEVELS.owner;
  const levels = Object.entries(token.roles)
    .filter(([place]) => path === place || path.startsWith(`${place}/`))
    .map(([, role]) => LEVELS[role]);
  return Math.max(0, ...levels);
}

/** Whether the token's owner has at least that role there; administrators have every role. */
export function hasRole(token: AccessToken, { path }: Project | Group, role: Role): boolean {
  return token.admin === true || levelIn(token, path) >= LEVELS[role];
}

/** Refuses who has less than that role in the project or group; to strangers it does not exist. */
export function needsRole(token: AccessToken, place: Project | Group, role: Role): void {
  if (!hasRole(token, place, 'guest')) throw notFound('namespace' in place ? 'Project' : 'Group');
  if (!hasRole(token, place, role)) throw forbidden();
}
