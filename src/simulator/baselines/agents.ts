import { FLEET_TAG } from '../../adapters/memory/fleet.ts';
import type { JobEvent } from '../../adapters/memory/gitlab/job-event.ts';
import { instanceIdOf } from '../../controller/system-id.ts';
import { type Instant, later } from '../../engine/time.ts';
import type { SimulatedWorld } from '../world.ts';

/** One machine with a runner of its own, as GitLab and EC2 show it. */
export interface Agent {
  readonly id: string;
  /** `leaving`: asked to, or it has had its jobs. */
  readonly phase: 'pending' | 'booting' | 'idle' | 'busy' | 'leaving';
  readonly jobs: number;
  /** When it first asked for a job, or its last one ended; of idle ones. */
  readonly idleSince: Instant;
}

/** What is remembered of a machine. */
interface Past {
  runs: boolean;
  taken: number;
  lastEnd: Instant;
}

/** The machines that ask GitLab for jobs by themselves, all that there are in the world. */
export class Agents {
  readonly #world: SimulatedWorld;
  readonly #runner: number;
  readonly #past = new Map<string, Past>();

  constructor(world: SimulatedWorld) {
    this.#world = world;
    this.#runner = world.runner().id;
    world.machines();
    world.gitlab.onJobEvent((event) => this.#note(event));
    world.ec2.onStateChange(({ id, to, at }) => {
      if (to === 'pending') this.#past.set(id, { runs: false, taken: 0, lastEnd: at });
      else if (to === 'running') this.#of(id, (past) => (past.runs = true));
      else this.#past.delete(id);
    });
  }

  /** Those that pend or run, oldest first. */
  read(): readonly Agent[] {
    const managers = new Map(
      this.#world.gitlab.managers(this.#runner).map((manager) => [instanceIdOf(manager.systemId), manager]),
    );
    return Array.from(this.#past, ([id, { runs, taken, lastEnd }]) => {
      const manager = managers.get(id);
      const jobs = manager?.running.size ?? 0;
      const idleSince = later(manager?.createdAt ?? lastEnd, lastEnd);
      if (this.#isLeaving(id, taken)) return { id, phase: 'leaving', jobs, idleSince };
      if (manager === undefined) return { id, phase: runs ? 'booting' : 'pending', jobs, idleSince };
      return { id, phase: jobs > 0 ? 'busy' : 'idle', jobs, idleSince };
    });
  }

  #isLeaving(id: string, taken: number): boolean {
    const tags = this.#world.ec2.instance(id)?.tags;
    return tags?.has(FLEET_TAG.drain) === true || taken >= Number(tags?.get(FLEET_TAG.maxJobs) ?? Infinity);
  }

  #note({ job, at }: JobEvent): void {
    const id = job.manager === undefined ? undefined : instanceIdOf(job.manager.systemId);
    if (id === undefined) return;
    this.#of(id, (past) => {
      if (job.status === 'running') past.taken += 1;
      else past.lastEnd = at;
    });
  }

  #of(id: string, change: (past: Past) => void): void {
    const past = this.#past.get(id);
    if (past !== undefined) change(past);
  }
}
