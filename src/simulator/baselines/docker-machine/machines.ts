import { type Random, seededRandom } from '../../../adapters/memory/random.ts';
import {
  backoff,
  type Duration,
  type Instant,
  milliseconds,
  minutes,
  seconds,
} from '../../../engine/time.ts';
import type { SimulatedWorld } from '../../world.ts';
import type { Script } from '../script.ts';
import type { MachineState } from './counters.ts';

/** A stream of its own, so that retries change nothing else. */
const RETRY_STREAM = 0x5eed_0201;
/** `amazonec2-retries` of the driver, and the SDK's waits for a throttled call. */
const CALL_RETRIES = 5;
const FIRST_WAIT = milliseconds(500);
const LONGEST_WAIT = minutes(5);
/** How long `docker-machine create` may take, and a removal waits after an error. */
const CREATE_TIMEOUT = minutes(60);
const REMOVAL_PAUSE = seconds(30);
/** `MaxRemovalAttempts`; the machine is given up then, and may run on. */
const REMOVAL_ATTEMPTS = 30;

/** One machine as docker+machine knows it. */
export interface Machine {
  state: MachineState;
  /** Last use, or the end of its making. */
  used: Instant;
  usedCount: number;
  /** EC2's name for it, once it was bought. */
  id: string | undefined;
  script: Script | undefined;
}

/** What becomes of a machine that is made. */
export interface Making {
  made(machine: Machine): void;
  failed(machine: Machine): void;
}

/** The machines of `docker-machine`, oldest first, and the commands that make and remove them. */
export class Machines {
  readonly #world: SimulatedWorld;
  readonly #maxGrowthRate: number;
  readonly #changed: () => void;
  readonly #random: Random;
  readonly #all = new Set<Machine>();
  readonly #byId = new Map<string, Machine>();
  readonly #makings = new Map<Machine, { readonly of: Making; readonly stop: () => void }>();
  /** Those that wait for a growth slot. */
  readonly #waiting: { readonly machine: Machine; readonly making: Making }[] = [];

  /** `changed`: told when a machine's state has changed by itself. */
  constructor(world: SimulatedWorld, maxGrowthRate: number, changed: () => void) {
    this.#world = world;
    this.#maxGrowthRate = maxGrowthRate;
    this.#changed = changed;
    this.#random = seededRandom(world.conditions.seed ^ RETRY_STREAM);
    world.onBooted((id) => this.#booted(id));
    world.ec2.onStateChange(({ id, to }) => {
      if (to === 'shutting-down') this.#byId.get(id)?.script?.cutOff();
      if (to === 'terminated') this.#gone(id);
    });
  }

  /** Those there are now; who walks over them may remove some. */
  all(): ReadonlySet<Machine> {
    return this.#all;
  }

  /** Whether a connection to it comes about. */
  isReachable({ id }: Machine): boolean {
    return id !== undefined && this.#world.isAlive(id);
  }

  /** Makes a machine once there is a growth slot for it. */
  create(making: Making): Machine {
    const now = this.#world.clock.now();
    const machine: Machine = { state: 'creating', used: now, usedCount: 0, id: undefined, script: undefined };
    this.#all.add(machine);
    this.#waiting.push({ machine, making });
    this.#fillGrowthSlots();
    return machine;
  }

  /** Ends a machine and forgets it once it is gone. */
  remove(machine: Machine): void {
    machine.state = 'removing';
    if (machine.id === undefined || !this.#world.isAlive(machine.id)) this.#all.delete(machine);
    else this.#end(machine.id, 1);
    this.#changed();
  }

  #fillGrowthSlots(): void {
    const slots = this.#maxGrowthRate > 0 ? this.#maxGrowthRate : Infinity;
    while (this.#makings.size < slots) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      const stop = this.#world.clock.after(CREATE_TIMEOUT, () => this.#fail(next.machine));
      this.#makings.set(next.machine, { of: next.making, stop });
      this.#launch(next.machine, 1);
    }
  }

  #launch(machine: Machine, attempt: number): void {
    const [id] = this.#world.buy(1).ids;
    if (id !== undefined) {
      machine.id = id;
      this.#byId.set(id, machine);
    } else if (attempt <= CALL_RETRIES) {
      this.#world.clock.after(this.#wait(attempt), () => this.#launch(machine, attempt + 1));
    } else {
      this.#fail(machine);
    }
  }

  /** The SDK's: doubled each time, and up to twice as long at random. */
  #wait(attempt: number): Duration {
    return milliseconds(Math.round(backoff(FIRST_WAIT, attempt, LONGEST_WAIT) * (1 + this.#random())));
  }

  #booted(id: string): void {
    const machine = this.#byId.get(id);
    if (machine?.state !== 'creating') return;
    machine.state = 'idle';
    machine.used = this.#world.clock.now();
    this.#endMaking(machine)?.made(machine);
    this.#changed();
  }

  #fail(machine: Machine): void {
    const making = this.#endMaking(machine);
    this.remove(machine);
    making?.failed(machine);
  }

  #endMaking(machine: Machine): Making | undefined {
    const making = this.#makings.get(machine);
    making?.stop();
    this.#makings.delete(machine);
    this.#fillGrowthSlots();
    return making?.of;
  }

  #end(id: string, attempt: number): void {
    if (this.#world.end([id]) || attempt >= REMOVAL_ATTEMPTS) return;
    this.#world.clock.after(REMOVAL_PAUSE, () => this.#end(id, attempt + 1));
  }

  #gone(id: string): void {
    const machine = this.#byId.get(id);
    this.#byId.delete(id);
    if (machine?.state === 'creating') this.#fail(machine);
    if (machine?.state !== 'removing') return;
    this.#all.delete(machine);
    this.#changed();
  }
}
