import type { Context, MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import type { Instant } from '../../engine/time.ts';
import { givenToken } from './access.ts';
import type { Double } from './double.ts';
import { parameters } from './parameters.ts';

/** How many requests GitLab takes within a minute; absent: any number. */
export interface RateLimits {
  /** Of one user, over the whole API (`throttle_authenticated_api`). */
  readonly authenticated?: number;
  /** Of one user, of the jobs of any project (`project_jobs_api_rate_limit`, 600 by default). */
  readonly projectJobs?: number;
  /** With one runner's token, for a job (`runner_jobs_request_api_limit`, 2,000 by default). */
  readonly jobRequests?: number;
}

const PERIOD_S = 60;

/** Counts what is asked by route, and refuses what is too much. */
export class Throttle {
  readonly #limits: RateLimits;
  readonly #now: () => Instant;
  readonly #requests = new Map<string, number>();
  readonly #counts = new Map<string, { readonly minute: number; readonly count: number }>();

  constructor(limits: RateLimits, now: () => Instant) {
    this.#limits = limits;
    this.#now = now;
  }

  /** How many requests of each route came in, whatever the answer, such as `GET /api/v4/projects/:id/jobs`. */
  requests(): ReadonlyMap<string, number> {
    return this.#requests;
  }

  /** Counts a request by its route. */
  counting(): MiddlewareHandler {
    return async (context, next) => {
      const route = routeOf(context);
      this.#requests.set(route, (this.#requests.get(route) ?? 0) + 1);
      await next();
    };
  }

  /** Refuses a request as GitLab does: in plain text for the whole API, in JSON for one endpoint. */
  refusing({ tokens }: Pick<Double, 'tokens'>): MiddlewareHandler {
    return async (context, next) => {
      const known = tokens.find(givenToken(context) ?? '');
      const user = known === undefined ? undefined : `user ${known.user ?? 1}`;
      const { authenticated, projectJobs, jobRequests } = this.#limits;
      const observed = this.#count('all', user, authenticated);
      if (observed > (authenticated ?? Infinity))
        return this.#retryLater(context, observed, authenticated ?? 0);
      const route = routeOf(context);
      const endpoint =
        route === 'POST /api/v4/jobs/request'
          ? { who: await runnerTokenOf(context, jobRequests), limit: jobRequests }
          : { who: user, limit: route === 'GET /api/v4/projects/:id/jobs' ? projectJobs : undefined };
      if (this.#count(route, endpoint.who, endpoint.limit) > (endpoint.limit ?? Infinity))
        return tooMany(context);
      await next();
      return undefined;
    };
  }

  /** How many requests there were in this minute; what has no limit is not counted. */
  #count(what: string, who: string | undefined, limit: number | undefined): number {
    if (who === undefined || limit === undefined) return 0;
    const minute = Math.floor(this.#now() / 1000 / PERIOD_S);
    const known = this.#counts.get(`${what} ${who}`);
    const count = known?.minute === minute ? known.count + 1 : 1;
    this.#counts.set(`${what} ${who}`, { minute, count });
    return count;
  }

  /** The answer of the whole API (lib/gitlab/rack_attack.rb). */
  #retryLater(context: Context, observed: number, limit: number): Response {
    const now = Math.floor(this.#now() / 1000);
    const retryAfter = PERIOD_S - (now % PERIOD_S);
    return context.text('Retry later\n', 429, {
      'RateLimit-Name': 'throttle_authenticated_api',
      'RateLimit-Limit': String(limit),
      'RateLimit-Observed': String(observed),
      'RateLimit-Remaining': '0',
      'RateLimit-Reset': String(now + retryAfter),
      'RateLimit-ResetTime': new Date((now + retryAfter) * 1000).toUTCString(),
      'Retry-After': String(retryAfter),
    });
  }
}

/** The answer of one endpoint, which says nothing of when to come again (lib/api/helpers/rate_limiter.rb). */
function tooMany(context: Context): Response {
  const error = 'This endpoint has been requested too many times. Try again later.';
  return context.json({ message: { error } }, 429);
}

/** Method and path of the route that answers, with its placeholders. */
function routeOf(context: Context): string {
  const route = matchedRoutes(context).find(({ path }) => !path.endsWith('*'));
  return `${context.req.method} ${route?.path ?? 'unknown'}`;
}

async function runnerTokenOf(context: Context, limit: number | undefined): Promise<string | undefined> {
  if (limit === undefined) return undefined;
  const { token } = await parameters(context);
  return typeof token === 'string' ? `runner ${token}` : undefined;
}
