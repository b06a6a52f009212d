import type { Config, PoolConfig } from '../config/schema.ts';

/**
 * What to know where Runtide trusts a private authority of GitLab and the pool names none; undefined where there is
 * nothing to say. It is no mistake: the image of the instances may have it.
 */
export function authorityGap({ gitlab }: Config, pool: PoolConfig): string | undefined {
  if (gitlab.caFile === undefined || pool.caFile !== undefined) return undefined;
  if (!gitlab.url.startsWith('https:')) return undefined;
  return 'Runtide trusts `gitlab.caFile`, and the pool has no `caFile`: its runners reach GitLab only where their image trusts the same authority';
}
