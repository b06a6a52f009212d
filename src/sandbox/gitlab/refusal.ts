import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { SandboxLog } from './sandbox-log.ts';

/** The JSON of a refusal; a few messages of GitLab are documents themselves. */
type RefusalBody = Readonly<Record<string, string | Readonly<Record<string, string>>>>;

/** A request that GitLab refuses: thrown by whoever notices, answered in one place. */
export class Refusal extends Error {
  readonly status: ContentfulStatusCode;
  readonly body: RefusalBody;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: ContentfulStatusCode,
    body: RefusalBody,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(Object.values(body).map(String).join(' '));
    this.name = 'Refusal';
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

/** GitLab's answer to missing or wrong credentials. */
export function unauthorized(): Refusal {
  return new Refusal(401, { message: '401 Unauthorized' });
}

/** GitLab's answer to credentials that do not suffice, and to any runner or job token that it does not know. */
export function forbidden(why?: string, headers: Readonly<Record<string, string>> = {}): Refusal {
  return new Refusal(
    403,
    { message: why === undefined ? '403 Forbidden' : `403 Forbidden - ${why}` },
    headers,
  );
}

/** GitLab's answer for a thing that is not there: `404 Project Not Found`. */
export function notFound(what?: string): Refusal {
  return new Refusal(404, { message: what === undefined ? '404 Not Found' : `404 ${what} Not Found` });
}

/** GitLab's answer to parameters that it does not understand. */
export function badRequest(why: string): Refusal {
  return new Refusal(400, { error: why });
}

/** GitLab's answer to parameters that it understands and does not accept. */
export function unprocessable(why: string): Refusal {
  return new Refusal(422, { error: why });
}

/** Turns what a handler threw into an answer; what is no refusal is a mistake of the double. */
export function answerError(error: Error, context: Context, log: SandboxLog): Response {
  if (error instanceof Refusal) return context.json(error.body, error.status, error.headers);
  log.warn({ error }, 'the GitLab double failed');
  return context.json({ message: '500 Internal Server Error' }, 500);
}
