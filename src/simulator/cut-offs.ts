import type { Job } from '../adapters/memory/gitlab/job.ts';
import { instanceIdOf } from '../controller/system-id.ts';
import type { SimulatedWorld } from './world.ts';

/**
 * Lets jobs fail in GitLab at the moment when the machine ends that runs them by itself. Managers that hold machines tell
 * GitLab on their own.
 */
export function failWhatIsCutOff(world: SimulatedWorld): void {
  const running = new Map<string, Map<number, Job>>();
  world.gitlab.onJobEvent(({ job }) => {
    const id = job.manager === undefined ? undefined : instanceIdOf(job.manager.systemId);
    if (id === undefined) return;
    const jobs = running.get(id) ?? new Map<number, Job>();
    if (job.status === 'running') jobs.set(job.id, job);
    else jobs.delete(job.id);
    if (jobs.size > 0) running.set(id, jobs);
    else running.delete(id);
  });
  world.ec2.onStateChange(({ id, from }) => {
    if (from !== 'running') return;
    for (const job of running.get(id)?.values() ?? []) failByRunner(world, job);
  });
}

/** The runner, not the script, is why the job fails. */
export function failByRunner({ gitlab }: SimulatedWorld, { token }: Job): void {
  gitlab.updateJob(token, { state: 'failed', failureReason: 'runner_system_failure' });
}

/** Whether its machine ended while its script ran. */
export function isCutOff(world: SimulatedWorld, { id, failureReason }: Job): boolean {
  return failureReason === 'runner_system_failure' && world.scriptOf(id) !== undefined;
}
