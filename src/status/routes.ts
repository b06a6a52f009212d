import { Hono } from 'hono';
import type { DecisionRecord } from '../controller/ports.ts';
import { type Duration, elapsed, type Instant } from '../engine/time.ts';
import { renderMetrics } from './metrics.ts';
import type { StatusBoard } from './model.ts';
import { PAGE } from './page.ts';

export interface RoutesOptions {
  readonly board: StatusBoard;
  readonly now: () => Instant;
  readonly decisions: (limit: number) => Promise<readonly DecisionRecord[]>;
  /** Without a pass for this long the process is not healthy. */
  readonly unhealthyAfter: () => Duration;
  readonly startedAt: Instant;
}

const MOST_DECISIONS = 1000;

/** The read-only HTTP application: status, decisions, metrics, health and the page. */
export function statusRoutes({ board, now, decisions, unhealthyAfter, startedAt }: RoutesOptions): Hono {
  const app = new Hono();
  app.use(async (context, next) => {
    await next();
    context.header('Cache-Control', 'no-store');
    context.header('X-Content-Type-Options', 'nosniff');
    context.header(
      'Content-Security-Policy',
      "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; frame-ancestors 'none'",
    );
  });
  app.get('/', (context) => context.html(PAGE));
  app.get('/api/status', (context) => context.json(board.status(now())));
  app.get('/api/decisions', async (context) => {
    const asked = Number(context.req.query('limit') ?? 50);
    if (!Number.isInteger(asked) || asked < 1 || asked > MOST_DECISIONS) {
      return context.json({ error: `limit must be a whole number from 1 to ${MOST_DECISIONS}` }, 400);
    }
    return context.json(await decisions(asked));
  });
  app.get('/metrics', (context) => {
    context.header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8');
    return context.body(renderMetrics(board.status(now())));
  });
  app.get('/health', (context) => {
    const since = elapsed(board.lastPassAt ?? startedAt, now());
    const healthy = since <= unhealthyAfter();
    const body = { healthy, secondsSincePass: Math.round(since / 1000), role: board.status(now()).role };
    return context.json(body, healthy ? 200 : 503);
  });
  app.onError((error, context) => context.json({ error: error.message }, 500));
  app.notFound((context) =>
    context.json({ error: 'not found; there are /, /api/status, /api/decisions, /metrics and /health' }, 404),
  );
  return app;
}
