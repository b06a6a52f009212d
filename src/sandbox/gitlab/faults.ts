import type { Context, MiddlewareHandler } from 'hono';
import { z } from 'zod';
import type { Timers } from '../../adapters/memory/clock.ts';
import { after, type Duration, type Instant, milliseconds } from '../../engine/time.ts';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

const duration = z
  .string()
  .regex(/^\d+(ms|s|m|h)$/, 'must be a number and ms, s, m or h, such as 10s')
  .transform((text) => {
    const [, count, unit] = /^(\d+)(\D+)$/.exec(text) ?? [];
    return milliseconds(Number(count) * (UNITS[unit ?? ''] ?? 1));
  });

const scope = {
  /** How long it lasts; absent: until the next fault is set. */
  for: duration.optional(),
  /** How many requests it hits; absent: all. */
  times: z.int().positive().optional(),
  /** Only paths that begin so, such as `/api/v4/runners`; `/api/graphql` is what a proxy may refuse. */
  path: z.string().startsWith('/api/').optional(),
};

/** What can be asked of the control endpoint. */
export const faultSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({ kind: z.literal('status'), status: z.int().min(400).max(599), ...scope }),
  z.strictObject({ kind: z.literal('html'), ...scope }),
  z.strictObject({ kind: z.literal('hang'), ...scope }),
  z.strictObject({ kind: z.literal('rate-limit'), retryAfter: z.int().nonnegative(), ...scope }),
]);
export type Fault = z.output<typeof faultSchema>;
type ActiveFault = Exclude<Fault, { kind: 'none' }>;

/** The one scripted fault of the API, if any. */
export class Faults {
  readonly #timers: Timers;
  readonly #closing: AbortSignal;
  #active: ActiveFault | undefined;
  #until: Instant | undefined;
  #left = Infinity;
  #hanging = 0;
  /** Aborts when the fault that is set is over. */
  #over = new AbortController();

  constructor(timers: Timers, closing: AbortSignal) {
    this.#timers = timers;
    this.#closing = closing;
  }

  /** How many requests hang now. */
  get hanging(): number {
    return this.#hanging;
  }

  /** Replaces the fault that was set before. */
  set(fault: Fault): void {
    this.#over.abort();
    const over = new AbortController();
    this.#over = over;
    if (fault.kind !== 'none' && fault.for !== undefined) this.#timers.after(fault.for, () => over.abort());
    this.#active = fault.kind === 'none' ? undefined : fault;
    this.#until =
      fault.kind === 'none' || fault.for === undefined ? undefined : after(this.#timers.now(), fault.for);
    this.#left = fault.kind === 'none' ? Infinity : (fault.times ?? Infinity);
  }

  /** The next `count` requests are answered with `status`. */
  failNext(count: number, status: number): void {
    this.set({ kind: 'status', status, times: count });
  }

  /** GitLab is down for that long: every request is answered with 503. */
  outage(length: Duration): void {
    this.set({ kind: 'status', status: 503, for: length });
  }

  /** The fault that the next request would meet. */
  active(): Fault {
    const over = this.#left <= 0 || (this.#until !== undefined && this.#timers.now() >= this.#until);
    if (over) this.#active = undefined;
    return this.#active ?? { kind: 'none' };
  }

  /** Answers in GitLab's place while a fault is set. */
  middleware(): MiddlewareHandler {
    return async (context, next) => {
      const fault = this.active();
      const hit = fault.kind !== 'none' && context.req.path.startsWith(fault.path ?? '/api/');
      if (!hit) {
        await next();
        return undefined;
      }
      this.#left -= 1;
      return this.#answer(fault, context);
    };
  }

  async #answer(fault: ActiveFault, context: Context): Promise<Response> {
    if (fault.kind === 'hang') {
      this.#hanging += 1;
      await aborted(AbortSignal.any([context.req.raw.signal, this.#over.signal, this.#closing]));
      this.#hanging -= 1;
      return Response.json({ message: '503 Service Unavailable' }, { status: 503 });
    }
    if (fault.kind === 'html')
      return context.html('<!DOCTYPE html><html><body>Sign in to continue</body></html>');
    if (fault.kind === 'rate-limit') {
      return context.text('Retry later\n', 429, this.#rateLimitHeaders(fault.retryAfter));
    }
    return Response.json({ message: `${fault.status} Scripted fault` }, { status: fault.status });
  }

  #rateLimitHeaders(retryAfter: number): Record<string, string> {
    const reset = Math.ceil(this.#timers.now() / 1000) + retryAfter;
    return {
      'Retry-After': String(retryAfter),
      'RateLimit-Limit': '600',
      'RateLimit-Observed': '601',
      'RateLimit-Remaining': '0',
      'RateLimit-Reset': String(reset),
      'RateLimit-ResetTime': new Date(reset * 1000).toUTCString(),
    };
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
