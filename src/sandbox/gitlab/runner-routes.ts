import type { Context, Hono } from 'hono';
import { z } from 'zod';
import type { GitLab } from '../../adapters/memory/gitlab/gitlab.ts';
import type { Runner, RunnerDefinition } from '../../adapters/memory/gitlab/runner.ts';
import { needs } from './access.ts';
import type { AccessToken } from './access-tokens.ts';
import type { Double } from './double.ts';
import { iso } from './iso.ts';
import { runnersJobJson } from './job-json.ts';
import { page } from './pagination.ts';
import { parametersAs, wholeNumber } from './parameters.ts';
import { badRequest, forbidden, notFound, Refusal } from './refusal.ts';
import { hasRole } from './roles.ts';
import { changeOf, runnerFields, uselessRunner } from './runner-fields.ts';
import { managerJson, runnerDetailsJson } from './runner-json.ts';
import { mayChange, mayReadJobs, maySee } from './runner-rights.ts';

const newRunner = runnerFields.extend({
  runner_type: z.enum(['instance_type', 'group_type', 'project_type']),
  project_id: z.coerce.number().int().nullish(),
  group_id: z.coerce.number().int().nullish(),
});

/** One runner, as whoever owns it sees and changes it. */
export function runnerRoutes(app: Hono, double: Double): void {
  const { model, tokens } = double;
  const reads = needs(tokens, ['api', 'read_api', 'manage_runner']);
  const writes = needs(tokens, ['api', 'manage_runner']);
  const details = (runner: Runner) => runnerDetailsJson(runner, model, double.url());

  app.get('/api/v4/runners/:id', reads, (context) => context.json(details(seenRunner(context, model))));

  app.get('/api/v4/runners/:id/managers', reads, (context) =>
    context.json(model.managers(seenRunner(context, model).id).map((manager) => managerJson(manager, model))),
  );

  app.get('/api/v4/runners/:id/jobs', reads, (context) => {
    const runner = runnerOf(context, model);
    if (!mayReadJobs(context.get('accessToken'), runner, model)) throw forbidden('No access granted');
    const { status, system_id: systemId } = context.req.query();
    const jobs = model
      .jobsOfRunner(runner.id)
      .filter((job) => status === undefined || job.status === status)
      .filter((job) => systemId === undefined || job.manager?.systemId === systemId);
    const { items, headers } = page(context, double.url(), jobs);
    const shown = items.map((job) => runnersJobJson(job, model, double.url()));
    return context.json(shown, 200, headers);
  });

  app.post('/api/v4/user/runners', needs(tokens, ['api', 'create_runner']), async (context) => {
    const asked = await parametersAs(context, newRunner);
    const place = placeOf(asked, context.get('accessToken'), model);
    const definition = { tags: [], runUntagged: true, ...changeOf(asked), ...place };
    const useless = uselessRunner(definition.tags, definition.runUntagged);
    if (useless !== undefined) throw new Refusal(400, { message: `400 Bad request - ${useless}` });
    const { id, token, tokenExpiresAt } = model.addRunner(definition);
    return context.json({ id, token, token_expires_at: iso(tokenExpiresAt) }, 201);
  });

  app.put('/api/v4/runners/:id', writes, async (context) => {
    const runner = ownRunner(context, model);
    const change = changeOf(await parametersAs(context, runnerFields));
    if (Object.keys(change).length === 0) throw badRequest('at least one parameter must be provided');
    const after = { ...runner, ...change };
    const useless = uselessRunner(after.tags, after.runUntagged);
    if (useless !== undefined) throw badRequest(useless);
    model.updateRunner(runner.id, change);
    return context.json(details(runnerOf(context, model)));
  });

  app.delete('/api/v4/runners/:id', writes, (context) => {
    const runner = runnerOf(context, model);
    const shared = (runner.projects?.size ?? 0) > 1 && context.get('accessToken').admin !== true;
    if (shared) throw forbidden('Runner associated with more than one project');
    model.removeRunner(ownRunner(context, model).id);
    return context.body(null, 204);
  });

  app.post('/api/v4/runners/:id/reset_authentication_token', writes, (context) => {
    const { id } = ownRunner(context, model);
    const token = model.resetRunnerToken(id);
    return context.json({ token, token_expires_at: iso(model.runner(id)?.tokenExpiresAt) }, 201);
  });
}

/** The runner that the path names. */
export function runnerOf(context: Context, model: GitLab): Runner {
  const runner = model.runner(wholeNumber(context.req.param('id'), 'id'));
  if (runner === undefined) throw notFound('Runner');
  return runner;
}

function seenRunner(context: Context, model: GitLab): Runner {
  const runner = runnerOf(context, model);
  if (!maySee(context.get('accessToken'), runner, model)) throw forbidden('No access granted');
  return runner;
}

function ownRunner(context: Context, model: GitLab): Runner {
  const runner = runnerOf(context, model);
  if (!mayChange(context.get('accessToken'), runner, model)) throw forbidden('No access granted');
  return runner;
}

/** Whom a new runner serves; who may not add one there is refused. */
function placeOf(
  asked: z.output<typeof newRunner>,
  token: AccessToken,
  model: GitLab,
): Pick<RunnerDefinition, 'projects' | 'group'> {
  if (asked.runner_type === 'instance_type') {
    if (token.admin !== true) throw forbidden('Insufficient permissions');
    return {};
  }
  const named = asked.runner_type === 'group_type' ? asked.group_id : asked.project_id;
  if (named == null) {
    throw badRequest(asked.runner_type === 'group_type' ? 'group_id is missing' : 'project_id is missing');
  }
  const place = asked.runner_type === 'group_type' ? model.groups.find(named) : model.project(named);
  if (place === undefined) throw new Refusal(400, { message: '400 Bad request - Missing/invalid scope' });
  const role = asked.runner_type === 'group_type' ? 'owner' : 'maintainer';
  if (!hasRole(token, place, role)) throw forbidden('Insufficient permissions');
  return asked.runner_type === 'group_type' ? { group: place.id } : { projects: [place.id] };
}
