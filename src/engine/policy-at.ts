import type { FleetPolicy } from './pool.ts';
import { type Period, scheduleAt } from './schedule.ts';
import type { Instant } from './time.ts';

const upTo = (last: number, first = 0): readonly number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

const EVERY_MINUTE: Period = {
  minutes: upTo(59),
  hours: upTo(23),
  days: upTo(31, 1),
  months: upTo(12, 1),
  weekdays: upTo(6),
  eitherDay: false,
};

/** The policy in which the schedules of another time hold, for a look ahead with what is known now. */
export function policyAt(policy: FleetPolicy, at: Instant): FleetPolicy {
  return {
    ...policy,
    pools: policy.pools.map(({ schedules = [], ...pool }) => {
      const schedule = scheduleAt(schedules, at);
      return schedule === undefined
        ? pool
        : { ...pool, schedules: [{ ...schedule, periods: [EVERY_MINUTE] }] };
    }),
  };
}
