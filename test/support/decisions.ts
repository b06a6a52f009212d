import { explainAlarm } from '../../src/engine/explain.ts';
import type { Plan } from '../../src/engine/plan.ts';
import type { PoolPlan } from '../../src/engine/pool-plan.ts';
import type { World } from './world.ts';

/** Every plan that was carried out, the first first. */
function plans({ reports }: World): readonly Plan[] {
  return reports.flatMap((report) => (report.pass === 'acted' ? [report.plan] : []));
}

/** Every decision for the pool, and when it was made. */
export function decisions(
  world: World,
  pool = 'linux',
): readonly { readonly at: number; readonly decided: PoolPlan }[] {
  return plans(world).flatMap(({ at, pools }) =>
    pools.filter((decided) => decided.pool === pool).map((decided) => ({ at, decided })),
  );
}

const inWords = ({ desired, holds }: PoolPlan) => ({
  steps: desired.steps.map(({ rule, from, to }) => `${rule} ${from}→${to}`).join(', '),
  holds: holds.map(({ what, because }) => `no ${what}: ${because}`),
});

/** How the last `desired` of the pool came about, and what kept it from more. */
export function lastDecision(world: World, pool = 'linux'): ReturnType<typeof inWords> {
  const last = decisions(world, pool).at(-1);
  if (last === undefined) throw new Error(`nothing was decided for ${pool} yet`);
  return inWords(last.decided);
}

/** The decision of the pool that bought first after `since`. */
export function firstPurchase(world: World, since: number, pool = 'linux'): ReturnType<typeof inWords> {
  const first = decisions(world, pool).find(
    ({ at, decided }) => at >= since && decided.actions.some((action) => action.do === 'launch'),
  );
  if (first === undefined) throw new Error(`nothing was bought for ${pool}`);
  return inWords(first.decided);
}

/** The alarms of the last pass. */
export function lastAlarms(world: World): readonly string[] {
  return (plans(world).at(-1)?.alarms ?? []).map(explainAlarm);
}

/** Every hold that the pool ever had, each once. */
export function allHolds(world: World, pool = 'linux'): readonly string[] {
  return [...new Set(decisions(world, pool).flatMap(({ decided }) => inWords(decided).holds))];
}
