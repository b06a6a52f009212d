import type { Context, Hono } from 'hono';
import type { Hook } from '../../adapters/memory/gitlab/hooks.ts';
import { needs } from './access.ts';
import type { Double } from './double.ts';
import { groupOf } from './group-routes.ts';
import { hookJson } from './hook-json.ts';
import { freshSettings, GROUP_EVENTS, hookFields, newHookFields, settingsOf } from './hook-settings.ts';
import { numberedPage } from './pagination.ts';
import { parametersAs, wholeNumber } from './parameters.ts';
import { notFound, Refusal } from './refusal.ts';

/** The webhooks of a group, which are told of what happens in all projects below it. */
export function groupHookRoutes(app: Hono, double: Double): void {
  const { model } = double;
  const reads = needs(double.tokens, ['api', 'read_api']);
  const writes = needs(double.tokens, ['api']);
  const shown = (hook: Hook) => hookJson(hook, model.now());

  app.use('/api/v4/groups/:id/hooks/*', async (_context, next) => {
    // A GitLab without the licence answers as if there were no such path.
    if (!double.premium) throw new Refusal(404, { error: '404 Not Found' });
    await next();
  });

  app.get('/api/v4/groups/:id/hooks', reads, (context) => {
    const hooks = model.hooks.ofGroup(groupOf(context, model, 'owner').id);
    const { items, headers } = numberedPage(context, double.url(), hooks);
    return context.json(items.map(shown), 200, headers);
  });

  app.get('/api/v4/groups/:id/hooks/:hook_id', reads, (context) =>
    context.json(shown(groupHookOf(context, double))),
  );

  app.post('/api/v4/groups/:id/hooks', writes, async (context) => {
    const group = groupOf(context, model, 'owner');
    const asked = await parametersAs(context, newHookFields);
    const settings = settingsOf(asked, freshSettings(asked.url), GROUP_EVENTS);
    return context.json(shown(model.hooks.addToGroup(group, settings)), 201);
  });

  app.put('/api/v4/groups/:id/hooks/:hook_id', writes, async (context) => {
    const hook = groupHookOf(context, double);
    const settings = settingsOf(await parametersAs(context, hookFields), hook.settings, GROUP_EVENTS);
    return context.json(shown(model.hooks.change(hook, settings)));
  });

  app.delete('/api/v4/groups/:id/hooks/:hook_id', writes, (context) => {
    model.hooks.remove(groupHookOf(context, double));
    return context.body(null, 204);
  });
}

/** The webhook of a group that the path names. */
export function groupHookOf(context: Context, { model }: Double): Hook {
  const group = groupOf(context, model, 'owner');
  const hook = model.hooks.find(wholeNumber(context.req.param('hook_id'), 'hook_id'));
  if (hook === undefined || !('group' in hook.of) || hook.of.group.id !== group.id) throw notFound();
  return hook;
}
