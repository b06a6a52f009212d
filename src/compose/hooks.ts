import { GitLabClient, type GitLabClientOptions } from '../adapters/gitlab/client/client.ts';
import type { HookArrivals } from '../adapters/gitlab/hooks/hook-arrivals.ts';
import type { Watched } from '../adapters/gitlab/hooks/hook-place.ts';
import { HookUpkeep } from '../adapters/gitlab/hooks/hook-upkeep.ts';
import { GitLabHooks } from '../adapters/gitlab/hooks/hooks.ts';
import type { Config } from '../config/schema.ts';
import type { Clock } from '../controller/ports.ts';
import type { Upkeep } from '../controller/upkeep.ts';
import { type Duration, milliseconds, seconds } from '../engine/time.ts';

/** A test delivery takes as long as GitLab waits for an answer, ten seconds by default, and some more. */
const SHORTEST_TIMEOUT = seconds(30);

/** The webhooks of a configuration, and what they tell of. */
export interface ComposedHooks {
  readonly hooks: GitLabHooks;
  readonly watched: Watched;
}

/**
 * Wires the webhooks in GitLab; undefined where the configuration has no `webhook.url`. They have a client of their own:
 * GitLab limits test deliveries strictly, and what it answers then must not hold up the reading of jobs.
 */
export function composeHooks(config: Config, options: GitLabClientOptions): ComposedHooks | undefined {
  const { installation, gitlab, webhook } = config;
  const url = webhook?.url;
  if (url === undefined) return undefined;
  const timeout: Duration = milliseconds(Math.max(gitlab.timeout, SHORTEST_TIMEOUT));
  const secrets = webhookSecrets(config);
  return {
    hooks: new GitLabHooks({
      client: new GitLabClient({ ...options, timeout }),
      wish: () => ({ url, name: `Runtide ${installation}`, secrets }),
    }),
    watched: { projects: (gitlab.projects ?? []).map(String), groups: (gitlab.groups ?? []).map(String) },
  };
}

/** What the webhook of a configuration proves itself with. */
export function webhookSecrets({ webhook }: Config) {
  const token = webhook?.token?.reveal();
  const signingToken = webhook?.signingToken?.reveal();
  return { ...(token !== undefined && { token }), ...(signingToken !== undefined && { signingToken }) };
}

/** What looks after the webhooks, where the configuration has a `webhook.url`. */
export function composeHookUpkeep(
  config: Config,
  options: GitLabClientOptions,
  parts: {
    readonly arrivals: HookArrivals;
    /** See `HookUpkeepOptions`. */
    readonly agree: () => boolean | undefined;
    readonly note: (message: string) => void;
    readonly clock: Clock;
  },
): readonly Upkeep[] {
  const composed = composeHooks(config, options);
  return composed === undefined ? [] : [new HookUpkeep({ ...composed, ...parts })];
}
