import type { Context, Hono } from 'hono';
import { z } from 'zod';
import type { GitLab } from '../../adapters/memory/gitlab/gitlab.ts';
import { type Runner, runnerType } from '../../adapters/memory/gitlab/runner.ts';
import { needs } from './access.ts';
import type { Double } from './double.ts';
import { parametersAs, wholeNumber } from './parameters.ts';
import { projectOf } from './project-routes.ts';
import { forbidden, notFound, Refusal } from './refusal.ts';
import { runnerJson } from './runner-json.ts';
import { mayChange } from './runner-rights.ts';

/** How a project's runner comes to serve further projects, and no longer. */
export function runnerProjectRoutes(app: Hono, double: Double): void {
  const { model } = double;
  const writes = needs(double.tokens, ['api']);

  app.post('/api/v4/projects/:id/runners', writes, async (context) => {
    const project = projectOf(context, model, 'maintainer');
    const asked = await parametersAs(context, z.object({ runner_id: z.coerce.number().int() }));
    const runner = assignable(asked.runner_id, context, model);
    const projects = runner.projects ?? new Set();
    if (projects.has(project.id)) {
      throw new Refusal(400, { message: '400 Bad request - runner_projects already exists' });
    }
    model.updateRunnerProjects(runner.id, new Set([...projects, project.id]));
    return context.json(runnerJson(runner, model), 201);
  });

  app.delete('/api/v4/projects/:id/runners/:runner_id', writes, (context) => {
    const project = projectOf(context, model, 'maintainer');
    const runner = model.runner(wholeNumber(context.req.param('runner_id'), 'runner_id'));
    if (runner?.projects?.has(project.id) !== true) throw notFound('Runner');
    const [owner] = runner.projects;
    if (runner.projects.size === 1) {
      throw forbidden('Only one project associated with the runner. Please remove the runner instead');
    }
    if (owner === project.id)
      throw forbidden('You cannot unassign a runner from the owner project. Delete the runner instead');
    model.updateRunnerProjects(runner.id, new Set([...runner.projects].filter((id) => id !== project.id)));
    return context.body(null, 204);
  });
}

/** The runner if it may be enabled for further projects. */
function assignable(id: number, context: Context, model: GitLab): Runner {
  const token = context.get('accessToken');
  const runner = model.runner(id);
  if (runner === undefined) throw notFound('Runner');
  if (runner.group !== undefined) throw forbidden('Runner is a group runner');
  if (token.admin !== true) {
    if (runner.locked) throw forbidden('Runner is locked');
    if (!mayChange(token, runner, model)) throw forbidden('No access granted');
  }
  if (runnerType(runner) === 'instance_type') {
    throw new Refusal(400, { message: '400 Bad request - runner is not a project runner' });
  }
  return runner;
}
