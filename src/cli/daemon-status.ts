import type { Config } from '../config/schema.ts';
import { isStatus, type Status } from '../status/model.ts';

/** In milliseconds. */
const TIMEOUT = 5000;

/** Where the status API of the configuration's daemon is reached from this machine. */
export function statusUrl({ status: { listen } }: Pick<Config, 'status'>): string {
  const { host, port } = listen;
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}

/** What the running daemon sees and has decided. Throws where none answers there, or something else does. */
export async function readStatus(config: Pick<Config, 'status'>): Promise<Status> {
  const url = statusUrl(config);
  const doing = `reading the status of the daemon at ${url}`;
  const answer = await fetch(`${url}/api/status`, { signal: AbortSignal.timeout(TIMEOUT) }).catch(
    (error: unknown) => {
      const why =
        error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
      throw new Error(`${doing}: ${why}; is "runtide up" running with this configuration?`, { cause: error });
    },
  );
  if (!answer.ok)
    throw new Error(`${doing}: it answered ${answer.status}; does another program listen there?`);
  const status: unknown = await answer.json().catch(() => undefined);
  if (!isStatus(status))
    throw new Error(`${doing}: the answer is no status; does another program listen there?`);
  return status;
}

/** The status of a daemon that decides. Throws also where it does not: what it saw is then old, or nothing. */
export async function readDeciding(config: Pick<Config, 'status'>): Promise<Status> {
  const status = await readStatus(config);
  if (status.role === 'deciding') return status;
  const detail = status.detail === undefined ? '' : ` (${status.detail})`;
  const next =
    status.role === 'standing by' ? 'ask where the one runs that decides' : 'see its log, and try again';
  throw new Error(`asking the daemon at ${statusUrl(config)}: it is ${status.role}${detail}; ${next}`);
}
