import type { RunnerDescription } from '../adapters/gitlab/runners/runners.ts';
import type { Adapters } from '../compose/adapters.ts';
import { type AdoptedRunner, MOST_REQUESTS, requestsAMinute, runnersOf } from '../config/pool-runners.ts';
import type { Config, PoolConfig } from '../config/schema.ts';
import { explainStep } from '../controller/runner-plan.ts';
import { counted } from './options.ts';

/** One thing that was tried. */
export interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** Tries it; what it throws is what is wrong. */
export async function tried(check: string, run: () => Promise<string>): Promise<Finding> {
  try {
    return { check, ok: true, detail: await run() };
  } catch (error) {
    return { check, ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}

function untagged(taken: boolean): string {
  return taken
    ? 'it takes jobs without tags, and the pool has no `runUntagged: true`'
    : 'it takes no jobs without tags, and the pool has `runUntagged: true`';
}

/** What of an adopted runner is not as the pool says. */
function differences(pool: PoolConfig, runner: RunnerDescription): readonly string[] {
  const missing = pool.tags.filter((tag) => !runner.tags.includes(tag));
  const extra = runner.tags.filter((tag) => !pool.tags.includes(tag));
  return [
    ...(missing.length > 0 ? [`it lacks tags that the pool names: ${missing.join(', ')}`] : []),
    ...(extra.length > 0 ? [`it has tags that the pool does not name: ${extra.join(', ')}`] : []),
    ...(runner.runUntagged === pool.runUntagged ? [] : [untagged(runner.runUntagged)]),
    ...(runner.paused ? ['it is paused'] : []),
  ];
}

async function runnersFit(pool: PoolConfig, adapters: Adapters, signal: AbortSignal): Promise<string> {
  const runners = await adapters.runners.describe(pool.name, signal);
  const wrong = runners.flatMap((runner) => {
    const found = differences(pool, runner);
    return found.length === 0 ? [] : [`runner ${runner.id}: ${found.join('; ')}`];
  });
  if (wrong.length > 0) throw new Error(`${wrong.join('; ')}; make GitLab and the configuration agree`);
  const ids = runners.map(({ id }) => id);
  return ids.length === 1
    ? `runner ${ids[0]} takes what the pool counts`
    : `runners ${ids.join(', ')} take what the pool counts`;
}

async function tokenIsThere(
  pool: PoolConfig,
  { tokenParameter }: AdoptedRunner,
  adapters: Adapters,
  signal: AbortSignal,
): Promise<string> {
  const value = await adapters.readToken(pool.name, tokenParameter, signal);
  if (!value.startsWith('glrt-'))
    throw new Error('it does not hold a glrt- token; put the runner authentication token there');
  return `${tokenParameter} holds a runner token`;
}

/** Nobody is hindered: an own GitLab may have another limit. */
function tooManyRequests(pool: PoolConfig): readonly Finding[] {
  const requests = Math.ceil(requestsAMinute(pool));
  if (requests <= MOST_REQUESTS) return [];
  const detail = `${pool.max + pool.surge} instances that ask every ${pool.checkInterval / 1000} s make ${requests} requests for jobs a minute, and GitLab takes ${MOST_REQUESTS} for one runner: raise checkInterval, make two pools, or let Runtide make the runners (\`create\`), which spreads them`;
  return [{ check: `requests of ${pool.name}`, ok: true, detail }];
}

async function adoptedFindings(
  pool: PoolConfig,
  adopted: readonly AdoptedRunner[],
  adapters: Adapters,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const found = await Promise.all([
    tried(`runner of ${pool.name}`, () => runnersFit(pool, adapters, signal)),
    ...adopted.map((one) =>
      tried(`token parameter of ${pool.name}`, () => tokenIsThere(pool, one, adapters, signal)),
    ),
  ]);
  return [...found, ...tooManyRequests(pool)];
}

async function createdFindings(
  pool: PoolConfig,
  isolated: boolean,
  adapters: Adapters,
  signal: AbortSignal,
): Promise<Finding> {
  return tried(`runner of ${pool.name}`, async () => {
    const { plan } = await adapters.registrar.look(pool.name, signal);
    const [concern] = plan.concerns;
    if (concern !== undefined) {
      const next = concern.next === undefined ? '' : `; ${concern.next}`;
      throw new Error(`${concern.about}: ${concern.why}${next}`);
    }
    const ids = plan.current.flatMap((runner) => (runner === undefined ? [] : [runner.id]));
    if (isolated && ids.length === 0) {
      const own = await adapters.enroller.runnersOf(pool.name, signal);
      return `each instance has its own: ${counted(own.length, 'runner')}`;
    }
    const has = ids.length === 0 ? 'not made yet' : `${counted(ids.length, 'runner')}: ${ids.join(', ')}`;
    if (plan.steps.length === 0) return `${has}, as the configuration says`;
    return `${has}; Runtide would ${plan.steps.map(explainStep).join(', ')}`;
  });
}

const LEGACY =
  'it makes runners by a registration token, which GitLab has deprecated and removes: leave it out, and give the access token the scope create_runner';

/** What a pool needs of its runners in GitLab and of their tokens. */
export async function runnerFindings(
  config: Config,
  pool: PoolConfig,
  adapters: Adapters,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const runners = runnersOf(config, pool);
  if ('adopted' in runners) return adoptedFindings(pool, runners.adopted, adapters, signal);
  const found = [await createdFindings(pool, runners.created.isolated, adapters, signal)];
  if (runners.created.registrationToken === undefined) return found;
  return [...found, { check: `registration of ${pool.name}`, ok: true, detail: LEGACY }];
}
