import type { History, PoolHistory, Shortfall } from './history.ts';
import type { Action } from './action.ts';
import { afterLaunch, type LaunchTokens, NEW_ACCOUNT, tokensAt } from './launch-pacing.ts';
import { afterRetries } from './lost-jobs.ts';
import type { FleetPolicy } from './pool.ts';
import { withSetback } from './remember.ts';
import { type Instant, seconds } from './time.ts';

/** What came of one action. */
export type Outcome =
  | {
      readonly action: Action;
      readonly done: true;
      /** For a launch: the instances that it gave. */
      readonly launched?: readonly string[];
      /** For a launch: how many more its group will launch in its own time. */
      readonly ordered?: number;
      /** For a launch: what the cloud could not give. */
      readonly shortfalls?: readonly Shortfall[];
      /** For a retry: the job that GitLab made of it. */
      readonly retried?: number;
      /** For a retry: why there was nothing to retry. */
      readonly left?: string;
    }
  | {
      readonly action: Action;
      readonly done: false;
      readonly why: string;
      /** Present where it was not even tried, so that nothing has failed. */
      readonly begun?: false;
    };

function isSetback(outcome: Outcome): boolean {
  const { action } = outcome;
  if (action.do === 'cancel')
    return outcome.done && action.failure !== undefined && action.failure.offerings === undefined;
  if (action.do !== 'launch') return false;
  if (!outcome.done) return outcome.begun !== false;
  const { launched = [], ordered = 0, shortfalls = [] } = outcome;
  // What names its offering is remembered by offering, and the next pass takes another.
  const named = shortfalls.length > 0 && shortfalls.every(({ offering }) => offering !== undefined);
  return launched.length + ordered < action.count && !named;
}

/** Only what took effect starts a cooldown. */
function hasScaled(outcome: Outcome): boolean {
  if (!outcome.done) return false;
  if (outcome.action.do === 'launch') return (outcome.launched?.length ?? 0) + (outcome.ordered ?? 0) > 0;
  return outcome.action.do === 'drain' && outcome.action.because === 'idle';
}

/** What was bought, so that it is missed where it ends before any listing has shown it alive. */
function bought({ instances }: History, outcomes: readonly Outcome[]): History['instances'] {
  const news = outcomes.flatMap((outcome) =>
    outcome.done
      ? (outcome.launched ?? []).map(
          (id) => [id, { pool: outcome.action.pool, bootedFor: seconds(0) }] as const,
        )
      : [],
  );
  return news.length === 0 ? instances : { ...Object.fromEntries(news), ...instances };
}

/** What a group could not launch is no offering for a while. */
function undelivered({ action, done }: Outcome, at: Instant): readonly Shortfall[] {
  if (!done || action.do !== 'cancel' || action.failure === undefined) return [];
  const { code, offerings = [] } = action.failure;
  return offerings.map((offering) => ({ pool: action.pool, offering, code, at }));
}

/** When the groups that wait were told to wait on. */
function beats(
  instances: History['instances'],
  outcomes: readonly Outcome[],
  now: Instant,
): History['instances'] {
  const told = outcomes.flatMap(({ action, done }) => {
    const hook = action.do === 'heartbeat' && done ? instances[action.instance]?.hook : undefined;
    const before = action.do === 'heartbeat' ? instances[action.instance] : undefined;
    if (action.do !== 'heartbeat' || hook === undefined || before === undefined) return [];
    return [[action.instance, { ...before, hook: { ...hook, beatAt: now } }] as const];
  });
  return told.length === 0 ? instances : { ...instances, ...Object.fromEntries(told) };
}

function hasRetries({ lost = [] }: History, outcomes: readonly Outcome[]): boolean {
  return lost.length > 0 && outcomes.some(({ action }) => action.do === 'retry');
}

/** How many instances a launch gave, or its group will give; undefined where it was not even tried. */
function launchedBy(outcome: Outcome): number | undefined {
  if (!outcome.done) return outcome.begun === false ? undefined : 0;
  return (outcome.launched?.length ?? 0) + (outcome.ordered ?? 0);
}

/** What launches have left of the limits of their places. Where EC2 says that they are used up, they are. */
function tokensLeft(
  history: History,
  outcomes: readonly Outcome[],
  now: Instant,
  { pools, launchLimits = {} }: Pick<FleetPolicy, 'pools' | 'launchLimits'>,
): Pick<History, 'launchTokens'> {
  const tokens: Record<string, LaunchTokens> = { ...history.launchTokens };
  const places = new Map(pools.map(({ name, place }) => [name, place]));
  for (const outcome of outcomes) {
    const place = places.get(outcome.action.pool);
    const launched = launchedBy(outcome);
    if (outcome.action.do !== 'launch' || place === undefined || launched === undefined) continue;
    const left = tokensAt(launchLimits[place] ?? NEW_ACCOUNT, tokens[place], now);
    const usedUp = outcome.done && outcome.shortfalls?.some(({ code }) => code === 'RequestLimitExceeded');
    tokens[place] = usedUp === true ? { at: now, requests: 0, instances: 0 } : afterLaunch(left, launched);
  }
  return Object.keys(tokens).length > 0 ? { launchTokens: tokens } : {};
}

/** Writes into the memory what the actions came to. */
export function afterwards(
  history: History,
  outcomes: readonly Outcome[],
  now: Instant,
  policy: Pick<FleetPolicy, 'pools' | 'launchLimits'> = { pools: [] },
): History {
  const pools: Record<string, PoolHistory> = { ...history.pools };
  const shortfalls = [...history.shortfalls];
  for (const outcome of outcomes) {
    const { pool } = outcome.action;
    const before = pools[pool] ?? { setbacks: 0 };
    const scaled = hasScaled(outcome) ? { ...before, lastScaledAt: now } : before;
    pools[pool] = isSetback(outcome) ? withSetback(scaled, now) : scaled;
    if (outcome.done) shortfalls.push(...(outcome.shortfalls ?? []), ...undelivered(outcome, now));
  }
  return {
    ...history,
    instances: beats(bought(history, outcomes), outcomes, now),
    pools,
    shortfalls,
    ...tokensLeft(history, outcomes, now, policy),
    ...(hasRetries(history, outcomes) && afterRetries(history, outcomes, now)),
  };
}
