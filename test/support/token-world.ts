import { AccessToken } from '../../src/adapters/gitlab/token/access-token.ts';
import { GitLabClient } from '../../src/adapters/gitlab/client/client.ts';
import { replacementIn, type TokenParameter } from '../../src/adapters/gitlab/token/token-parameter.ts';
import type { TokenNeed } from '../../src/adapters/gitlab/token/token-scopes.ts';
import { tokenUpkeep } from '../../src/adapters/gitlab/token/token-upkeep.ts';
import { PortError } from '../../src/controller/errors.ts';
import { type Duration, milliseconds, seconds } from '../../src/engine/time.ts';
import type { AccessToken as KnownToken } from '../../src/sandbox/gitlab/access-tokens.ts';
import { gitlabDouble } from './gitlab-double.ts';

/** For tests: the token that there is at first. */
export const FIRST = 'glpat-the-first';
const DAY = 86_400_000;
const NEVER = new AbortController().signal;
/** For tests: what every configuration needs. */
export const READS: readonly TokenNeed[] = [{ scopes: ['read_api'], by: 'reading jobs and runners' }];

/** Where a token is kept, and what goes wrong with it. */
class KeptToken implements TokenParameter {
  readonly name = 'SSM parameter /runtide/gitlab-token';
  value: string;
  /** The writes that fail, counted from one. */
  readonly refused = new Set<number>();
  writes = 0;
  reads = 0;

  constructor(value: string) {
    this.value = value;
  }

  async read(): Promise<string> {
    this.reads += 1;
    return this.value;
  }

  async write(token: string): Promise<void> {
    this.writes += 1;
    if (this.refused.has(this.writes)) {
      const doing = `writing ${this.name}`;
      throw new PortError({ kind: 'unauthorized', system: 'ssm', doing, why: 'AccessDeniedException' });
    }
    this.value = token;
  }
}

/** For tests: a token as GitLab knows it. */
export type Given = Omit<KnownToken, 'token'>;

/** For tests: a GitLab with one token, and whoever looks after it. `rotating` says how many days before its end. */
export async function tokenWorld(
  given: Given,
  { rotating, needs = READS }: { rotating?: number; needs?: readonly TokenNeed[] } = {},
) {
  const world = await gitlabDouble({ tokens: [{ token: FIRST, ...given }] });
  const { timers } = world;
  const sleeps: Duration[] = [];
  const clock = {
    now: () => timers.now(),
    sleep: async (duration: Duration) => {
      sleeps.push(duration);
    },
  };
  const token = new AccessToken(FIRST);
  const parameter = new KeptToken(FIRST);
  const notes: string[] = [];
  const client = new GitLabClient({
    url: world.double.url,
    token: () => token.current(),
    replaced: replacementIn(parameter, token, clock),
    clock,
    timeout: seconds(20),
    version: '1.2.3',
  });
  const before = milliseconds((rotating ?? 0) * DAY);
  const upkeep = tokenUpkeep({
    client,
    needs,
    clock,
    note: (message) => notes.push(message),
    ...(rotating !== undefined && { rotation: { client, token, parameter, before, clock } }),
  });
  const self = async (secret: string) => {
    const response = await world.api('GET', '/personal_access_tokens/self', undefined, secret);
    return response.json();
  };
  return {
    ...world,
    upkeep,
    token,
    parameter,
    notes,
    sleeps,
    self,
    tend: () => upkeep.tend(NEVER),
    days: (count: number) => timers.advance(milliseconds(count * DAY)),
  };
}
