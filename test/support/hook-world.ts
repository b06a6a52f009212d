import { createHash } from 'node:crypto';
import type { VirtualClock } from '../../src/adapters/memory/clock.ts';
import type { GitLab } from '../../src/adapters/memory/gitlab/gitlab.ts';
import { GitLabClient } from '../../src/adapters/gitlab/client/client.ts';
import { HookArrivals } from '../../src/adapters/gitlab/hooks/hook-arrivals.ts';
import { HookUpkeep, type HookUpkeepOptions } from '../../src/adapters/gitlab/hooks/hook-upkeep.ts';
import { GitLabHooks } from '../../src/adapters/gitlab/hooks/hooks.ts';
import { createWebhook, type WebhookSecrets } from '../../src/adapters/gitlab/webhook/webhook.ts';
import { serve } from '../../src/runtimes/daemon/server.ts';
import type { GitLabDoubleOptions } from '../../src/sandbox/gitlab/start.ts';
import { API_TOKEN, closeDouble, gitlabDouble } from './gitlab-double.ts';

export const SECRETS = {
  token: '3fd1c9a07be24c5586d1f0a9b7c4e213',
  signingToken: `whsec_${createHash('sha256').update('a sample').digest('base64')}`,
};

/** A GitLab double, and the endpoint of a Runtide that takes its webhooks, in virtual time; `around` stands for a world of its own. */
export async function hookWorld(
  options: Partial<GitLabDoubleOptions> = {},
  around?: { readonly gitlab: GitLab; readonly clock: VirtualClock },
) {
  const own = around === undefined ? {} : { model: around.gitlab, timers: around.clock };
  const world = await gitlabDouble({ ...options, ...own });
  const { double } = world;
  const timers = around?.clock ?? world.timers;
  // Whoever waits lets the time pass itself, so that no test waits.
  const clock = {
    now: () => timers.now(),
    sleep: (duration: Parameters<typeof timers.advance>[0]) => timers.advance(duration),
  };
  const arrivals = new HookArrivals(timers);
  /** What stands in the way of the webhooks; the secrets that the endpoint knows. */
  const endpoint: { down: boolean; secrets: WebhookSecrets } = { down: false, secrets: SECRETS };
  const webhook = createWebhook({
    clock: timers,
    secrets: () => endpoint.secrets,
    wake: () => undefined,
    note: (event) => arrivals.note(event),
    watches: () => true,
  });
  const listening = await serve(
    async (request, remote) =>
      endpoint.down ? new Response('bad gateway', { status: 502 }) : webhook(request, remote),
    { host: '127.0.0.1', port: 0 },
    'webhooks',
  );
  const url = `${listening.url}/webhook`;
  const clientWith = (token = API_TOKEN) =>
    new GitLabClient({ url: double.url, token: () => token, clock, version: '0.0.0' });
  const hooksWith = (token?: string, wish: Partial<{ url: string; secrets: WebhookSecrets }> = {}) =>
    new GitLabHooks({
      client: clientWith(token),
      wish: () => ({ url, name: 'Runtide acme', secrets: SECRETS, ...wish }),
    });
  const notes: string[] = [];
  const upkeep = (over: Partial<HookUpkeepOptions> = {}): HookUpkeep =>
    new HookUpkeep({
      hooks: hooksWith(),
      watched: { projects: ['acme/web'], groups: [] },
      arrivals,
      agree: () => undefined,
      note: (message) => notes.push(message),
      clock: timers,
      ...over,
    });
  return {
    ...world,
    url,
    endpoint,
    arrivals,
    hooks: hooksWith(),
    hooksWith,
    notes,
    upkeep,
    async [Symbol.asyncDispose]() {
      await closeDouble(world);
      await listening[Symbol.asyncDispose]();
    },
  };
}
export type HookWorld = Awaited<ReturnType<typeof hookWorld>>;
