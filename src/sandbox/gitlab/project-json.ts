import type { Project } from '../../adapters/memory/gitlab/project.ts';
import { iso } from './iso.ts';

/** A project as lists show it. */
export function projectJson(project: Project, base: string) {
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
      id: 1,
      name: project.namespace,
      path: project.namespace,
      kind: 'group',
      full_path: project.namespace,
      parent_id: null,
      avatar_url: null,
      web_url: `${base}/groups/${project.namespace}`,
    },
    archived: false,
    jobs_enabled: true,
    shared_runners_enabled: true,
    group_runners_enabled: true,
    build_timeout: 3600,
  };
}

/** A project as `GET /projects/:id` shows it: with what the asker may do there. */
export function projectWithAccessJson(project: Project, base: string) {
  const permissions = { project_access: { access_level: 40, notification_level: 3 }, group_access: null };
  return { ...projectJson(project, base), permissions };
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
