import { OTHER_EVENTS, type ShownHook } from './hook-shape.ts';
import type { WebhookSecrets } from '../webhook/webhook.ts';

/** What a webhook of ours is like. */
export interface HookWish {
  /** Where GitLab reaches this Runtide; by it a webhook is known as ours. */
  readonly url: string;
  /** Shown in GitLab. */
  readonly name: string;
  readonly secrets: WebhookSecrets;
}

/** Whether a webhook is ours. */
export function isOurs({ url }: ShownHook, wish: HookWish): boolean {
  return sameAddress(url, wish.url);
}

function sameAddress(one: string, other: string): boolean {
  return URL.canParse(one) && new URL(one).href === new URL(other).href;
}

function isSet(text: string | null | undefined): boolean {
  return text !== undefined && text !== null && text !== '';
}

/** What keeps a webhook from telling us of jobs, in words. GitLab says whether there is a secret, never which. */
export function lacksOf(hook: ShownHook, { secrets }: HookWish): readonly string[] {
  return [
    ...(hook.job_events === true ? [] : ['it is not told of jobs']),
    ...(isSet(secrets.token) && hook.token_present === false ? ['it has no token'] : []),
    ...(isSet(secrets.signingToken) && hook.signing_token_present === false
      ? ['it has no signing token']
      : []),
    ...(isSet(hook.custom_webhook_template) ? ['it has a template of its own'] : []),
  ];
}

/** All in which a webhook is other than wanted, in words; what an older GitLab does not show counts as right. */
export function differencesOf(hook: ShownHook, wish: HookWish): readonly string[] {
  const extra = OTHER_EVENTS.filter((event) => hook[event] === true);
  return [
    ...lacksOf(hook, wish),
    ...(extra.length === 0 ? [] : [`it is told of more than jobs: ${extra.join(', ')}`]),
    ...(isVerified(wish) && hook.enable_ssl_verification === false ? ['certificates are not verified'] : []),
    ...(hook.name === undefined || hook.name === wish.name ? [] : ['it has another name']),
  ];
}

/** What GitLab is sent so that a webhook becomes as wanted; its secrets every time, because GitLab never shows them. */
export function hookBody(wish: HookWish, before?: ShownHook): Readonly<Record<string, unknown>> {
  const { url, name, secrets } = wish;
  const { token = '', signingToken = '' } = secrets;
  const off = OTHER_EVENTS.filter((event) => event === 'push_events' || before?.[event] === true);
  const template = before?.custom_webhook_template ?? '';
  return {
    url,
    name,
    job_events: true,
    ...Object.fromEntries(off.map((event) => [event, false])),
    ...(isVerified(wish) && { enable_ssl_verification: true }),
    ...(token !== '' && { token }),
    ...(signingToken !== '' && { signing_token: signingToken }),
    ...(template !== '' && { custom_webhook_template: '' }),
  };
}

function isVerified({ url }: HookWish): boolean {
  return url.startsWith('https:');
}
