/** Which runner of a pool it is. */
export interface RunnerIdentity {
  /** Counted from 1. */
  readonly shard: number;
  /** The instance that it is for alone. */
  readonly instance?: string;
}

/** What the descriptions of a pool's runners begin with. */
function nameOf(installation: string, pool: string): string {
  return `Runtide ${installation}/${pool}`;
}

/** The description by which a runner is found again, with the operator's own words behind it. */
export function describeRunner(
  installation: string,
  pool: string,
  { shard, instance }: RunnerIdentity,
  words?: string,
): string {
  const number = shard === 1 ? '' : ` #${shard}`;
  const own = instance === undefined ? '' : ` ${instance}`;
  return `${nameOf(installation, pool)}${number}${own}${words === undefined ? '' : `: ${words}`}`;
}

const REST = /^(?: #([1-9]\d{0,4}))?(?: (i-[0-9a-f]{8,17}))?(?:: .*)?$/s;

/** Which runner of the pool has this description; undefined for one that is not of this pool. */
export function identityIn(
  description: string,
  installation: string,
  pool: string,
): RunnerIdentity | undefined {
  const name = nameOf(installation, pool);
  if (!description.startsWith(name)) return undefined;
  const found = REST.exec(description.slice(name.length));
  if (found === null) return undefined;
  const [, shard, instance] = found;
  return { shard: shard === undefined ? 1 : Number(shard), ...(instance !== undefined && { instance }) };
}
