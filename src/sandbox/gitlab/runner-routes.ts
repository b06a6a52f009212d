import type { Context, Hono } from 'hono';
import { z } from 'zod';
import type { GitLab } from '../../adapters/memory/gitlab/gitlab.ts';
import type { Runner, RunnerChange } from '../../adapters/memory/gitlab/runner.ts';
import { seconds } from '../../engine/time.ts';
import { needs } from './access.ts';
import type { Double } from './double.ts';
import { runnersJobJson } from './job-json.ts';
import { numberedPage, page } from './pagination.ts';
import { flag, parametersAs, wholeNumber } from './parameters.ts';
import { notFound } from './refusal.ts';
import { managerJson, runnerDetailsJson, runnerJson } from './runner-json.ts';

const tagList = z.union([
  z.array(z.string()),
  z.string().transform((text) => text.split(',').filter(Boolean)),
]);

const runnerFields = z.object({
  description: z.string().nullish(),
  paused: flag.nullish(),
  locked: flag.nullish(),
  run_untagged: flag.nullish(),
  tag_list: tagList.nullish(),
  access_level: z.enum(['not_protected', 'ref_protected']).nullish(),
  maximum_timeout: z.coerce.number().int().positive().nullish(),
});

const newRunner = runnerFields.extend({
  runner_type: z.enum(['instance_type', 'group_type', 'project_type']),
  project_id: z.coerce.number().int().nullish(),
});

/** Runners and managers, as their owner sees them. */
export function runnerRoutes(app: Hono, double: Double): void {
  const { model } = double;
  const reads = needs(double.tokens, ['api', 'read_api', 'manage_runner']);
  const writes = needs(double.tokens, ['api', 'manage_runner']);

  app.get('/api/v4/runners', reads, (context) => {
    const { items, headers } = numberedPage(context, double.url(), model.runners().toReversed());
    return context.json(
      items.map((runner) => runnerJson(runner, model)),
      200,
      headers,
    );
  });

  app.get('/api/v4/runners/:id', reads, (context) =>
    context.json(runnerDetailsJson(runnerOf(context, model), model)),
  );

  app.get('/api/v4/runners/:id/managers', reads, (context) =>
    context.json(model.managers(runnerOf(context, model).id).map((manager) => managerJson(manager, model))),
  );

  app.get('/api/v4/runners/:id/jobs', reads, (context) => {
    const status = context.req.query('status');
    const systemId = context.req.query('system_id');
    const jobs = model
      .jobsOfRunner(runnerOf(context, model).id)
      .filter((job) => status === undefined || job.status === status)
      .filter((job) => systemId === undefined || job.manager?.systemId === systemId);
    const { items, headers } = page(context, double.url(), jobs);
    return context.json(
      items.map((job) => runnersJobJson(job, model, double.url())),
      200,
      headers,
    );
  });

  app.post('/api/v4/user/runners', needs(double.tokens, ['api', 'create_runner']), async (context) => {
    const asked = await parametersAs(context, newRunner);
    if (asked.runner_type === 'project_type' && model.project(asked.project_id ?? 0) === undefined) {
      throw notFound('Project');
    }
    const { id, token } = model.addRunner({
      tags: [],
      runUntagged: true,
      ...changeOf(asked),
      ...(asked.runner_type === 'project_type' ? { projects: [asked.project_id ?? 0] } : {}),
    });
    return context.json({ id, token, token_expires_at: null }, 201);
  });

  app.put('/api/v4/runners/:id', writes, async (context) => {
    const { id } = runnerOf(context, model);
    model.updateRunner(id, changeOf(await parametersAs(context, runnerFields)));
    return context.json(runnerDetailsJson(runnerOf(context, model), model));
  });

  app.delete('/api/v4/runners/:id', writes, (context) => {
    model.removeRunner(runnerOf(context, model).id);
    return context.body(null, 204);
  });

  app.post('/api/v4/runners/:id/reset_authentication_token', writes, (context) => {
    const token = model.resetRunnerToken(runnerOf(context, model).id);
    return context.json({ token, token_expires_at: null }, 201);
  });
}

function runnerOf(context: Context, model: GitLab): Runner {
  const runner = model.runner(wholeNumber(context.req.param('id'), 'id'));
  if (runner === undefined) throw notFound('Runner');
  return runner;
}

function changeOf(asked: z.output<typeof runnerFields>): RunnerChange {
  return {
    ...(asked.description == null ? {} : { description: asked.description }),
    ...(asked.paused == null ? {} : { paused: asked.paused }),
    ...(asked.locked == null ? {} : { locked: asked.locked }),
    ...(asked.run_untagged == null ? {} : { runUntagged: asked.run_untagged }),
    ...(asked.tag_list == null ? {} : { tags: asked.tag_list }),
    ...(asked.access_level == null ? {} : { accessLevel: asked.access_level }),
    ...(asked.maximum_timeout == null ? {} : { maximumTimeout: seconds(asked.maximum_timeout) }),
  };
}
