import type { GitLab } from '../../adapters/memory/gitlab/gitlab.ts';
import type { Group } from '../../adapters/memory/gitlab/groups.ts';
import type { Project } from '../../adapters/memory/gitlab/project.ts';
import type { Runner } from '../../adapters/memory/gitlab/runner.ts';
import type { AccessToken, Role } from './access-tokens.ts';
import { hasRole } from './roles.ts';

/** The projects that a runner serves by name, its owner first. */
export function projectsOf(runner: Runner, model: GitLab): Project[] {
  return [...(runner.projects ?? [])].flatMap((id) => model.project(id) ?? []);
}

/** The group that a runner serves, if any. */
export function groupsOf(runner: Runner, model: GitLab): Group[] {
  const group = runner.group === undefined ? undefined : model.groups.find(runner.group);
  return group === undefined ? [] : [group];
}

/** Anybody sees a runner of the instance; others are seen by maintainers of what they serve. */
export function maySee(token: AccessToken, runner: Runner, model: GitLab): boolean {
  if (runner.projects === undefined && runner.group === undefined) return true;
  const places = [...projectsOf(runner, model), ...groupsOf(runner, model)];
  return token.admin === true || places.some((place) => hasRole(token, place, 'maintainer'));
}

/** Administrators, maintainers of the project that owns it, and owners of its group change a runner. */
export function mayChange(token: AccessToken, runner: Runner, model: GitLab): boolean {
  return token.admin === true || ownsRunner(token, runner, model, 'maintainer');
}

/** Who may see which jobs a runner ran, and which it could run. */
export function mayReadJobs(token: AccessToken, runner: Runner, model: GitLab): boolean {
  const asMaintainer = groupsOf(runner, model).some((group) => hasRole(token, group, 'maintainer'));
  return token.admin === true || asMaintainer || ownsRunner(token, runner, model, 'maintainer');
}

/** What GitLab calls owned: a group's runner by its owners, a project's by its maintainers. */
export function ownsRunner(token: AccessToken, runner: Runner, model: GitLab, role: Role): boolean {
  const [owner] = projectsOf(runner, model);
  if (owner !== undefined && hasRole(token, owner, role)) return true;
  return groupsOf(runner, model).some((group) => hasRole(token, group, 'owner'));
}
