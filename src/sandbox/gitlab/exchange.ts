import type { Context, MiddlewareHandler } from 'hono';

/** One request and its answer, as they went over the wire. */
export interface Exchange {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: readonly (readonly [name: string, value: string])[];
  readonly requestType: string;
  /** Parsed when it is JSON, else text; absent when there was none. */
  readonly requestBody: unknown;
  readonly status: number;
  readonly responseType: string;
  /** Parsed when it is JSON, else text; absent when there was none. */
  readonly responseBody: unknown;
}

/** Tells every exchange that GitLab itself answered; answers that a scripted fault gave are not among them. */
export function observing(observe: (exchange: Exchange) => void): MiddlewareHandler {
  return async (context, next) => {
    await next();
    observe(await exchangeOf(context));
  };
}

async function exchangeOf(context: Context): Promise<Exchange> {
  const url = new URL(context.req.url);
  const requestType = context.req.header('content-type') ?? '';
  const responseType = context.res.headers.get('content-type') ?? '';
  const opaque = requestType.startsWith('multipart/') || requestType === 'application/octet-stream';
  return {
    method: context.req.method,
    path: url.pathname,
    query: [...url.searchParams],
    requestType,
    requestBody: opaque ? undefined : parse(await context.req.text(), requestType),
    status: context.res.status,
    responseType,
    responseBody: parse(await context.res.clone().text(), responseType),
  };
}

function parse(text: string, type: string): unknown {
  if (text === '') return undefined;
  if (!type.startsWith('application/json')) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
