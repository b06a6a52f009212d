import { explainAction, explainAlarm, explainPool } from '../engine/explain.ts';
import type { Alarm } from '../engine/alarms.ts';
import type { Plan } from '../engine/plan.ts';
import type { PoolPlan } from '../engine/pool-plan.ts';
import type { Recorder } from './events.ts';
import type { DecisionRecord } from './ports.ts';

/** What makes a decision different from the last one: its rules and actions, not how long something still waits. */
function keyOf({ desired, cycle, holds, actions, demand }: PoolPlan): string {
  const held = holds.map(({ what, because }) => what + because.replaceAll(/\d+/g, '#'));
  const { startedAt, paused } = cycle ?? {};
  return JSON.stringify([desired, startedAt, paused, held, actions, demand.unserved.map(({ id }) => id)]);
}

/** Says what is new: one decision a change, one alarm a rise and a fall. */
export class Decisions {
  readonly #recorder: Recorder;
  readonly #last = new Map<string, string>();
  #alarms: ReadonlyMap<string, Alarm> = new Map();

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
  }

  /** Records what changed since the last plan and answers the changed decisions. */
  record(plan: Plan): readonly DecisionRecord[] {
    const changed = plan.pools.filter((pool) => {
      const key = keyOf(pool);
      const isNew = this.#last.get(pool.pool) !== key;
      this.#last.set(pool.pool, key);
      return isNew;
    });
    const decisions = changed.map((pool) => ({
      at: plan.at,
      pool: pool.pool,
      summary: explainPool(pool),
      steps: pool.desired.steps,
      actions: pool.actions.map(explainAction),
    }));
    for (const decision of decisions) this.#recorder.record({ event: 'decided', decision });
    this.#recordAlarms(plan.alarms);
    return decisions;
  }

  #recordAlarms(alarms: readonly Alarm[]): void {
    // A growing count or another failure text of the same source is no new alarm.
    const now = new Map(alarms.map((alarm) => [alarmKey(alarm), alarm]));
    for (const [key, alarm] of now) {
      if (!this.#alarms.has(key)) this.#recorder.record({ event: 'alarm raised', alarm });
    }
    for (const [key, alarm] of this.#alarms) {
      if (!now.has(key)) this.#recorder.record({ event: 'alarm cleared', alarm });
    }
    this.#alarms = now;
  }
}

function alarmKey(alarm: Alarm): string {
  switch (alarm.alarm) {
    case 'stale':
      return `stale ${alarm.source}`;
    case 'concern':
      return `concern ${alarm.about}`;
    case 'refused':
      return `refused ${alarm.pool} ${alarm.project} ${alarm.because}`;
    case 'budget':
      return `budget ${alarm.pool ?? ''} ${alarm.standing.period} ${alarm.standing.allows}`;
    default:
      return explainAlarm(alarm);
  }
}
