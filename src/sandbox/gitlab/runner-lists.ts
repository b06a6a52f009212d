import type { Context, Hono } from 'hono';
import { z } from 'zod';
import { contactStatus } from '../../adapters/memory/gitlab/manager.ts';
import { type Runner, runnerType } from '../../adapters/memory/gitlab/runner.ts';
import { needs } from './access.ts';
import type { Double } from './double.ts';
import { groupOf } from './group-routes.ts';
import { numberedPage } from './pagination.ts';
import { flag } from './parameters.ts';
import { projectOf } from './project-routes.ts';
import { badRequest, forbidden } from './refusal.ts';
import { tagList } from './runner-fields.ts';
import { runnerJson } from './runner-json.ts';
import { ownsRunner } from './runner-rights.ts';

const filters = z.object({
  type: z.enum(['instance_type', 'group_type', 'project_type']).optional(),
  status: z.enum(['active', 'paused', 'online', 'offline', 'never_contacted', 'stale']).optional(),
  paused: flag.optional(),
  tag_list: tagList.optional(),
});
type Filters = z.output<typeof filters>;

/** Runners: one's own, all, and those that serve a project or a group. */
export function runnerLists(app: Hono, double: Double): void {
  const { model } = double;
  const reads = needs(double.tokens, ['api', 'read_api']);

  const listed = (context: Context, runners: readonly Runner[]) => {
    const asked = filtersOf(context);
    const found = runners.filter((runner) => fits(runner, asked, model.now())).toReversed();
    const { items, headers } = numberedPage(context, double.url(), found);
    const shown = items.map((runner) => runnerJson(runner, model));
    return context.json(shown, 200, headers);
  };

  app.get('/api/v4/runners', reads, (context) => {
    const token = context.get('accessToken');
    return listed(
      context,
      model.runners().filter((runner) => ownsRunner(token, runner, model, 'maintainer')),
    );
  });

  app.get('/api/v4/runners/all', reads, (context) => {
    if (context.get('accessToken').admin !== true) throw forbidden();
    return listed(context, model.runners());
  });

  app.get('/api/v4/projects/:id/runners', reads, (context) => {
    const { id, groups } = projectOf(context, model, 'maintainer');
    const serves = ({ projects, group }: Runner): boolean =>
      projects === undefined ? group === undefined || groups.includes(group) : projects.has(id);
    return listed(context, model.runners().filter(serves));
  });

  app.get('/api/v4/groups/:id/runners', reads, (context) => {
    const line = model.groups.lineOf(groupOf(context, model, 'maintainer'));
    const serves = ({ projects, group }: Runner): boolean =>
      projects === undefined && (group === undefined || line.includes(group));
    return listed(context, model.runners().filter(serves));
  });
}

function filtersOf(context: Context): Filters {
  const tags = context.req.queries('tag_list[]');
  const asked = filters.safeParse({
    ...context.req.query(),
    ...(tags === undefined ? {} : { tag_list: tags }),
  });
  if (asked.success) return asked.data;
  throw badRequest(`${String(asked.error.issues[0]?.path[0])} does not have a valid value`);
}

function fits(runner: Runner, asked: Filters, now: Runner['createdAt']): boolean {
  if (asked.type !== undefined && runnerType(runner) !== asked.type) return false;
  if (asked.paused !== undefined && runner.paused !== asked.paused) return false;
  if (asked.tag_list?.every((tag) => runner.tags.includes(tag)) === false) return false;
  if (asked.status === undefined) return true;
  if (asked.status === 'active' || asked.status === 'paused')
    return runner.paused === (asked.status === 'paused');
  return contactStatus(runner.contactedAt, runner.createdAt, now) === asked.status;
}
