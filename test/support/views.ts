import { type InstanceView, viewOf } from '../../src/engine/capacity.ts';
import type { DrainReason, Instance } from '../../src/engine/instance.ts';
import { minutes, seconds } from '../../src/engine/time.ts';
import { ago, aManager, anInstance, idleFor } from './observations.ts';

type Over = Partial<Instance>;

/** An instance without a job, idle for `time`. */
export function idle(id: string, time = minutes(10), over: Over = {}): InstanceView {
  const instance = anInstance(id, over);
  return viewOf({ instance, manager: aManager(id), held: 0, remembered: idleFor(time) });
}

/** An instance that runs `held` jobs. */
export function busy(id: string, held = 1, over: Over = {}): InstanceView {
  const remembered = { pool: 'linux', bootedFor: seconds(40), readyAt: ago(minutes(29)) };
  return viewOf({ instance: anInstance(id, over), manager: aManager(id), held, remembered });
}

/** A running instance whose manager has not been seen, `bootedFor` long. */
export function booting(id: string, bootedFor = seconds(30), over: Over = {}): InstanceView {
  const remembered = { pool: 'linux', bootedFor };
  return viewOf({ instance: anInstance(id, over), manager: undefined, held: 0, remembered });
}

/** An instance that EC2 is still starting. */
export function launching(id: string, over: Over = {}): InstanceView {
  return booting(id, seconds(5), { state: 'pending', ...over });
}

/** An idle instance that was asked to drain twenty seconds ago. */
export function draining(id: string, because: DrainReason = 'idle', over: Over = {}): InstanceView {
  return idle(id, minutes(10), { drain: { because, at: ago(seconds(20)) }, ...over });
}
