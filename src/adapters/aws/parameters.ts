import {
  DeleteParameterCommand,
  GetParameterCommand,
  PutParameterCommand,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import { isPortError } from '../../controller/errors.ts';
import type { SecretStore } from '../../controller/registrations.ts';
import type { Duration } from '../../engine/time.ts';
import { awsCall, limitsOf } from './aws-call.ts';
import { invalidAnswer } from './errors.ts';

/**
 * The decrypted value of the SSM parameter `name` (a path, or an ARN).
 * Throws `PortError`, which never holds the value: `not-found`, `unauthorized`, `throttled`, `unreachable`, …
 */
export async function readParameter(
  ssm: SSMClient,
  name: string,
  signal: AbortSignal,
  timeout: Duration,
): Promise<string> {
  const call = { system: 'ssm', doing: `reading SSM parameter ${name}` } as const;
  const answer = await awsCall(call, limitsOf(signal, timeout), (options) =>
    ssm.send(new GetParameterCommand({ Name: name, WithDecryption: true }), options),
  );
  const value = answer.Parameter?.Value;
  if (value === undefined) throw invalidAnswer(call, 'the value', answer.$metadata.requestId);
  return value;
}

/** A secret and the SSM parameter that keeps it. */
export interface WrittenParameter {
  readonly name: string;
  readonly value: string;
  /** Id, alias or ARN of the key that encrypts it; absent: the account's default key for SSM. */
  readonly kmsKey?: string;
}

/**
 * Writes a parameter of type SecureString, over what stands there.
 * Throws `PortError`, which never holds the value: `unauthorized`, `refused`, `throttled`, `unreachable`, …
 */
export async function writeParameter(
  ssm: SSMClient,
  { name, value, kmsKey }: WrittenParameter,
  signal: AbortSignal,
  timeout: Duration,
): Promise<void> {
  const call = { system: 'ssm', doing: `writing SSM parameter ${name}` } as const;
  const put = {
    Name: name,
    Value: value,
    Type: 'SecureString' as const,
    Overwrite: true,
    ...(kmsKey !== undefined && { KeyId: kmsKey }),
  };
  await awsCall(call, limitsOf(signal, timeout), (options) =>
    ssm.send(new PutParameterCommand(put), options),
  );
}

export interface ParameterSecretsOptions {
  readonly ssm: SSMClient;
  /** The longest that one call may take. */
  readonly timeout: Duration;
  /** Id, alias or ARN of the key that encrypts what is written; absent: the account's default key for SSM. */
  readonly kmsKey?: string;
}

/** Secrets in SSM parameters of type SecureString. */
export function parameterSecrets({ ssm, timeout, kmsKey }: ParameterSecretsOptions): SecretStore {
  return {
    async read(name, signal) {
      try {
        return await readParameter(ssm, name, signal, timeout);
      } catch (error) {
        if (isPortError(error, 'not-found')) return undefined;
        throw error;
      }
    },

    async write(name, value, signal) {
      await writeParameter(ssm, { name, value, ...(kmsKey !== undefined && { kmsKey }) }, signal, timeout);
    },

    async remove(name, signal) {
      const call = { system: 'ssm', doing: `deleting SSM parameter ${name}` } as const;
      try {
        await awsCall(call, limitsOf(signal, timeout), (options) =>
          ssm.send(new DeleteParameterCommand({ Name: name }), options),
        );
      } catch (error) {
        if (!isPortError(error, 'not-found')) throw error;
      }
    },
  };
}
