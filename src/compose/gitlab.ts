import type { GitLabClientOptions } from '../adapters/gitlab/client/client.ts';
import { connect, type Connection } from '../adapters/gitlab/client/connection.ts';
import type { Config } from '../config/schema.ts';
import type { Clock } from '../controller/ports.ts';

/** How Runtide itself reaches the GitLab of a configuration; to be disposed of when nothing is asked any more. */
export function connectionOf({ gitlab: { caFile, proxy } }: Config): Connection {
  return connect({
    ...(caFile !== undefined && { authorities: caFile }),
    ...(proxy !== undefined && { proxy: proxy.reveal() }),
  });
}

/** How clients speak to the GitLab of a configuration. */
export function gitLabOptions(
  { gitlab }: Config,
  { clock, version, connection }: { clock: Clock; version: string; connection: Connection },
): GitLabClientOptions {
  const { url, token, timeout, requestsPerMinute } = gitlab;
  const { fetch } = connection;
  return { url, token: () => token.reveal(), timeout, requestsPerMinute, clock, version, fetch };
}
