import type { Action } from './action.ts';
import type { InstanceView } from './capacity.ts';
import { afterLaunch, launchable, type LaunchTokens, NEW_ACCOUNT, tokensAt } from './launch-pacing.ts';
import type { Observation } from './observation.ts';
import type { FleetPolicy } from './pool.ts';
import { type Affordable, affordableBy, dearest, fewest, type Terms } from './terms.ts';

/** How much more a pool may buy of what pools share; absent: as much as it likes. */
export interface Share {
  /** What its own budget and that of all pools leave room for. */
  readonly affordable?: Affordable;
  /** What the account may launch now. */
  readonly tokens?: LaunchTokens;
  /** Instances that may still exist over all pools, and how many there may be at most. */
  readonly room?: { readonly count: number; readonly max: number };
}

/** What the launches of a plan buy: how many, in how many calls. */
function boughtBy(actions: readonly Action[]): { readonly count: number; readonly calls: number } {
  const launches = actions.filter((action) => action.do === 'launch');
  return { count: launches.reduce((sum, { count }) => sum + count, 0), calls: launches.length };
}

/** What pools share, given out in the order of the configuration: the first takes what it needs. */
export class Shares {
  readonly #max: number | undefined;
  readonly #tokens = new Map<string, LaunchTokens>();
  #existing: number;
  /** Dollars an hour that are bought in this plan. */
  #bought = 0;

  constructor(
    { now, history }: Observation,
    { pools, max, launchLimits = {} }: FleetPolicy,
    views: ReadonlyMap<string, readonly InstanceView[]>,
  ) {
    this.#max = max;
    this.#existing = [...views.values()]
      .flat()
      .filter(({ phase, instance }) => phase !== 'terminating' && instance.state !== 'stopped').length;
    for (const { place } of pools) {
      if (place === undefined) continue;
      const limits = launchLimits[place] ?? NEW_ACCOUNT;
      this.#tokens.set(place, tokensAt(limits, history.launchTokens?.[place], now));
    }
  }

  /** What is left for the pool. */
  of({ pool, budgets, affordable: own }: Terms): Share {
    const shared = budgets.filter(({ of }) => of === 'fleet');
    const affordable = fewest([own, ...shared.map((standing) => affordableBy(standing, pool, this.#bought))]);
    const tokens = pool.place === undefined ? undefined : this.#tokens.get(pool.place);
    return {
      ...(affordable !== undefined && { affordable }),
      ...(tokens !== undefined && { tokens }),
      ...(this.#max !== undefined && {
        room: { count: Math.max(0, this.#max - this.#existing), max: this.#max },
      }),
    };
  }

  /** Takes what the pool buys. */
  take({ pool }: Terms, actions: readonly Action[]): void {
    const { count, calls } = boughtBy(actions);
    if (calls === 0) return;
    this.#existing += count;
    this.#bought += count * (dearest(pool) ?? 0);
    const { place } = pool;
    const left = place === undefined ? undefined : this.#tokens.get(place);
    if (place === undefined || left === undefined) return;
    let rest = afterLaunch(left, count);
    for (let call = 1; call < calls; call++) rest = afterLaunch(rest, 0);
    this.#tokens.set(place, rest);
  }
}

/** Instances that the account may launch now; undefined where that is not limited. */
export function pacedTo({ tokens }: Share): number | undefined {
  return tokens === undefined ? undefined : launchable(tokens);
}
