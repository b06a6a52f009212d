import { PortError } from '../../controller/errors.ts';

/** Where an instance finds the tokens of its runners. */
export interface RunnerTokens {
  /** Names of SSM parameters; never a token. With `own` one: what the names of all instances begin with. */
  readonly parameters: readonly string[];
  /**
   * `all`: the instance serves the runners of all parameters. `one`: it serves one of them, which its id decides
   * (`runnerIndexOf`). `own`: it serves that of `<parameter>/<instance id>`, for which it waits as long as its boot has
   * patience.
   */
  readonly use: 'all' | 'one' | 'own';
}

/** How many runners one instance serves. */
export function runnersServed({ parameters, use }: RunnerTokens): number {
  return use === 'all' ? parameters.length : 1;
}

/** What the agent of an instance is told. */
export interface AgentSettings {
  readonly pool: string;
  readonly region: string;
  readonly gitlabUrl: string;
  readonly tokens: RunnerTokens;
  /** Jobs after which the runner ends; absent: they are not counted. Only where one runner is served. */
  readonly maxJobs?: number;
  /** Drains by itself when EC2 recommends to rebalance; absent: only says so. */
  readonly rebalance?: 'drain';
  /** In place of the region's own SSM endpoint. */
  readonly ssmEndpoint?: string;
}

/** Characters that mean only themselves, to a shell, to systemd, and to the agent that reads the line as it is. */
const PLAIN = /^[\w./:@%+,=[\]-]+$/;

function refused(key: string, why: string, next: string): PortError {
  return new PortError({ kind: 'refused', system: 'ec2', doing: `writing ${key} for the agent`, why, next });
}

function line([key, value]: readonly [string, string]): string {
  if (PLAIN.test(value)) return `${key}=${value}\n`;
  const why = `${JSON.stringify(value)} is empty or has characters other than letters, digits and _ . / : @ % + , = [ ] -`;
  throw refused(key, why, 'correct the value in the configuration');
}

const PARAMETER = 'RUNTIDE_TOKEN_PARAMETER';

function checkTokens({ pool, tokens, maxJobs }: AgentSettings): void {
  const { parameters, use } = tokens;
  const odd = parameters.find((name) => !/^[^,\s]+$/.test(name));
  if (odd !== undefined) {
    throw refused(
      PARAMETER,
      `${JSON.stringify(odd)} is no name of a parameter`,
      'correct it in the configuration',
    );
  }
  if (use === 'own' && parameters.length !== 1) {
    const why = `each instance of pool ${pool} has a runner of its own, and ${parameters.length} prefixes are named`;
    throw refused(PARAMETER, why, 'name one prefix');
  }
  if (maxJobs !== undefined && runnersServed(tokens) > 1) {
    const why = `pool ${pool} has maxJobs, which one runner counts, and each of its instances serves ${parameters.length}`;
    throw refused(PARAMETER, why, 'remove maxJobs, or let each instance serve one runner');
  }
}

function tokenLines({ parameters, use }: RunnerTokens): readonly (readonly [string, string])[] {
  const names = [PARAMETER, parameters.join(',')] as const;
  return use === 'all' ? [names] : [names, ['RUNTIDE_TOKEN_USE', use]];
}

/** The agent's settings file. Throws `refused` for a value that a shell would not take literally, and for tokens that do not fit. */
export function renderAgentEnv(settings: AgentSettings): string {
  checkTokens(settings);
  const lines: (readonly [string, string])[] = [
    ['RUNTIDE_POOL', settings.pool],
    ['RUNTIDE_REGION', settings.region],
    ['RUNTIDE_GITLAB_URL', settings.gitlabUrl],
    ...tokenLines(settings.tokens),
  ];
  if (settings.maxJobs !== undefined) lines.push(['RUNTIDE_MAX_JOBS', String(settings.maxJobs)]);
  if (settings.rebalance !== undefined) lines.push(['RUNTIDE_REBALANCE', settings.rebalance]);
  if (settings.ssmEndpoint !== undefined) lines.push(['RUNTIDE_SSM_ENDPOINT', settings.ssmEndpoint]);
  return lines.map(line).join('');
}
