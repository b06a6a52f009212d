import type { GitLabJobs } from '../adapters/gitlab/jobs/jobs.ts';
import { watchesPlace } from '../adapters/gitlab/jobs/watched-paths.ts';
import { createWebhook, type Webhook } from '../adapters/gitlab/webhook/webhook.ts';
import type { WebhookEvent } from '../adapters/gitlab/webhook/webhook-event.ts';
import type { Config } from '../config/schema.ts';
import type { Clock, PipelineRef } from '../controller/ports.ts';
import { webhookSecrets } from './hooks.ts';

/** Wires the webhook, if the configuration has one. */
export function composeWebhook(
  config: Config,
  parts: {
    clock: Clock;
    wake: (ref: PipelineRef) => void;
    note: (event: WebhookEvent) => void;
    /** Tells the projects of groups and of the instance. */
    jobs: Pick<GitLabJobs, 'watches'>;
  },
): Webhook | undefined {
  const { webhook, gitlab } = config;
  if (webhook === undefined) return undefined;
  const secrets = webhookSecrets(config);
  const projects = (gitlab.projects ?? []).map(String);
  const groups = (gitlab.groups ?? []).map(String);
  return createWebhook({
    ...parts,
    secrets: () => secrets,
    watches: watchesPlace({ projects, groups }, (project) => parts.jobs.watches(project)),
  });
}
