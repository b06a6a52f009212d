import type { Context, Hono } from 'hono';
import type { GitLab } from '../../adapters/memory/gitlab/gitlab.ts';
import { isProtected, type Project } from '../../adapters/memory/gitlab/project.ts';
import { needs } from './access.ts';
import type { Role } from './access-tokens.ts';
import type { Double } from './double.ts';
import { numberedPage, projectsPage } from './pagination.ts';
import { projectWithAccessJson } from './project-json.ts';
import { notFound } from './refusal.ts';
import { hasRole, levelIn, needsRole } from './roles.ts';

/** Projects, and which of their branches and tags are protected. */
export function projectRoutes(app: Hono, double: Double): void {
  const { model } = double;
  const reads = needs(double.tokens, ['api', 'read_api']);

  app.get('/api/v4/projects', reads, (context) => {
    const token = context.get('accessToken');
    const { membership, min_access_level: least, archived } = context.req.query();
    const asked = model
      .projects()
      .filter((project) => hasRole(token, project, 'guest'))
      .filter(({ path }) => membership !== 'true' || levelIn(token, path) > 0)
      .filter(({ path }) => least === undefined || levelIn(token, path) >= Number(least))
      .filter((project) => archived === undefined || String(project.archived) === archived);
    const { items, headers } = projectsPage(context, double.url(), asked);
    const shown = items.map((project) => projectWithAccessJson(project, token, double.url()));
    return context.json(shown, 200, headers);
  });

  app.get('/api/v4/projects/:id', reads, (context) => {
    const project = projectOf(context, model);
    return context.json(projectWithAccessJson(project, context.get('accessToken'), double.url()));
  });

  app.get('/api/v4/projects/:id/protected_branches', reads, (context) => {
    const { protectedBranches } = projectOf(context, model, 'maintainer');
    const { items, headers } = numberedPage(context, double.url(), protectedBranches);
    return context.json(items.map(protectedBranchJson), 200, headers);
  });

  app.get('/api/v4/projects/:id/protected_tags', reads, (context) => {
    const { protectedTags } = projectOf(context, model, 'maintainer');
    const { items, headers } = numberedPage(context, double.url(), protectedTags);
    return context.json(items.map(protectedTagJson), 200, headers);
  });

  app.get('/api/v4/projects/:id/repository/branches/:branch', reads, (context) => {
    const project = projectOf(context, model, 'reporter');
    const name = context.req.param('branch');
    if (!project.branches.has(name)) throw notFound('Branch');
    return context.json({
      name,
      commit: null,
      merged: false,
      protected: isProtected(project, name, false),
      developers_can_push: false,
      developers_can_merge: false,
      can_push: true,
      default: name === project.defaultBranch,
      web_url: `${double.url()}/${project.path}/-/tree/${name}`,
    });
  });
}

/** The project that the path names by id or by its encoded path, if the token's owner has that role in it. */
export function projectOf(context: Context, model: GitLab, role: Role = 'guest'): Project {
  const name = context.req.param('id') ?? '';
  const project = model.project(/^\d+$/.test(name) ? Number(name) : name);
  if (project === undefined) throw notFound('Project');
  needsRole(context.get('accessToken'), project, role);
  return project;
}

const MAINTAINERS = [{ access_level: 40, access_level_description: 'Maintainers' }];

function protectedBranchJson(name: string, index: number) {
  return {
    id: index + 1,
    name,
    push_access_levels: MAINTAINERS,
    merge_access_levels: MAINTAINERS,
    allow_force_push: false,
  };
}

function protectedTagJson(name: string) {
  return { name, create_access_levels: MAINTAINERS };
}
