import { type DrainRequest, drainRequestOf, type Instruction } from '../engine/instruction.ts';
import type { InstanceStatus, PoolStatus, Status } from '../status/model.ts';
import { counted } from './options.ts';

/** An instance as the daemon sees it, and its pool. */
export interface Found {
  readonly pool: PoolStatus;
  readonly instance: InstanceStatus;
}

const isLeaving = ({ phase }: InstanceStatus): boolean => phase === 'draining' || phase === 'terminating';

function find(id: string, { installation, pools }: Status): Found {
  for (const pool of pools) {
    const instance = pool.instances.find((one) => one.id === id);
    if (instance !== undefined) return { pool, instance };
  }
  throw new Error(
    `draining ${id}: it is none of the instances of ${installation}, and Runtide drains no others; "runtide status" lists them`,
  );
}

function checkStays({ instance }: Found, how: DrainRequest['how'], written: readonly Instruction[]): void {
  const { id, phase, drain, drainSeconds } = instance;
  if (isLeaving(instance)) {
    const since = drainSeconds === undefined ? '' : `, since ${Math.round(drainSeconds)} s`;
    throw new Error(`draining ${id}: it is ${phase} already${since} (${drain ?? 'the cloud takes it'})`);
  }
  const asked = drainRequestOf(written, id);
  if (asked?.how !== how) return;
  throw new Error(
    `draining ${id}: it is asked to already, since ${new Date(asked.at).toISOString()}, and waits for its turn; --shrink does not wait`,
  );
}

function checkMin(pool: PoolStatus, leaving: ReadonlySet<string>): void {
  const {
    limits: { min },
    instances,
  } = pool;
  const stay = instances.filter((one) => !isLeaving(one) && one.asked !== 'shrink' && !leaving.has(one.id));
  if (stay.length >= min) return;
  throw new Error(
    `draining ${[...leaving].join(', ')}: pool ${pool.pool} keeps ${counted(min, 'instance')} (min); use --replace, or lower min`,
  );
}

/** Finds the instances. Throws where one cannot be drained like this: nothing is drained then. */
export function drainable(
  ids: readonly string[],
  how: DrainRequest['how'],
  { status, written }: { readonly status: Status; readonly written: readonly Instruction[] },
): readonly Found[] {
  const found = [...new Set(ids)].map((id) => find(id, status));
  for (const one of found) checkStays(one, how, written);
  if (how === 'shrink') {
    for (const [pool, ofPool] of Map.groupBy(found, (one) => one.pool)) {
      checkMin(pool, new Set(ofPool.map(({ instance }) => instance.id)));
    }
  }
  return found;
}
