import type { Project } from '../../adapters/memory/gitlab/project.ts';

const SHA = '0'.repeat(39);

/** The body of a Push Hook as a test delivery sends it: made up, because the double has no commits. */
export function pushHookPayload(project: Project, base: string) {
  const webUrl = `${base}/${project.path}`;
  return {
    object_kind: 'push',
    event_name: 'push',
    before: `${SHA}1`,
    after: `${SHA}2`,
    ref: `refs/heads/${project.defaultBranch}`,
    checkout_sha: `${SHA}2`,
    message: null,
    user_id: 1,
    user_name: 'Sandbox',
    user_username: 'sandbox',
    project_id: project.id,
    project: {
      id: project.id,
      name: project.name,
      web_url: webUrl,
      namespace: project.namespace,
      visibility_level: 0,
      path_with_namespace: project.path,
      default_branch: project.defaultBranch,
    },
    commits: [],
    total_commits_count: 0,
  };
}
