import type { Context, Hono } from 'hono';
import type { GitLab } from '../../adapters/memory/gitlab/gitlab.ts';
import type { Group } from '../../adapters/memory/gitlab/groups.ts';
import { needs } from './access.ts';
import type { Role } from './access-tokens.ts';
import type { Double } from './double.ts';
import { groupJson } from './group-json.ts';
import { numberedPage } from './pagination.ts';
import { projectJson } from './project-json.ts';
import { notFound } from './refusal.ts';
import { hasRole, needsRole } from './roles.ts';

/** Groups and the projects in them. */
export function groupRoutes(app: Hono, double: Double): void {
  const { model } = double;
  const reads = needs(double.tokens, ['api', 'read_api']);

  app.get('/api/v4/groups/:id', reads, (context) =>
    context.json(groupJson(groupOf(context, model), double.url())),
  );

  app.get('/api/v4/groups/:id/projects', reads, (context) => {
    const token = context.get('accessToken');
    const { include_subgroups: deep, archived, sort } = context.req.query();
    const asked = model
      .projectsOfGroup(groupOf(context, model).id, deep === 'true')
      .filter((project) => hasRole(token, project, 'guest'))
      .filter((project) => archived === undefined || String(project.archived) === archived);
    const ordered = sort === 'asc' ? asked : asked.toReversed();
    const { items, headers } = numberedPage(context, double.url(), ordered);
    return context.json(
      items.map((project) => projectJson(project, double.url())),
      200,
      headers,
    );
  });
}

/** The group that the path names by id or by its encoded path, if the token's owner has that role in it. */
export function groupOf(context: Context, model: GitLab, role: Role = 'guest'): Group {
  const name = context.req.param('id') ?? '';
  const group = model.groups.find(/^\d+$/.test(name) ? Number(name) : name);
  if (group === undefined) throw notFound('Group');
  needsRole(context.get('accessToken'), group, role);
  return group;
}
