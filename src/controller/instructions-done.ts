import { exists } from '../engine/capacity.ts';
import type { Instruction } from '../engine/instruction.ts';
import { instancesOf, isFresh, lastKnown, type Observation } from '../engine/observation.ts';
import type { Recorder } from './events.ts';
import type { Store } from './ports.ts';

/** Whether nothing is left to do: the instances that it is about are gone. In doubt it is not. */
function isDone(instruction: Instruction, observation: Observation): boolean {
  const { now, unanswered, unlisted = {} } = observation;
  const living = lastKnown(observation.instances, []).filter(exists);
  if (instruction.kind === 'drain') {
    // It may be wherever nobody looked.
    if (Object.values(unlisted).some((part) => !isFresh(part, now))) return false;
    return living.every(({ id }) => id !== instruction.instance);
  }
  // A pause lasts until it is taken back.
  if (instruction.kind === 'pause') return false;
  const { pool, startedAt } = instruction;
  if (!isFresh(instancesOf(observation, pool), now)) return false;
  if (unanswered.some((launch) => launch.pool === pool && launch.openedAt < startedAt)) return false;
  return living.every((instance) => instance.pool !== pool || instance.launchedAt >= startedAt);
}

/** Crosses out the instructions that are carried out. */
export async function retractDone(
  observation: Observation,
  { store, recorder }: { readonly store: Pick<Store, 'retract'>; readonly recorder: Recorder },
): Promise<void> {
  const { instructions = [], instances, now } = observation;
  if (!isFresh(instances, now)) return;
  for (const instruction of instructions) {
    if (!isDone(instruction, observation)) continue;
    await store.retract(instruction);
    recorder.record({ event: 'instruction done', instruction });
  }
}
