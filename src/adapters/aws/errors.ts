import { CloudWatchServiceException } from '@aws-sdk/client-cloudwatch';
import { AutoScalingServiceException } from '@aws-sdk/client-auto-scaling';
import { EC2ServiceException } from '@aws-sdk/client-ec2';
import { SQSServiceException } from '@aws-sdk/client-sqs';
import { SSMServiceException } from '@aws-sdk/client-ssm';
import {
  isPortError,
  PortError,
  type PortErrorDetails,
  type PortErrorKind,
} from '../../controller/errors.ts';
import { type CodeMeaning, meaningOf } from './error-codes.ts';

/** One call of an AWS API, in words. */
export interface CallDescription {
  readonly system: 'ec2' | 'auto-scaling' | 'ssm' | 'sqs' | 'cloudwatch';
  /** What is being done, to what. */
  readonly doing: string;
}

/** Why a call may have been cut off on this side. */
export interface CutOff {
  readonly stopped: boolean;
  readonly timedOut: boolean;
}

/** The encoded blob that EC2 appends tells an operator nothing that the text before it does not. */
const ENCODED_PART = /\s*Encoded authorization failure message:.*$/s;

type ServiceError =
  | EC2ServiceException
  | AutoScalingServiceException
  | SSMServiceException
  | SQSServiceException
  | CloudWatchServiceException;

function isServiceError(error: unknown): error is ServiceError {
  return (
    error instanceof EC2ServiceException ||
    error instanceof AutoScalingServiceException ||
    error instanceof SSMServiceException ||
    error instanceof SQSServiceException ||
    error instanceof CloudWatchServiceException
  );
}

function serviceErrorBehind(error: unknown): ServiceError | undefined {
  const cause = isPortError(error) ? error.details.cause : error;
  return isServiceError(cause) ? cause : undefined;
}

/** The AWS error code behind a failure, such as `InvalidInstanceID.NotFound`; undefined when there is none. */
export function awsCode(error: unknown): string | undefined {
  return serviceErrorBehind(error)?.name;
}

/** AWS's own words behind a failure, without ours; empty when there are none. */
export function awsWords(error: unknown): string {
  return serviceErrorBehind(error)?.message ?? '';
}

function meaning(code: string, status: number): CodeMeaning {
  return meaningOf(code) ?? { kind: status >= 500 ? 'unavailable' : 'refused' };
}

function fromService(error: ServiceError, call: CallDescription): PortErrorDetails {
  const { httpStatusCode = 400, requestId } = error.$metadata;
  const { kind, next } = meaning(error.name, httpStatusCode);
  const words = error.message.replace(ENCODED_PART, '');
  const spoken = words !== '' && words !== 'Unknown' && words !== 'UnknownError';
  return {
    ...call,
    kind,
    why: spoken ? `${error.name}: ${words}` : `${error.name} (HTTP ${httpStatusCode})`,
    ...(next === undefined ? {} : { next }),
    ...(requestId === undefined ? {} : { requestId }),
    cause: error,
  };
}

/**
 * The status and request id of an answer that the SDK could not read. An error with a `code` of its own is
 * the connection's, broken in the middle of the answer.
 */
function unreadableAnswer(error: unknown): { status: number; requestId?: string } | undefined {
  if (!(error instanceof Error) || 'code' in error || !('$metadata' in error)) return undefined;
  const metadata = error.$metadata;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return undefined;
  if (typeof metadata.httpStatusCode !== 'number') return undefined;
  const id = 'requestId' in metadata ? metadata.requestId : undefined;
  return { status: metadata.httpStatusCode, ...(typeof id === 'string' ? { requestId: id } : {}) };
}

function fromUnreadable(answer: { status: number; requestId?: string }, call: CallDescription) {
  const kind: PortErrorKind = answer.status >= 500 ? 'unavailable' : 'invalid-answer';
  // Neither the parser's words nor the error itself: both may quote the answer, which may hold a secret.
  return {
    ...call,
    kind,
    why: `the answer (HTTP ${answer.status}) is not one of AWS`,
    next: 'check what stands between this machine and the AWS endpoint',
    ...(answer.requestId === undefined ? {} : { requestId: answer.requestId }),
  };
}

function fromConnection(error: unknown, call: CallDescription): PortErrorDetails {
  if (error instanceof Error && error.name === 'CredentialsProviderError') {
    const next = 'give this machine an instance profile, or set AWS_PROFILE or the AWS access keys';
    return { ...call, kind: 'unauthorized', why: `no AWS credentials: ${error.message}`, next, cause: error };
  }
  const why = error instanceof Error ? error.message : String(error);
  const next = 'check the network, the region and aws.endpoints';
  return { ...call, kind: 'unreachable', why, next, cause: error };
}

/** Whatever the SDK threw, as the port's failure; a failure of the port stays what it is. */
export function portErrorOf(error: unknown, call: CallDescription, cut: CutOff): PortError {
  if (isPortError(error)) return error;
  if (isServiceError(error)) return new PortError(fromService(error, call));
  if (cut.stopped)
    return new PortError({ ...call, kind: 'unreachable', why: 'stopped before it was answered' });
  if (cut.timedOut)
    return new PortError({ ...call, kind: 'unreachable', why: 'no answer within the time-out' });
  const answer = unreadableAnswer(error);
  return new PortError(answer === undefined ? fromConnection(error, call) : fromUnreadable(answer, call));
}

/** The failure of an answer that lacks what AWS documents. */
export function invalidAnswer(
  call: CallDescription,
  lacks: string,
  requestId: string | undefined,
): PortError {
  return new PortError({
    ...call,
    kind: 'invalid-answer',
    why: `the answer lacks ${lacks}`,
    next: 'check what stands between this machine and the AWS endpoint',
    ...(requestId === undefined ? {} : { requestId }),
  });
}
