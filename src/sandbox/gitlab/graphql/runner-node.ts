import { contactStatus, type Manager } from '../../../adapters/memory/gitlab/manager.ts';
import { type Runner, runnerType } from '../../../adapters/memory/gitlab/runner.ts';
import { maySee } from '../runner-rights.ts';
import { connectionOf, mapped, type PageArguments } from './connection.ts';
import { globalId } from './global-id.ts';
import { time } from './graphql-time.ts';
import type { Viewer } from './viewer.ts';

/** A runner, to whoever may see it. */
export function runnerNode(runner: Runner, viewer: Viewer) {
  const { model } = viewer.double;
  if (viewer.token === undefined || !maySee(viewer.token, runner, model)) return null;
  return {
    id: globalId('Ci::Runner', runner.id),
    description: runner.description,
    runnerType: runnerType(runner).toUpperCase(),
    accessLevel: runner.accessLevel.toUpperCase(),
    status: contactStatus(runner.contactedAt, runner.createdAt, model.now()).toUpperCase(),
    jobExecutionStatus: () => (model.isRunnerBusy(runner.id) ? 'ACTIVE' : 'IDLE'),
    paused: runner.paused,
    locked: runner.locked,
    runUntagged: runner.runUntagged,
    tagList: runner.tags,
    maximumTimeout: runner.maximumTimeout === undefined ? null : runner.maximumTimeout / 1000,
    contactedAt: time(runner.contactedAt),
    createdAt: time(runner.createdAt),
    tokenExpiresAt: time(runner.tokenExpiresAt),
    managers: (asked: PageArguments & { readonly systemId?: string | null }) => {
      const managers = model
        .managers(runner.id)
        .filter(({ systemId }) => asked.systemId == null || systemId === asked.systemId);
      const page = connectionOf(managers.toReversed(), asked);
      return mapped(page, (manager) => managerNode(manager, viewer));
    },
  };
}

/** One of its managers. */
export function managerNode(manager: Manager, { double: { model } }: Viewer) {
  return {
    id: globalId('Ci::RunnerManager', manager.id),
    systemId: manager.systemId,
    status: contactStatus(manager.contactedAt, manager.createdAt, model.now()).toUpperCase(),
    jobExecutionStatus: manager.running.size > 0 ? 'ACTIVE' : 'IDLE',
    version: manager.info.version ?? null,
    contactedAt: time(manager.contactedAt),
    createdAt: time(manager.createdAt),
  };
}
