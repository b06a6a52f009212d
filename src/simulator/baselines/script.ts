import type { Job } from '../../adapters/memory/gitlab/job.ts';
import { minutes } from '../../engine/time.ts';
import { failByRunner } from '../cut-offs.ts';
import type { SimulatedWorld } from '../world.ts';

/** A script that a manager runs on a machine which has no runner of its own. */
export interface Script {
  /** The machine is gone: GitLab hears at once that the runner's system failed. */
  cutOff(): void;
}

/** How long a job runs that names no duration; those of workloads do. */
const UNNAMED = minutes(3);

/** Runs a job's script from now on; `over` is called once, when it has ended or was cut off. */
export function runScript(world: SimulatedWorld, job: Job, over: () => void): Script {
  const { clock, gitlab } = world;
  world.scriptBegins(job);
  const cancel = clock.after(job.duration ?? UNNAMED, () => {
    gitlab.updateJob(
      job.token,
      job.fails
        ? { state: 'failed', failureReason: 'script_failure', exitCode: 1 }
        : { state: 'success', exitCode: 0 },
    );
    over();
  });
  return {
    cutOff: () => {
      cancel();
      failByRunner(world, job);
      over();
    },
  };
}
