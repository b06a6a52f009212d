import { PortError, type PortErrorDetails, type PortErrorKind } from '../../../controller/errors.ts';
import type { Instant } from '../../../engine/time.ts';
import type { Answer } from './answer.ts';
import { BodyTooLarge } from './bounded-body.ts';
import type { GitLabCall } from './call.ts';
import { permission } from './permission.ts';
import { ProxyFailure } from './proxy-failure.ts';
import { redirectTarget } from './redirect.ts';
import { askedToWait } from './retry.ts';

const LONGEST_QUOTE = 200;

/** The failure that an answer means, or undefined for a success (2xx). */
export function answerError(call: GitLabCall, answer: Answer, now: Instant): PortError | undefined {
  if (answer.status >= 200 && answer.status < 300) return undefined;
  const asked = askedToWait(answer, now);
  return new PortError({
    ...advice(call, answer),
    ...origin(answer),
    ...(asked === undefined ? {} : { retryAfter: asked }),
    system: 'gitlab',
    doing: call.doing,
    why: `GitLab answered ${answer.status}${said(answer)}`,
  });
}

function advice(call: GitLabCall, answer: Answer): { kind: PortErrorKind; next?: string } {
  const { status } = answer;
  if (status === 401 || status === 403) return { kind: 'unauthorized', next: permission(call, answer) };
  if (status === 404) {
    return { kind: 'not-found', next: `check that it exists and that the token may see it (${call.needs})` };
  }
  if (status === 429)
    return { kind: 'throttled', next: 'poll less often, or raise the rate limit in GitLab' };
  if (status >= 500) return { kind: 'unavailable', next: "see GitLab's status and its logs" };
  if (status >= 300 && status < 400) return { kind: 'invalid-answer', next: redirection(answer) };
  return { kind: 'refused' };
}

/** Where a redirect leads, without its query. */
function redirection(answer: Answer): string {
  const target = redirectTarget(answer);
  const where = target === undefined ? '' : `it redirects to ${target.origin}${target.pathname}: `;
  return `${where}set the URL that GitLab itself answers at`;
}

/** The failure to get a whole answer at all. */
export function connectionError(call: GitLabCall, url: URL, error: unknown): PortError {
  if (error instanceof BodyTooLarge) {
    return invalidAnswer(
      call,
      `the answer is too large: ${error.message}`,
      'check that the URL is that of a GitLab',
    );
  }
  const code = causeCode(error);
  const proxy = error instanceof ProxyFailure ? error : undefined;
  return new PortError({
    kind: 'unreachable',
    system: 'gitlab',
    doing: call.doing,
    why: proxy?.message ?? `no answer from ${url.origin} (${code ?? causeMessage(error)})`,
    next: proxy === undefined ? wayTo(code ?? '') : wayThrough(proxy),
    cause: error,
  });
}

function wayTo(code: string): string {
  if (code === 'CERT_HAS_EXPIRED') return "renew GitLab's certificate";
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return 'write `gitlab.url` with a name that stands in the certificate';
  }
  return /CERT|SIGNATURE|SELF_SIGNED/.test(code)
    ? 'name the file of the authority that signed the certificate in `gitlab.caFile`'
    : 'check the URL, DNS and the network between here and GitLab';
}

function wayThrough({ status }: ProxyFailure): string {
  if (status === undefined) return 'check `gitlab.proxy` and the network between here and the proxy';
  return status === 407
    ? 'write user and password of the proxy into `gitlab.proxy`'
    : 'let the proxy through to GitLab, or name another in `gitlab.proxy`';
}

/** The failure to get an answer in time. */
export function timeoutError(call: GitLabCall, url: URL, timeout: number): PortError {
  return new PortError({
    kind: 'unreachable',
    system: 'gitlab',
    doing: call.doing,
    why: `no whole answer from ${url.origin} within ${timeout} ms`,
    next: 'check the network between here and GitLab',
  });
}

/** The caller gave the call up. */
export function cancelledError(call: GitLabCall): PortError {
  return new PortError({
    kind: 'unreachable',
    system: 'gitlab',
    doing: call.doing,
    why: 'the call was cancelled',
  });
}

/** The answer is not what GitLab documents. */
export function invalidAnswer(call: GitLabCall, why: string, next: string, answer?: Answer): PortError {
  return new PortError({
    kind: 'invalid-answer',
    system: 'gitlab',
    doing: call.doing,
    why,
    next,
    ...(answer === undefined ? {} : origin(answer)),
  });
}

/** Whether the connection broke under the call, so that a new one may do better. */
export function isConnectionReset(error: unknown): boolean {
  return ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'].includes(causeCode(error) ?? '');
}

function origin(answer: Answer): Pick<PortErrorDetails, 'requestId'> {
  const requestId = answer.headers.get('x-request-id');
  return requestId === null ? {} : { requestId };
}

/** GitLab's own words, if the answer has some for people. */
function said(answer: Answer): string {
  const words = answer.message()?.replaceAll(/\s+/g, ' ').trim() ?? '';
  return words === '' ? '' : `: ${words.slice(0, LONGEST_QUOTE)}`;
}

function causeCode(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string') return at.code;
  }
  return undefined;
}

function causeMessage(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown failure';
}
