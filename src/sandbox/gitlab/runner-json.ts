import type { GitLab } from '../../adapters/memory/gitlab/gitlab.ts';
import { contactStatus, type Manager } from '../../adapters/memory/gitlab/manager.ts';
import { type Runner, runnerType } from '../../adapters/memory/gitlab/runner.ts';
import { groupIdentityJson } from './group-json.ts';
import { iso } from './iso.ts';
import { projectIdentityJson } from './project-json.ts';
import { groupsOf, projectsOf } from './runner-rights.ts';

/** A runner as lists and jobs show it. */
export function runnerJson(runner: Runner, model: GitLab) {
  const status = contactStatus(runner.contactedAt, runner.createdAt, model.now());
  return {
    id: runner.id,
    description: runner.description,
    ip_address: null,
    active: !runner.paused,
    paused: runner.paused,
    is_shared: runnerType(runner) === 'instance_type',
    runner_type: runnerType(runner),
    name: 'gitlab-runner',
    online: status === 'online',
    created_by: null,
    created_at: iso(runner.createdAt),
    status,
    job_execution_status: model.isRunnerBusy(runner.id) ? 'active' : 'idle',
  };
}

/** A runner as `GET /runners/:id` shows it. */
export function runnerDetailsJson(runner: Runner, model: GitLab, base: string) {
  return {
    ...runnerJson(runner, model),
    tag_list: runner.tags,
    run_untagged: runner.runUntagged,
    locked: runner.locked,
    maximum_timeout: runner.maximumTimeout === undefined ? null : runner.maximumTimeout / 1000,
    access_level: runner.accessLevel,
    version: null,
    revision: null,
    platform: null,
    architecture: null,
    contacted_at: iso(runner.contactedAt),
    maintenance_note: runner.maintenanceNote ?? null,
    projects: projectsOf(runner, model).map((project) => projectIdentityJson(project)),
    groups: groupsOf(runner, model).map((group) => groupIdentityJson(group, base)),
  };
}

/** A manager as `GET /runners/:id/managers` and running jobs show it. */
export function managerJson(manager: Manager, model: GitLab) {
  return {
    id: manager.id,
    system_id: manager.systemId,
    version: manager.info.version ?? null,
    revision: manager.info.revision ?? null,
    platform: manager.info.platform ?? null,
    architecture: manager.info.architecture ?? null,
    created_at: iso(manager.createdAt),
    contacted_at: iso(manager.contactedAt),
    ip_address: manager.ipAddress,
    status: contactStatus(manager.contactedAt, manager.createdAt, model.now()),
    job_execution_status: manager.running.size > 0 ? 'active' : 'idle',
  };
}
