import { Buffer } from 'node:buffer';
import type { Context, Hono } from 'hono';
import { z } from 'zod';
import type { GitLab } from '../../adapters/memory/gitlab/gitlab.ts';
import { alertStatus, type Hook, type HookSettings } from '../../adapters/memory/gitlab/hooks.ts';
import { needs } from './access.ts';
import type { Double } from './double.ts';
import { iso } from './iso.ts';
import { numberedPage } from './pagination.ts';
import { flag, parametersAs, wholeNumber } from './parameters.ts';
import { projectOf } from './project-routes.ts';
import { notFound, unprocessable } from './refusal.ts';

/** What a project hook can be told of. */
const HOOK_EVENTS = [
  'push_events',
  'tag_push_events',
  'merge_requests_events',
  'issues_events',
  'confidential_issues_events',
  'note_events',
  'confidential_note_events',
  'pipeline_events',
  'wiki_page_events',
  'deployment_events',
  'feature_flag_events',
  'job_events',
  'releases_events',
  'milestone_events',
  'emoji_events',
  'resource_access_token_events',
] as const;

const fields = z.looseObject({
  url: z.string().nullish(),
  name: z.string().nullish(),
  description: z.string().nullish(),
  token: z.string().nullish(),
  signing_token: z.string().nullish(),
  enable_ssl_verification: flag.nullish(),
  custom_headers: z.array(z.object({ key: z.string(), value: z.string() })).nullish(),
});
type Fields = z.output<typeof fields>;

/** The webhooks of a project. */
export function hookRoutes(app: Hono, double: Double): void {
  const { model } = double;
  const reads = needs(double.tokens, ['api', 'read_api']);
  const writes = needs(double.tokens, ['api']);
  const shown = (hook: Hook) => hookJson(hook, model);

  app.get('/api/v4/projects/:id/hooks', reads, (context) => {
    const hooks = model.hooks.of(projectOf(context, model).id);
    const { items, headers } = numberedPage(context, double.url(), hooks);
    return context.json(items.map(shown), 200, headers);
  });

  app.get('/api/v4/projects/:id/hooks/:hook_id', reads, (context) =>
    context.json(shown(hookOf(context, model))),
  );

  app.post('/api/v4/projects/:id/hooks', writes, async (context) => {
    const project = projectOf(context, model);
    const asked = await parametersAs(context, fields.extend({ url: z.string() }));
    const fresh = { url: asked.url, events: new Set(['push_events']), customHeaders: [], verifySsl: true };
    return context.json(shown(model.hooks.add(project.id, settingsOf(asked, fresh))), 201);
  });

  app.put('/api/v4/projects/:id/hooks/:hook_id', writes, async (context) => {
    const hook = hookOf(context, model);
    const settings = settingsOf(await parametersAs(context, fields), hook.settings);
    return context.json(shown(model.hooks.change(hook, settings)));
  });

  app.delete('/api/v4/projects/:id/hooks/:hook_id', writes, (context) => {
    model.hooks.remove(hookOf(context, model));
    return context.body(null, 204);
  });
}

/** A hook as GitLab shows it: whether there are secrets, never the secrets. */
export function hookJson(hook: Hook, model: GitLab) {
  const { settings } = hook;
  return {
    id: hook.id,
    url: settings.url,
    name: settings.name ?? null,
    description: settings.description ?? null,
    created_at: iso(hook.createdAt),
    enable_ssl_verification: settings.verifySsl,
    alert_status: alertStatus(hook, model.now()),
    disabled_until: iso(hook.disabledUntil),
    url_variables: [],
    push_events_branch_filter: null,
    branch_filter_strategy: 'wildcard',
    custom_webhook_template: null,
    custom_headers: settings.customHeaders.map(({ key }) => ({ key })),
    token_present: settings.token !== undefined,
    signing_token_present: settings.signingToken !== undefined,
    project_id: hook.project,
    ...Object.fromEntries(HOOK_EVENTS.map((event) => [event, settings.events.has(event)])),
  };
}

function hookOf(context: Context, model: GitLab): Hook {
  const project = projectOf(context, model);
  const hook = model.hooks.find(wholeNumber(context.req.param('hook_id'), 'hook_id'));
  if (hook?.project !== project.id) throw notFound();
  return hook;
}

/** What was asked for, over what was there; an empty token removes the one that was set. */
function settingsOf(asked: Fields, before: HookSettings): HookSettings {
  const url = asked.url ?? before.url;
  if (!/^https?:\/\/[^/]/.test(url) || !URL.canParse(url)) throw unprocessable('Invalid url given');
  return {
    url,
    name: kept(asked.name, before.name),
    description: kept(asked.description, before.description),
    token: kept(asked.token, before.token),
    signingToken: signingToken(kept(asked.signing_token, before.signingToken)),
    events: eventsOf(asked, before.events),
    customHeaders: asked.custom_headers ?? before.customHeaders,
    verifySsl: asked.enable_ssl_verification ?? before.verifySsl,
  };
}

function eventsOf(asked: Fields, before: ReadonlySet<string>): ReadonlySet<string> {
  const wanted = HOOK_EVENTS.filter((event) => {
    const given = flag.nullish().safeParse(asked[event]);
    return given.success ? (given.data ?? before.has(event)) : before.has(event);
  });
  return new Set(wanted);
}

/** An empty text removes what was there. */
function kept(given: string | null | undefined, before: string | undefined): string | undefined {
  const text = given ?? before;
  return text === '' ? undefined : text;
}

/** `whsec_` and the base64 of 32 bytes, or nothing. */
function signingToken(given: string | undefined): string | undefined {
  if (given === undefined) return undefined;
  const key = given.startsWith('whsec_') ? Buffer.from(given.slice('whsec_'.length), 'base64') : undefined;
  if (key?.length !== 32) throw unprocessable('Signing token must be whsec_ and 32 bytes in base64');
  return given;
}
