import type { Context, Hono } from 'hono';
import type { GitLab } from '../../adapters/memory/gitlab/gitlab.ts';
import type { Hook } from '../../adapters/memory/gitlab/hooks.ts';
import { needs } from './access.ts';
import type { Double } from './double.ts';
import { hookJson } from './hook-json.ts';
import { freshSettings, hookFields, newHookFields, settingsOf } from './hook-settings.ts';
import { numberedPage } from './pagination.ts';
import { parametersAs, wholeNumber } from './parameters.ts';
import { projectOf } from './project-routes.ts';
import { notFound } from './refusal.ts';

/** The webhooks of a project. */
export function hookRoutes(app: Hono, double: Double): void {
  const { model } = double;
  const reads = needs(double.tokens, ['api', 'read_api']);
  const writes = needs(double.tokens, ['api']);
  const shown = (hook: Hook) => hookJson(hook, model.now());

  app.get('/api/v4/projects/:id/hooks', reads, (context) => {
    const hooks = model.hooks.of(projectOf(context, model, 'maintainer').id);
    const { items, headers } = numberedPage(context, double.url(), hooks);
    return context.json(items.map(shown), 200, headers);
  });

  app.get('/api/v4/projects/:id/hooks/:hook_id', reads, (context) =>
    context.json(shown(hookOf(context, model))),
  );

  app.post('/api/v4/projects/:id/hooks', writes, async (context) => {
    const project = projectOf(context, model, 'maintainer');
    const asked = await parametersAs(context, newHookFields);
    const settings = settingsOf(asked, freshSettings(asked.url));
    return context.json(shown(model.hooks.add(project.id, settings)), 201);
  });

  app.put('/api/v4/projects/:id/hooks/:hook_id', writes, async (context) => {
    const hook = hookOf(context, model);
    const settings = settingsOf(await parametersAs(context, hookFields), hook.settings);
    return context.json(shown(model.hooks.change(hook, settings)));
  });

  app.delete('/api/v4/projects/:id/hooks/:hook_id', writes, (context) => {
    model.hooks.remove(hookOf(context, model));
    return context.body(null, 204);
  });
}

/** The webhook of a project that the path names. */
export function hookOf(context: Context, model: GitLab): Hook {
  const project = projectOf(context, model, 'maintainer');
  const hook = model.hooks.find(wholeNumber(context.req.param('hook_id'), 'hook_id'));
  if (hook === undefined || !('project' in hook.of) || hook.of.project !== project.id) throw notFound();
  return hook;
}
