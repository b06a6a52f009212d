import { alertStatus, type Hook } from '../../adapters/memory/gitlab/hooks.ts';
import type { Instant } from '../../engine/time.ts';
import { GROUP_EVENTS, PROJECT_EVENTS } from './hook-settings.ts';
import { iso } from './iso.ts';

/** A hook as GitLab shows it: whether there are secrets, never the secrets. */
export function hookJson(hook: Hook, now: Instant) {
  const { settings, of } = hook;
  const events = 'group' in of ? GROUP_EVENTS : PROJECT_EVENTS;
  return {
    id: hook.id,
    url: settings.url,
    name: settings.name ?? null,
    description: settings.description ?? null,
    created_at: iso(hook.createdAt),
    enable_ssl_verification: settings.verifySsl,
    alert_status: alertStatus(hook, now),
    disabled_until: iso(hook.disabledUntil),
    url_variables: [],
    push_events_branch_filter: null,
    branch_filter_strategy: 'wildcard',
    custom_webhook_template: null,
    custom_headers: settings.customHeaders.map(({ key }) => ({ key })),
    token_present: settings.token !== undefined,
    signing_token_present: settings.signingToken !== undefined,
    ...('group' in of ? { group_id: of.group.id } : { project_id: of.project }),
    ...Object.fromEntries(events.map((event) => [event, settings.events.has(event)])),
  };
}
