/** What kind of failure a port met; closed, so that callers can decide by it. */
export type PortErrorKind =
  /** No answer: the connection failed or the time-out passed. */
  | 'unreachable'
  /** The other side is failing (5xx). */
  | 'unavailable'
  /** The other side asks to slow down. */
  | 'throttled'
  /** The credentials are missing, wrong, expired or too narrow. */
  | 'unauthorized'
  /** The thing asked for is not there. */
  | 'not-found'
  /** The request is understood and refused. */
  | 'refused'
  /** The answer is not what its documentation promises. */
  | 'invalid-answer'
  /** A newer lease holder has written since: this one must stop. */
  | 'fenced';

export interface PortErrorDetails {
  readonly kind: PortErrorKind;
  /** Who failed. */
  readonly system: 'gitlab' | 'ec2' | 'auto-scaling' | 'ssm' | 'sqs' | 'cloudwatch' | 'store';
  /** What was being done, to what: "listing pending jobs of project acme/web". */
  readonly doing: string;
  /** Why it failed, in the other side's words where there are any. */
  readonly why: string;
  /** What the operator can do next. */
  readonly next?: string;
  /** GitLab's or AWS's request id. */
  readonly requestId?: string;
  /** How long the other side asks to wait, in milliseconds. */
  readonly retryAfter?: number;
  readonly cause?: unknown;
}

/** A failure of a port: "doing what, to what: why (request id …); what to do next". */
export class PortError extends Error {
  readonly details: PortErrorDetails;

  constructor(details: PortErrorDetails) {
    const request = details.requestId === undefined ? '' : ` (request ${details.requestId})`;
    const next = details.next === undefined ? '' : `; ${details.next}`;
    super(`${details.doing}: ${details.why}${request}${next}`, { cause: details.cause });
    this.name = 'PortError';
    this.details = details;
  }

  get kind(): PortErrorKind {
    return this.details.kind;
  }
}

/** Whether `error` is a port's failure, of the given kind if one is named. */
export function isPortError(error: unknown, kind?: PortErrorKind): error is PortError {
  return error instanceof PortError && (kind === undefined || error.kind === kind);
}
