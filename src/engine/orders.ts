import type { Action } from './action.ts';
import { type InstanceView, isOrdered } from './capacity.ts';
import type { GroupReading } from './group.ts';

export interface OrdersInput {
  readonly pool: string;
  readonly reading: GroupReading | undefined;
  readonly live: readonly InstanceView[];
  /** Instances that there should be. */
  readonly wanted: number;
  /** Whether the group itself is freshly read. */
  readonly fresh: boolean;
  /** Whether everything that `wanted` rests on is freshly and wholly read. */
  readonly certain: boolean;
}

/** What is taken back of what the pool's group was asked for, and the instances that stay. */
export function takeBack({ pool, reading, live, wanted, fresh, certain }: OrdersInput): {
  readonly actions: readonly Action[];
  readonly staying: readonly InstanceView[];
} {
  const ordered = live.filter(isOrdered).length;
  if (ordered === 0 || !fresh) return { actions: [], staying: live };
  const { failure } = reading ?? {};
  const excess = certain ? Math.min(ordered, Math.max(0, live.length - wanted)) : 0;
  const count = failure === undefined ? excess : ordered;
  if (count === 0) return { actions: [], staying: live };
  const kept = ordered - count;
  let seen = 0;
  const staying = live.filter((view) => !isOrdered(view) || seen++ < kept);
  return { actions: [{ do: 'cancel', pool, count, ...(failure !== undefined && { failure }) }], staying };
}
