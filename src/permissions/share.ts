import { type Facts, placeOfPool } from './facts.ts';

/** The share of the installation for which Runtide uses its own rights. */
export function ownShare(facts: Facts): Facts {
  const roles = facts.pools.flatMap(({ assumes }) => assumes ?? []);
  return {
    ...facts,
    pools: facts.pools.filter(({ assumes }) => assumes === undefined),
    assumed: [...new Set(roles)],
  };
}

/** The share of a role that is assumed for pools: those pools, in the account of the role. */
export function shareOf(facts: Facts, arn: string): Facts {
  const pools = facts.pools.filter(({ assumes }) => assumes === arn);
  const [first] = pools;
  const place = first === undefined ? facts.place : placeOfPool(facts, first);
  return { ...facts, place, pools, parameters: [] };
}

/** The roles that are assumed for pools, once. */
export function assumedRoles({ pools }: Facts): readonly string[] {
  return [...new Set(pools.flatMap(({ assumes }) => assumes ?? []))];
}
