import { z } from 'zod';
import { time } from '../client/schemas.ts';

/** What a webhook can be told of and GitLab's API can change, beside jobs. */
export const OTHER_EVENTS = [
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
  'releases_events',
  'milestone_events',
  'emoji_events',
  'resource_access_token_events',
  'subgroup_events',
  'member_events',
  'project_events',
  'vulnerability_events',
] as const;

/** A webhook as GitLab shows it, with a truth for each event; older ones leave out some of it. */
export const shownHook = z.looseObject({
  id: z.int(),
  url: z.string(),
  name: z.string().nullish(),
  job_events: z.boolean().nullish(),
  enable_ssl_verification: z.boolean().nullish(),
  custom_webhook_template: z.string().nullish(),
  /** `executable`, `temporarily_disabled` or `disabled`. */
  alert_status: z.string().nullish(),
  disabled_until: time.nullish(),
  token_present: z.boolean().nullish(),
  signing_token_present: z.boolean().nullish(),
});
export type ShownHook = z.output<typeof shownHook>;

/** A page of webhooks. */
export const hooksPage = z.array(shownHook);
