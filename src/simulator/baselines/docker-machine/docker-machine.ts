import type { Job } from '../../../adapters/memory/gitlab/job.ts';
import {
  after,
  type Duration,
  earlier,
  elapsed,
  type Instant,
  milliseconds,
  minutes,
  seconds,
} from '../../../engine/time.ts';
import type { Autoscaler } from '../../autoscaler.ts';
import { failByRunner } from '../../cut-offs.ts';
import type { SimulatedWorld } from '../../world.ts';
import { type Executor, PollLoop, type PollSettings } from '../poll-loop.ts';
import { runScript } from '../script.ts';
import { canCreate, type Counters, idleExceeded, type Limits, noMachines, total } from './counters.ts';
import { type Machine, Machines } from './machines.ts';

/** A job without a machine tries so often to get one, and waits between. */
const ATTEMPTS = 3;
const BETWEEN_ATTEMPTS = seconds(1);

/** The settings of `[runners.machine]`; those that are absent have gitlab-runner's defaults, `IdleTime` apart. */
export interface DockerMachineSettings extends PollSettings, Partial<Limits> {
  /** `IdleCount`. */
  readonly idleCount: number;
  /** `IdleTime`; default 600 s. */
  readonly idleTime?: Duration;
  /** `MaxBuilds`, jobs for each machine; 0, the default: as many as come. */
  readonly maxBuilds?: number;
}

/** gitlab-runner's executor docker+machine, exact: it never learns how many jobs wait. */
export function dockerMachine(settings: DockerMachineSettings): Autoscaler {
  const { idleCount, idleTime = minutes(10) } = settings;
  return {
    name: `docker-machine-${idleCount}`,
    about: `docker+machine, exact: IdleCount ${idleCount}, IdleTime ${idleTime / 1000} s`,
    start: (world) => void new DockerMachine(world, settings),
  };
}

/** A machine that a job will get, or that it has to get by itself. */
type Place = Machine | 'none yet';

/** A job that was accepted and has no machine yet. */
interface Waiting {
  readonly job: Job;
  readonly over: () => void;
  readonly attempt: number;
}

class DockerMachine implements Executor<Place> {
  readonly #world: SimulatedWorld;
  readonly #limits: Limits;
  readonly #idleTime: Duration;
  readonly #maxBuilds: number;
  readonly #machines: Machines;
  readonly #loop: PollLoop<Place>;
  readonly #waiting = new Set<Waiting>();

  constructor(world: SimulatedWorld, settings: DockerMachineSettings) {
    this.#world = world;
    this.#limits = {
      idleCount: settings.idleCount,
      idleCountMin: settings.idleCountMin ?? 0,
      idleScaleFactor: settings.idleScaleFactor ?? 0,
      maxGrowthRate: settings.maxGrowthRate ?? 0,
      limit: settings.limit ?? 0,
    };
    this.#idleTime = settings.idleTime ?? minutes(10);
    this.#maxBuilds = settings.maxBuilds ?? world.conditions.maxJobs ?? 0;
    this.#machines = new Machines(world, this.#limits.maxGrowthRate, () => this.#loop.wake());
    this.#loop = new PollLoop(world, settings, this);
  }

  acquire(): Place | undefined {
    const counters = noMachines();
    const idle = this.#removeWhatIsTooMuch(counters);
    while (canCreate(counters, this.#limits, false)) {
      this.#machines.create(this.#forNobody);
      counters.creating += 1;
    }
    const free = this.#takeNewest(idle);
    if (free !== undefined) return free;
    const { idleCount } = this.#limits;
    if (idleCount === 0 && canCreate(counters, this.#limits, true)) return 'none yet';
    return counters.idle === 0 ? undefined : 'none yet';
  }

  use(place: Place, job: Job, over: () => void): void {
    if (place !== 'none yet' && this.#machines.isReachable(place)) {
      this.#run(place, job, over);
      return;
    }
    if (place !== 'none yet') this.#machines.remove(place);
    this.#findMachine({ job, over, attempt: 1 });
  }

  release(place: Place): void {
    if (place === 'none yet') return;
    if (this.#maxBuilds > 0 && place.usedCount >= this.#maxBuilds) this.#machines.remove(place);
    else this.#free(place);
  }

  due(): Instant | undefined {
    const now = this.#world.clock.now();
    let due: Instant | undefined;
    for (const { state, used } of this.#machines.all()) {
      const end = after(used, milliseconds(this.#idleTime + 1));
      if (state === 'idle' && end > now) due = due === undefined ? end : earlier(due, end);
    }
    return due;
  }

  /** Counts all machines and answers the idle ones that stay; each is judged by those before it only, as in the original. */
  #removeWhatIsTooMuch(counters: Counters): readonly Machine[] {
    const stay: Machine[] = [];
    for (const machine of this.#machines.all()) {
      if (machine.state === 'idle') {
        const { limit } = this.#limits;
        const usedUp = this.#maxBuilds > 0 && machine.usedCount >= this.#maxBuilds;
        const tooMany = limit > 0 && total(counters) >= limit;
        const old = elapsed(machine.used, this.#world.clock.now()) > this.#idleTime;
        if (usedUp || tooMany || (old && idleExceeded(counters, this.#limits)))
          this.#machines.remove(machine);
        else stay.push(machine);
      }
      counters[machine.state] += 1;
    }
    return stay;
  }

  #takeNewest(idle: readonly Machine[]): Machine | undefined {
    for (const machine of idle.toReversed()) {
      if (this.#machines.isReachable(machine)) {
        machine.state = 'acquired';
        return machine;
      }
      this.#machines.remove(machine);
    }
    return undefined;
  }

  /** A job takes whichever machine is free first: one there is, one that is released, or its own. */
  #findMachine(waiting: Waiting): void {
    const { job, over, attempt } = waiting;
    const free = this.#takeNewest([...this.#machines.all()].filter(({ state }) => state === 'idle'));
    if (free !== undefined) {
      this.#run(free, job, over);
      return;
    }
    this.#waiting.add(waiting);
    this.#machines.create({
      made: (machine) => {
        if (this.#waiting.delete(waiting)) this.#run(machine, job, over);
        else this.#free(machine);
      },
      failed: () => {
        if (this.#waiting.delete(waiting)) this.#tryAgain(waiting, attempt);
      },
    });
  }

  #tryAgain({ job, over }: Waiting, attempt: number): void {
    if (attempt < ATTEMPTS) {
      const next = { job, over, attempt: attempt + 1 };
      this.#world.clock.after(BETWEEN_ATTEMPTS, () => this.#findMachine(next));
      return;
    }
    failByRunner(this.#world, job);
    over();
  }

  #run(machine: Machine, job: Job, over: () => void): void {
    machine.state = 'used';
    machine.usedCount += 1;
    machine.script = runScript(this.#world, job, () => {
      machine.script = undefined;
      machine.used = this.#world.clock.now();
      this.release(machine);
      over();
    });
  }

  #free(machine: Machine): void {
    machine.state = 'idle';
    for (const waiting of this.#waiting) {
      this.#waiting.delete(waiting);
      this.#run(machine, waiting.job, waiting.over);
      return;
    }
  }

  readonly #forNobody = {
    made: (machine: Machine): void => this.#free(machine),
    failed: (): void => undefined,
  };
}
