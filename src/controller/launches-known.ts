import type { Instance } from '../engine/instance.ts';
import type { UnansweredLaunch } from '../engine/observation.ts';
import type { LaunchIntent } from './ports.ts';

/** What a launch has answered with, before any listing shows it. */
export function asLaunching(intent: LaunchIntent): readonly Instance[] {
  const { launchId, pool, slots, maxJobs, generation } = intent.request;
  return (intent.result?.launched ?? []).map(({ id, offering }) => ({
    id,
    pool,
    launchId,
    state: 'pending',
    launchedAt: intent.openedAt,
    slots,
    ...(maxJobs !== undefined && { maxJobs }),
    generation,
    offering,
  }));
}

/** A launch without an answer; it may have bought. */
export function asUnanswered({ request, openedAt }: LaunchIntent): readonly UnansweredLaunch[] {
  const [offering] = request.offerings;
  if (offering === undefined) return [];
  const { launchId, pool, count, slots, generation } = request;
  return [{ launchId, pool, count, slots, generation, offering, openedAt }];
}
