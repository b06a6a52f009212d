import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import { PortError, type PortErrorKind } from '../../controller/errors.ts';
import { meaningOf } from './error-codes.ts';
import { portErrorOf } from './errors.ts';

/** A role that calls are made with, in place of the caller's own credentials. */
export interface AssumedRole {
  readonly arn: string;
  /** Names Runtide's sessions in the account's trail: letters, digits and `_ = , . @ -`. */
  readonly session: string;
}

/** Where the role is taken, and with which credentials; absent: the region's own endpoint, the SDK's default chain. */
export interface RoleSource {
  readonly region: string;
  readonly endpoint?: string;
  readonly credentials?: NonNullable<Parameters<typeof fromTemporaryCredentials>[0]['masterCredentials']>;
}

type Credentials = ReturnType<typeof fromTemporaryCredentials>;

function kindOf(error: Error): PortErrorKind {
  return meaningOf(error.name)?.kind ?? ('$fault' in error ? 'unauthorized' : 'unreachable');
}

function failure(error: unknown, { arn }: AssumedRole): PortError {
  const known = error instanceof Error ? error : new Error(String(error));
  const call = { system: 'ec2', doing: `assuming role ${arn}` } as const;
  // There is nobody yet who could be allowed to assume it.
  if (known.name === 'CredentialsProviderError')
    return portErrorOf(known, call, { stopped: false, timedOut: false });
  return new PortError({
    ...call,
    kind: kindOf(known),
    why: `${known.name}: ${known.message}`,
    next:
      kindOf(known) === 'unauthorized'
        ? 'allow Runtide sts:AssumeRole on the role, and Runtide in the trust policy of the role'
        : 'check the network and aws.endpoints.sts',
    cause: error,
  });
}

/** Credentials of the role, taken when they are first needed and again before they end. Throws `PortError`. */
export function roleCredentials(
  role: AssumedRole,
  { region, endpoint, credentials }: RoleSource,
): Credentials {
  const provider = fromTemporaryCredentials({
    ...(credentials === undefined ? {} : { masterCredentials: credentials }),
    params: { RoleArn: role.arn, RoleSessionName: role.session.slice(0, 64) },
    clientConfig: { region, maxAttempts: 1, ...(endpoint === undefined ? {} : { endpoint }) },
  });
  return async (context) => {
    try {
      return await provider(context);
    } catch (error) {
      throw failure(error, role);
    }
  };
}
