import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import type { Timers } from '../../adapters/memory/clock.ts';
import type { GitLab } from '../../adapters/memory/gitlab/gitlab.ts';
import { type Duration, milliseconds } from '../../engine/time.ts';
import { type AccessToken, AccessTokens } from './access-tokens.ts';
import { accountRoutes } from './account-routes.ts';
import { controlRoutes } from './control-routes.ts';
import type { CompatibleJobsFor, Double } from './double.ts';
import { type Exchange, observing } from './exchange.ts';
import { Faults } from './faults.ts';
import { graphqlRoute } from './graphql/graphql-route.ts';
import { groupRoutes } from './group-routes.ts';
import { hookRoutes } from './hook-routes.ts';
import { jobRequestRoute } from './job-request.ts';
import { jobRoutes } from './job-routes.ts';
import { jobUpdateRoutes } from './job-update-routes.ts';
import { managerRoutes } from './manager-routes.ts';
import { projectRoutes } from './project-routes.ts';
import { answerError } from './refusal.ts';
import type { RegistrationToken } from './registration-token.ts';
import { runnerLists } from './runner-lists.ts';
import { runnerProjectRoutes } from './runner-projects.ts';
import { runnerRegistration } from './runner-registration.ts';
import { runnerRoutes } from './runner-routes.ts';
import type { SandboxLog } from './sandbox-log.ts';
import { type RateLimits, Throttle } from './throttle.ts';
import { GITLAB_VERSION } from './version.ts';
import { WebhookDelivery } from './webhook-delivery.ts';

export interface GitLabDoubleOptions {
  /** What the double shows. */
  readonly model: GitLab;
  /** The model's own timers. */
  readonly timers: Timers;
  readonly tokens: readonly AccessToken[];
  /** What registers runners in the way that GitLab deprecates. Absent: nothing does, as by default since GitLab 17. */
  readonly registrationTokens?: readonly RegistrationToken[];
  /** Absent or 0: any free port of 127.0.0.1. */
  readonly port?: number;
  /** How long a job request is held while nothing changes; absent: not at all. */
  readonly longPoll?: Duration;
  /** Drops every webhook silently. Absent: false. */
  readonly dropWebhooks?: boolean;
  /** Is told every exchange under /api/v4 that no scripted fault answered. */
  readonly observe?: (exchange: Exchange) => void;
  readonly log?: SandboxLog;
  /** How much it may be asked within a minute. Absent: as much as one likes. */
  readonly limits?: RateLimits;
  /** What it says that it is, and what its GraphQL schema has. Absent: the newest that it knows. */
  readonly version?: string;
  /** To whom GraphQL shows the jobs that a runner could take. Absent: administrators. */
  readonly compatibleJobsFor?: CompatibleJobsFor;
}

/** A GitLab that listens. */
export interface GitLabDouble {
  /** Without a slash at the end. */
  readonly url: string;
  readonly faults: Faults;
  readonly deliveries: WebhookDelivery;
  /** How many requests of each route came in, whatever the answer, such as `GET /api/v4/projects/:id/jobs`. */
  requests(): ReadonlyMap<string, number>;
  /** Ends held requests and deliveries under way, and stops listening. */
  close(): Promise<void>;
}

const SILENT: SandboxLog = { info: () => undefined, warn: () => undefined };

/** Puts the model on the wire: REST, the runners' API, webhooks and a control endpoint, on 127.0.0.1. */
export async function startGitLab(options: GitLabDoubleOptions): Promise<GitLabDouble> {
  const { model, timers, log = SILENT } = options;
  const closing = new AbortController();
  let url = '';
  const faults = new Faults(timers, closing.signal);
  const deliveries = new WebhookDelivery({
    model,
    timers,
    instance: () => url,
    dropAll: options.dropWebhooks ?? false,
    log,
  });
  const throttle = new Throttle(options.limits ?? {}, () => timers.now());
  const app = gitlabApp(
    throttle,
    {
      model,
      timers,
      tokens: new AccessTokens(options.tokens, model),
      registrationTokens: options.registrationTokens,
      faults,
      deliveries,
      compatibleJobsFor: options.compatibleJobsFor ?? 'administrators',
      version: options.version ?? GITLAB_VERSION,
      longPoll: options.longPoll ?? milliseconds(0),
      url: () => url,
      closing: closing.signal,
      log,
    },
    options.observe,
  );
  const answer = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  const listening = createServer((incoming, outgoing) => {
    answer(incoming, outgoing).catch((error: unknown) =>
      log.warn({ error }, 'the GitLab double could not answer'),
    );
  });
  url = await listen(listening, options.port ?? 0);
  const close = async (): Promise<void> => {
    closing.abort();
    await deliveries.close();
    listening.closeAllConnections();
    listening.close();
    await once(listening, 'close');
  };
  return { url, faults, deliveries, requests: () => throttle.requests(), close };
}

/** The routes alone, without a port. */
function gitlabApp(throttle: Throttle, double: Double, observe: GitLabDoubleOptions['observe']): Hono {
  const app = new Hono();
  app.use(async (context, next) => {
    await next();
    context.header('x-request-id', randomUUID().replaceAll('-', ''));
  });
  app.use('/api/*', throttle.counting());
  app.use('/api/*', double.faults.middleware());
  app.use('/api/*', throttle.refusing(double));
  if (observe !== undefined) app.use('/api/v4/*', observing(observe));
  app.onError((error, context) => answerError(error, context, double.log));
  app.notFound((context) => context.json({ error: '404 Not Found' }, 404));
  // The runners' own paths first: /runners/managers is not the runner called "managers".
  managerRoutes(app, double);
  jobRequestRoute(app, double);
  jobUpdateRoutes(app, double);
  accountRoutes(app, double);
  projectRoutes(app, double);
  groupRoutes(app, double);
  jobRoutes(app, double);
  hookRoutes(app, double);
  runnerRegistration(app, double);
  runnerLists(app, double);
  runnerProjectRoutes(app, double);
  runnerRoutes(app, double);
  graphqlRoute(app, double);
  controlRoutes(app, double);
  return app;
}

async function listen(listening: Server, port: number): Promise<string> {
  listening.listen(port, '127.0.0.1');
  await once(listening, 'listening');
  const address = listening.address();
  if (address === null || typeof address === 'string') {
    throw new Error(`starting the GitLab double on port ${port}: it has no address; choose another port`);
  }
  return `http://127.0.0.1:${address.port}`;
}
