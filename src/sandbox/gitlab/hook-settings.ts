import { Buffer } from 'node:buffer';
import { z } from 'zod';
import type { HookSettings } from '../../adapters/memory/gitlab/hooks.ts';
import { flag } from './parameters.ts';
import { unprocessable } from './refusal.ts';

/** What a webhook of a project can be told of. */
export const PROJECT_EVENTS = [
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

/** What a webhook of a group can be told of. */
export const GROUP_EVENTS = [
  ...PROJECT_EVENTS,
  'subgroup_events',
  'member_events',
  'project_events',
  'vulnerability_events',
] as const;

/** The parameters that change a webhook. */
export const hookFields = z.looseObject({
  url: z.string().nullish(),
  name: z.string().nullish(),
  description: z.string().nullish(),
  token: z.string().nullish(),
  signing_token: z.string().nullish(),
  enable_ssl_verification: flag.nullish(),
  custom_headers: z.array(z.object({ key: z.string(), value: z.string() })).nullish(),
});
type Fields = z.output<typeof hookFields>;

/** The parameters of a new one. */
export const newHookFields = hookFields.extend({ url: z.string() });

/** What a new webhook is like where nothing is asked for: it is told of pushes. */
export function freshSettings(url: string): HookSettings {
  return { url, events: new Set(['push_events']), customHeaders: [], verifySsl: true };
}

/** What was asked for, over what was there; an empty text removes what was set. Refuses what GitLab refuses. */
export function settingsOf(
  asked: Fields,
  before: HookSettings,
  events: readonly string[] = PROJECT_EVENTS,
): HookSettings {
  const url = asked.url ?? before.url;
  if (!/^https?:\/\/[^/]/.test(url) || !URL.canParse(url)) throw unprocessable('Invalid url given');
  return {
    url,
    name: kept(asked.name, before.name),
    description: kept(asked.description, before.description),
    token: kept(asked.token, before.token),
    signingToken: signingToken(kept(asked.signing_token, before.signingToken)),
    events: eventsOf(asked, before.events, events),
    customHeaders: asked.custom_headers ?? before.customHeaders,
    verifySsl: asked.enable_ssl_verification ?? before.verifySsl,
  };
}

function eventsOf(
  asked: Fields,
  before: ReadonlySet<string>,
  events: readonly string[],
): ReadonlySet<string> {
  const wanted = events.filter((event) => {
    const given = flag.nullish().safeParse(asked[event]);
    return given.success ? (given.data ?? before.has(event)) : before.has(event);
  });
  return new Set(wanted);
}

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
