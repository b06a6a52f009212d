import type { Duration } from '../engine/time.ts';
import type { Config, PoolConfig } from './schema.ts';

/** The Auto Scaling group that launches the instances of a pool. */
export interface GroupChoice {
  /** At most 255 characters, as AWS takes it. */
  readonly name: string;
  /** It is the operator's: its launch template, limits and subnets are not Runtide's to change. */
  readonly attached: boolean;
  /** How long it waits for a word before it gives an instance up. */
  readonly heartbeat: Duration;
}

/** The name of the group that Runtide makes for a pool. */
export function ownGroupName(installation: string, pool: string): string {
  return `runtide-${installation}-${pool}`;
}

/** The group of a pool; undefined where its instances are bought by fleets. */
export function groupOf(
  { installation }: Config,
  { name: pool, instances }: PoolConfig,
): GroupChoice | undefined {
  if (instances.group === undefined) return undefined;
  const { name, heartbeat } = instances.group;
  return { name: name ?? ownGroupName(installation, pool), attached: name !== undefined, heartbeat };
}

/** Whether a group of the operator's makes the instances of a pool: Runtide has no launch template for it. */
export function isAttached({ instances }: PoolConfig): boolean {
  return instances.group?.name !== undefined;
}
