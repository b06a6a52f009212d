import { FLEET_TAG } from '../../adapters/memory/fleet.ts';
import { isComplete } from '../../adapters/memory/gitlab/job.ts';
import type { JobEvent } from '../../adapters/memory/gitlab/job-event.ts';
import { instanceIdOf } from '../../controller/system-id.ts';
import type { Instant } from '../../engine/time.ts';
import type { SimulatedWorld } from '../world.ts';

/** One machine with a runner of its own, as GitLab and EC2 show it. */
export interface Agent {
  readonly id: string;
  /** `booting` until it first asks for a job; `leaving`: asked to, or it has had its jobs. */
  readonly phase: 'booting' | 'idle' | 'busy' | 'leaving';
  /** Those it runs. */
  readonly jobs: number;
  /** When it first asked for a job, or its last one ended; of idle ones. */
  readonly idleSince: Instant;
}

/** What is remembered of a machine. */
interface Past {
  isReady: boolean;
  jobs: number;
  taken: number;
  idleSince: Instant;
}

/** The machines that ask GitLab for jobs by themselves, all that there are in the world. */
export class Agents {
  readonly #world: SimulatedWorld;
  readonly #past = new Map<string, Past>();

  constructor(world: SimulatedWorld) {
    this.#world = world;
    world.machines();
    world.onReady((id) => {
      const past = this.#past.get(id);
      if (past !== undefined) Object.assign(past, { isReady: true, idleSince: world.clock.now() });
    });
    world.gitlab.onJobEvent((event) => this.#note(event));
    world.ec2.onStateChange(({ id, to, at }) => {
      if (to === 'pending') this.#past.set(id, { isReady: false, jobs: 0, taken: 0, idleSince: at });
      else if (to !== 'running') this.#past.delete(id);
    });
  }

  /** Those that pend or run, oldest first. */
  read(): readonly Agent[] {
    return Array.from(this.#past, ([id, past]) => {
      const { jobs, idleSince } = past;
      return { id, phase: this.#phase(id, past), jobs, idleSince };
    });
  }

  #phase(id: string, { isReady, jobs, taken }: Past): Agent['phase'] {
    const tags = this.#world.ec2.instance(id)?.tags;
    const isUsedUp = taken >= Number(tags?.get(FLEET_TAG.maxJobs) ?? Infinity);
    if (isUsedUp || tags?.has(FLEET_TAG.drain) === true) return 'leaving';
    if (!isReady) return 'booting';
    return jobs > 0 ? 'busy' : 'idle';
  }

  #note({ job, at }: JobEvent): void {
    const id = job.manager === undefined ? undefined : instanceIdOf(job.manager.systemId);
    const past = id === undefined ? undefined : this.#past.get(id);
    if (past === undefined) return;
    if (job.status === 'running') {
      past.jobs += 1;
      past.taken += 1;
    } else if (isComplete(job)) {
      past.jobs -= 1;
      past.idleSince = at;
    }
  }
}
