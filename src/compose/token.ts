import { ssmClient } from '../adapters/aws/clients.ts';
import { readParameter, writeParameter } from '../adapters/aws/parameters.ts';
import type { AccessToken } from '../adapters/gitlab/token/access-token.ts';
import type { GitLabClient } from '../adapters/gitlab/client/client.ts';
import type { TokenParameter } from '../adapters/gitlab/token/token-parameter.ts';
import type { TokenNeed } from '../adapters/gitlab/token/token-scopes.ts';
import { tokenUpkeep } from '../adapters/gitlab/token/token-upkeep.ts';
import { runnersOf } from '../config/pool-runners.ts';
import type { Config } from '../config/schema.ts';
import type { Clock } from '../controller/ports.ts';
import type { Upkeep } from '../controller/upkeep.ts';

/** What the access token has to allow for what this configuration asks for. */
export function tokenNeeds(config: Config): readonly TokenNeed[] {
  const { gitlab } = config;
  return [
    { scopes: ['read_api'], by: 'reading jobs and runners' },
    ...registrationNeeds(config),
    ...(gitlab.rotation === undefined ? [] : [{ scopes: ['self_rotate'], by: '`gitlab.rotation`' } as const]),
  ];
}

/** What the runners that Runtide makes need. */
function registrationNeeds(config: Config): readonly TokenNeed[] {
  const created = Object.values(config.pools).flatMap((pool) => {
    const runners = runnersOf(config, pool);
    return 'created' in runners ? [runners.created] : [];
  });
  const by = 'the runners that Runtide makes';
  const shared = created.some(({ owner }) => owner.kind === 'project' && owner.others.length > 0);
  const legacyAlone = created.every(({ registrationToken }) => registrationToken !== undefined);
  return [
    ...(legacyAlone ? [] : [{ scopes: ['create_runner'], by } as const]),
    ...(created.length === 0 ? [] : [{ scopes: ['manage_runner'], by } as const]),
    ...(shared ? [{ scopes: ['api'], by: 'runners of several projects' } as const] : []),
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
