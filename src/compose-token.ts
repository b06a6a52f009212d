import { ssmClient } from './adapters/aws/clients.ts';
import { readParameter, writeParameter } from './adapters/aws/parameters.ts';
import type { AccessToken } from './adapters/gitlab/access-token.ts';
import type { GitLabClient } from './adapters/gitlab/client.ts';
import type { TokenParameter } from './adapters/gitlab/token-parameter.ts';
import type { TokenNeed } from './adapters/gitlab/token-scopes.ts';
import { tokenUpkeep } from './adapters/gitlab/token-upkeep.ts';
import type { Config } from './config/schema.ts';
import type { Clock } from './controller/ports.ts';
import type { Upkeep } from './controller/upkeep.ts';

/** What the access token has to allow for what this configuration asks for. */
export function tokenNeeds({ gitlab }: Config): readonly TokenNeed[] {
  return [
    { scopes: ['read_api'], by: 'reading jobs and runners' },
    ...(gitlab.rotation === undefined ? [] : [{ scopes: ['self_rotate'], by: '`gitlab.rotation`' } as const]),
  ];
}

/** Where the access token is kept; undefined where nobody may replace it. */
export function composeTokenParameter({ gitlab, aws }: Config): TokenParameter | undefined {
  if (gitlab.rotation === undefined) return undefined;
  const { parameter, kmsKey } = gitlab.rotation;
  const endpoints = aws.endpoints?.ssm === undefined ? {} : { ssm: aws.endpoints.ssm };
  const ssm = ssmClient({ region: aws.region, endpoints });
  const { timeout } = aws;
  // A shutdown must not stop it: the token that is being written may be the only one.
  const { signal } = new AbortController();
  return {
    name: `SSM parameter ${parameter}`,
    read: () => readParameter(ssm, parameter, signal, timeout),
    write: (value) =>
      writeParameter(
        ssm,
        { name: parameter, value, ...(kmsKey !== undefined && { kmsKey }) },
        signal,
        timeout,
      ),
  };
}

/** The chore that looks after the access token. */
export function composeTokenUpkeep(
  config: Config,
  parts: {
    readonly client: GitLabClient;
    readonly token: AccessToken;
    readonly parameter: TokenParameter | undefined;
    readonly clock: Clock;
    readonly note: (message: string) => void;
  },
): Upkeep {
  const { client, token, parameter, clock, note } = parts;
  const { rotation } = config.gitlab;
  return tokenUpkeep({
    client,
    needs: tokenNeeds(config),
    clock,
    note,
    ...(rotation !== undefined &&
      parameter !== undefined && { rotation: { client, token, parameter, before: rotation.before, clock } }),
  });
}
