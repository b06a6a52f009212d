/** Why a webhook changes nothing; it is answered with 200, because GitLab stops sending after failures. */
export type IgnoredBecause = 'duplicate' | 'other-event' | 'unwatched-project' | 'status';

/** Why a webhook was refused. */
export type RejectedBecause =
  | 'method'
  | 'throttled'
  /** No secret is configured, so nobody can be let in. */
  | 'no-secret'
  /** The request has neither token nor signature. */
  | 'no-credentials'
  | 'wrong-token'
  | 'wrong-signature'
  /** Its time is missing or too far from ours. */
  | 'untimely'
  | 'too-large'
  | 'too-slow'
  /** The connection broke within the body. */
  | 'cut-off'
  | 'invalid-json'
  /** A job event without kind, project, pipeline or status. */
  | 'invalid-shape';

/** What a job webhook names. */
export interface JobEvent {
  readonly project: number;
  readonly pipeline: number;
  readonly status: string;
}

interface Accepted extends JobEvent {
  readonly outcome: 'accepted';
}

interface Ignored extends Partial<JobEvent> {
  readonly outcome: 'ignored';
  readonly because: IgnoredBecause;
}

interface Rejected {
  readonly outcome: 'rejected';
  readonly because: RejectedBecause;
}

/** What a request comes to, before it is answered. */
export type Verdict = Accepted | Ignored | Rejected;

/** What became of one request, for logs and counters. Of its body it holds ids and the status alone. */
export type WebhookEvent = Accepted | Ignored | (Rejected & { readonly remote: string });

const REJECTIONS: Readonly<Record<RejectedBecause, number>> = {
  method: 405,
  throttled: 429,
  'no-secret': 401,
  'no-credentials': 401,
  'wrong-token': 401,
  'wrong-signature': 401,
  untimely: 401,
  'too-large': 413,
  'too-slow': 408,
  'cut-off': 400,
  'invalid-json': 400,
  'invalid-shape': 400,
};

const HEADERS: Partial<Readonly<Record<RejectedBecause, Readonly<Record<string, string>>>>> = {
  method: { allow: 'POST' },
  throttled: { 'retry-after': '60' },
};

/** The HTTP answer to a request, with a short JSON body. */
export function answerTo(verdict: Verdict): Response {
  if (verdict.outcome === 'accepted') return Response.json({ outcome: 'accepted' }, { status: 202 });
  const { outcome, because } = verdict;
  if (verdict.outcome === 'ignored') return Response.json({ outcome, because }, { status: 200 });
  return Response.json(
    { outcome, because: publicReason(verdict.because) },
    { status: REJECTIONS[verdict.because], headers: HEADERS[verdict.because] ?? {} },
  );
}

/** A stranger is not told which of the credentials was wrong. */
function publicReason(because: RejectedBecause): string {
  return REJECTIONS[because] === 401 ? 'unauthorized' : because;
}
