import type { Project } from '../../adapters/memory/gitlab/project.ts';
import type { AccessToken } from './access-tokens.ts';
import { iso } from './iso.ts';
import { levelIn } from './roles.ts';

/** A project as lists show it. */
export function projectJson(project: Project, base: string) {
  const split = project.namespace.lastIndexOf('/');
  const webUrl = `${base}/${project.path}`;
  return {
    ...projectIdentityJson(project),
    default_branch: project.defaultBranch,
    tag_list: [],
    topics: [],
    ssh_url_to_repo: `git@127.0.0.1:${project.path}.git`,
    http_url_to_repo: `${webUrl}.git`,
    web_url: webUrl,
    readme_url: null,
    forks_count: 0,
    avatar_url: null,
    star_count: 0,
    last_activity_at: iso(project.createdAt),
    visibility: 'private',
    namespace: {
      id: project.groups[0] ?? 1,
      name: project.namespace.slice(split + 1),
      path: project.namespace.slice(split + 1),
      kind: 'group',
      full_path: project.namespace,
      parent_id: project.groups[1] ?? null,
      avatar_url: null,
      web_url: `${base}/groups/${project.namespace}`,
    },
    archived: project.archived,
    jobs_enabled: true,
    shared_runners_enabled: true,
    group_runners_enabled: true,
    build_timeout: 3600,
  };
}

/** A project as `GET /projects/:id` shows it: with what the asker may do there. */
export function projectWithAccessJson(project: Project, token: AccessToken, base: string) {
  const level = levelIn(token, project.path);
  const access = level === 0 ? null : { access_level: level, notification_level: 3 };
  return { ...projectJson(project, base), permissions: { project_access: access, group_access: null } };
}

/** The few words about a project that a runner's job carries. */
export function projectIdentityJson(project: Project) {
  return {
    id: project.id,
    description: null,
    name: project.name,
    name_with_namespace: `${project.namespace} / ${project.name}`,
    path: project.name,
    path_with_namespace: project.path,
    created_at: iso(project.createdAt),
  };
}
