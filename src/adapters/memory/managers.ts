import { instanceIdOf } from '../../controller/system-id.ts';
import type { Manager } from '../../engine/instance.ts';
import type { GitLab } from './gitlab/gitlab.ts';

/** The managers that the model has of a runner, as the engine knows them. */
export function managersOf(gitlab: GitLab, runner: number): readonly Manager[] {
  return gitlab.managers(runner).map((manager) => {
    const instance = instanceIdOf(manager.systemId);
    return {
      systemId: manager.systemId,
      firstSeenAt: manager.createdAt,
      contactedAt: manager.contactedAt,
      active: manager.running.size > 0,
      ...(instance !== undefined && { instance }),
    };
  });
}
