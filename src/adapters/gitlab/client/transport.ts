import { PortError } from '../../../controller/errors.ts';
import type { Duration } from '../../../engine/time.ts';
import { type Answer, readAnswer } from './answer.ts';
import type { GitLabCall } from './call.ts';
import { cancelledError, connectionError, timeoutError } from './errors.ts';

/** One request on the wire. */
export interface WireRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** What no error may repeat. */
  readonly secrets: readonly string[];
}

/** What is used of `fetch`. */
export type Fetch = (
  url: URL,
  init: {
    readonly method: string;
    readonly headers: Headers;
    readonly body: string | null;
    readonly redirect: 'manual';
    readonly signal: AbortSignal;
  },
) => Promise<Response>;

export interface TransportOptions {
  /** How long one request may take, its body included. */
  readonly timeout: Duration;
  /** Largest answer that is read, in bytes. */
  readonly maxBytes: number;
  readonly fetch: Fetch;
}

/**
 * Sends one request and reads its answer whole, whatever its status. Throws `unreachable` when there
 * is no whole answer in time, `invalid-answer` when it is too large.
 */
export async function send(
  options: TransportOptions,
  call: GitLabCall,
  request: WireRequest,
): Promise<Answer> {
  const headers = wireHeaders(call, request.headers);
  const timeLimit = AbortSignal.timeout(options.timeout);
  try {
    const response = await options.fetch(request.url, {
      method: request.method,
      headers,
      body: request.body ?? null,
      // A redirect would carry the token along, wherever it leads.
      redirect: 'manual',
      signal: AbortSignal.any([call.signal, timeLimit]),
    });
    return await readAnswer(request.url, response, options.maxBytes, request.secrets);
  } catch (error) {
    if (call.signal.aborted) throw cancelledError(call);
    if (timeLimit.aborted) throw timeoutError(call, request.url, options.timeout);
    throw connectionError(call, request.url, error);
  }
}

/** The error of an invalid header quotes its value, and that is the token: it goes no further. */
function wireHeaders(call: GitLabCall, headers: WireRequest['headers']): Headers {
  try {
    return new Headers(headers);
  } catch {
    throw new PortError({
      kind: 'unauthorized',
      system: 'gitlab',
      doing: call.doing,
      why: 'the token has a character that no header may carry',
      next: 'give the token alone, without line breaks',
    });
  }
}
