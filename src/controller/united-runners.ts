import type { Manager } from '../engine/instance.ts';
import type { RunnerScope } from '../engine/job.ts';
import { earlier, type Instant, later } from '../engine/time.ts';

function latest(one: Instant | undefined, other: Instant | undefined): Instant | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return later(one, other);
}

function merged(one: Manager, other: Manager): Manager {
  const contactedAt = latest(one.contactedAt, other.contactedAt);
  return {
    ...one,
    firstSeenAt: earlier(one.firstSeenAt, other.firstSeenAt),
    ...(contactedAt !== undefined && { contactedAt }),
    active: one.active || other.active,
  };
}

/** The managers of several runners: an instance that serves several of them is one manager. */
export function unitedManagers(ofRunners: readonly (readonly Manager[])[]): readonly Manager[] {
  const [only] = ofRunners;
  if (only !== undefined && ofRunners.length === 1) return only;
  const bySystem = new Map<string, Manager>();
  for (const manager of ofRunners.flat()) {
    const known = bySystem.get(manager.systemId);
    bySystem.set(manager.systemId, known === undefined ? manager : merged(known, manager));
  }
  return [...bySystem.values()];
}

/** Whose jobs a pool with these runners gets. A paused runner adds nothing to the others; none is no obstacle. */
export function unitedScope(scopes: readonly RunnerScope[]): RunnerScope {
  const awake = scopes.filter(({ paused }) => !paused);
  const counted = awake.length === 0 ? scopes : awake;
  const everywhere = counted.length === 0 || counted.some(({ projects }) => projects === undefined);
  return {
    paused: awake.length === 0 && scopes.length > 0,
    protectedOnly: counted.length > 0 && counted.every(({ protectedOnly }) => protectedOnly),
    ...(!everywhere && { projects: new Set(counted.flatMap(({ projects = [] }) => [...projects])) }),
  };
}
