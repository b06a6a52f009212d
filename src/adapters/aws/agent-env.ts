import { PortError } from '../../controller/errors.ts';

/** What the agent of an instance is told. */
export interface AgentSettings {
  readonly pool: string;
  readonly region: string;
  readonly gitlabUrl: string;
  /** Name of the SSM parameter that holds the runner's token; never the token. */
  readonly tokenParameter: string;
  /** Jobs after which the runner ends; absent: they are not counted. */
  readonly maxJobs?: number;
  /** Drains by itself when EC2 recommends to rebalance; absent: only says so. */
  readonly rebalance?: 'drain';
  /** In place of the region's own SSM endpoint. */
  readonly ssmEndpoint?: string;
}

/** Characters that mean only themselves, to a shell, to systemd, and to the agent that reads the line as it is. */
const PLAIN = /^[\w./:@%+,=[\]-]+$/;

function line([key, value]: readonly [string, string]): string {
  if (PLAIN.test(value)) return `${key}=${value}\n`;
  throw new PortError({
    kind: 'refused',
    system: 'ec2',
    doing: `writing ${key} for the agent`,
    why: `${JSON.stringify(value)} is empty or has characters other than letters, digits and _ . / : @ % + , = [ ] -`,
    next: 'correct the value in the configuration',
  });
}

/** The agent's settings file. Throws `refused` for a value that a shell would not take literally. */
export function renderAgentEnv(settings: AgentSettings): string {
  const lines: (readonly [string, string])[] = [
    ['RUNTIDE_POOL', settings.pool],
    ['RUNTIDE_REGION', settings.region],
    ['RUNTIDE_GITLAB_URL', settings.gitlabUrl],
    ['RUNTIDE_TOKEN_PARAMETER', settings.tokenParameter],
  ];
  if (settings.maxJobs !== undefined) lines.push(['RUNTIDE_MAX_JOBS', String(settings.maxJobs)]);
  if (settings.rebalance !== undefined) lines.push(['RUNTIDE_REBALANCE', settings.rebalance]);
  if (settings.ssmEndpoint !== undefined) lines.push(['RUNTIDE_SSM_ENDPOINT', settings.ssmEndpoint]);
  return lines.map(line).join('');
}
