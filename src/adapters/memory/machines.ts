import { systemIdOf } from '../../controller/system-id.ts';
import { type Duration, elapsed, type Instant, milliseconds, minutes, seconds } from '../../engine/time.ts';
import type { Timers } from './clock.ts';
import type { Ec2 } from './ec2/ec2.ts';
import { stateOf } from './ec2/instance-record.ts';
import { draw, type LifeTime } from './ec2/life-times.ts';
import { FLEET_TAG, GROUP_TAG } from './fleet.ts';
import type { GitLab } from './gitlab/gitlab.ts';
import type { Job } from './gitlab/job.ts';
import type { GitLabOutage } from './outage.ts';
import { type Random, seededRandom } from './random.ts';
import { untilBeat, WaitingRunners } from './waiting-runners.ts';

export interface MachinesOptions {
  readonly timers: Timers;
  readonly ec2: Ec2;
  readonly gitlab: GitLab;
  readonly outage: GitLabOutage;
  /** The runner token that an instance of the pool finds in its parameter store. */
  readonly tokens: Readonly<Record<string, string>>;
  /** Whether each instance of the pool has a token for itself alone; absent: none has. */
  readonly isIsolated?: (pool: string) => boolean;
  /** That token; undefined until there is one. */
  readonly ownToken?: (pool: string, instance: string) => string | undefined;
  /** Whether its group takes the instance, as its metadata says; absent: none is a member. */
  readonly isTaken?: (instance: string) => boolean;
  /** From EC2's `running` to the first contact with GitLab. */
  readonly bootFor: LifeTime;
  /** Decides how long each machine boots, where that is spread; needed only there. */
  readonly random?: Random;
  /** How often an instance asks GitLab for a job; one that got none asks again when there may be one, on the same beat. */
  readonly pollEvery: Duration;
  /** How often the agent looks at its metadata; where only EC2 changes it, once there is something to see. */
  readonly watchEvery: Duration;
  /** How long a job runs that names no duration. */
  readonly jobFor?: Duration;
  /** Told when an instance asks for jobs for the first time. */
  readonly isReady?: (instance: string) => void;
  /** Told when a job's script begins. */
  readonly scriptBegins?: (job: Job) => void;
}

/** What a machine asks of all others. */
interface Room {
  readonly options: MachinesOptions;
  readonly broken: Pick<Machines, 'deafAgents' | 'silenced'>;
  readonly waiting: WaitingRunners;
}

/** What machines do in the model: boot, register, poll, run jobs, drain, power off. */
export class Machines {
  /** Agents that scenarios have broken: they never look at their metadata again. */
  readonly deafAgents = new Set<string>();
  /** Scenarios set it to stop every runner from asking for jobs. */
  silenced = false;
  readonly #ready = new Map<string, Machine>();

  constructor(options: MachinesOptions) {
    const { ec2, timers, gitlab, random = seededRandom(1) } = options;
    const room = { options, broken: this, waiting: new WaitingRunners(timers, gitlab) };
    ec2.onStateChange(({ id, to }) => {
      if (to !== 'running') this.#ready.delete(id);
      const record = ec2.instance(id);
      if (to !== 'running' || record === undefined || record.boot === 'never') return;
      timers.after(draw(options.bootFor, random), () => {
        if (record.boot === 'fails')
          ec2.appendConsole(id, 'runtide: boot failed: the image has no gitlab-runner\n');
        else this.#begin(id, room);
      });
    });
    ec2.onTagged(({ id }) => this.#ready.get(id)?.look());
    ec2.onNotice(({ id }) => this.#ready.get(id)?.look());
  }

  #begin(id: string, room: Room): void {
    const machine = new Machine(id, room);
    if (!machine.isAlive) return;
    this.#ready.set(id, machine);
    machine.start();
  }
}

class Machine {
  readonly #id: string;
  readonly #options: MachinesOptions;
  readonly #room: Room;
  readonly #systemId: string;
  #token: string;
  readonly #pool: string;
  readonly #slots: number;
  /** Its runner is GitLab's run-single. */
  readonly #counted: boolean;
  /** Jobs that its runner still takes. */
  #left: number;
  readonly #jobs = new Set<Job>();
  readonly #readyAt: Instant;
  #draining = false;
  #looking = false;
  #polling = false;

  constructor(id: string, room: Room) {
    const { options } = room;
    const tags = options.ec2.instance(id)?.tags;
    this.#id = id;
    this.#options = options;
    this.#room = room;
    this.#systemId = systemIdOf(id);
    this.#slots = Number(tags?.get(FLEET_TAG.slots));
    const maxJobs = tags?.get(FLEET_TAG.maxJobs);
    this.#counted = maxJobs !== undefined;
    this.#left = Number(maxJobs ?? Infinity);
    this.#pool = tags?.get(FLEET_TAG.pool) ?? '';
    this.#token = options.tokens[this.#pool] ?? '';
    this.#readyAt = options.timers.now();
  }

  /** Waits for its token, as the agent does. */
  start(): void {
    if (!this.isAlive) return;
    const { isIsolated, ownToken, timers, pollEvery } = this.#options;
    if (isIsolated?.(this.#pool) === true) {
      const own = ownToken?.(this.#pool, this.#id);
      if (own === undefined) {
        timers.after(pollEvery, () => this.start());
        return;
      }
      this.#token = own;
    }
    this.#options.ec2.appendConsole(this.#id, 'runtide: ready\n');
    this.#options.isReady?.(this.#id);
    this.#poll();
    this.#watch();
  }

  get isAlive(): boolean {
    const record = this.#options.ec2.instance(this.#id);
    return record !== undefined && stateOf(record) === 'running';
  }

  get #hasRoom(): boolean {
    return this.#jobs.size < this.#slots && this.#left > 0;
  }

  /** Asks until it is full or GitLab has none; then waits for news of its runner's queue. False: GitLab had none. */
  #poll(): boolean {
    this.#polling = false;
    if (!this.isAlive || this.#draining) return true;
    const answered = this.#fill();
    if (this.#hasRoom) this.#pollAgain(answered);
    return !answered || !this.#hasRoom;
  }

  /** On its own beat: as soon as there may be a job, or at every beat while GitLab does not answer. */
  #pollAgain(answered: boolean): void {
    if (this.#polling) return;
    this.#polling = true;
    const { gitlab, pollEvery, timers } = this.#options;
    const runner = answered ? gitlab.runnerByToken(this.#token)?.id : undefined;
    const readyAt = this.#readyAt;
    if (runner === undefined)
      timers.after(untilBeat(readyAt, pollEvery, timers.now()), () => void this.#poll());
    else this.#room.waiting.add(runner, { readyAt, pollEvery, poll: () => this.#poll() });
  }

  /** A runner that got a job asks again at once, until it is full or GitLab has none. False: GitLab did not answer. */
  #fill(): boolean {
    const { gitlab, outage } = this.#options;
    if (outage.on || this.#room.broken.silenced) return false;
    const contact = { token: this.#token, systemId: this.#systemId };
    while (this.#hasRoom) {
      const job = gitlab.requestJob({ ...contact, twoPhase: true });
      if (job === undefined) return true;
      if (gitlab.acceptJob(job.token)) this.#run(job);
    }
    return true;
  }

  #run(job: Job): void {
    const { timers, jobFor } = this.#options;
    this.#jobs.add(job);
    this.#left -= 1;
    this.#options.scriptBegins?.(job);
    timers.after(job.duration ?? jobFor ?? minutes(3), () => this.#end(job));
  }

  #end(job: Job): void {
    if (!this.isAlive) return;
    this.#options.gitlab.updateJob(
      job.token,
      job.fails
        ? { state: 'failed', failureReason: 'script_failure', exitCode: 1 }
        : { state: 'success', exitCode: 0 },
    );
    this.#jobs.delete(job);
    if (this.#draining) {
      this.#leaveWhenDone();
      return;
    }
    this.#poll();
    if (this.#isUsedUp) this.look();
  }

  get #isUsedUp(): boolean {
    return this.#left === 0 && this.#jobs.size === 0;
  }

  /** There may be something to see in its metadata: it looks on its own beat. */
  look(): void {
    if (this.#looking) return;
    this.#looking = true;
    const { timers, watchEvery } = this.#options;
    timers.after(untilBeat(this.#readyAt, watchEvery, timers.now()), () => {
      this.#looking = false;
      if (this.#draining) this.#watchForEnd();
      else this.#watch();
    });
  }

  #watch(): void {
    if (!this.isAlive || this.#draining) return;
    const deaf = this.#room.broken.deafAgents.has(this.#id);
    if (this.#mustLeave && !deaf) this.#drain();
    // Nobody tells of what its group does, nor when an agent hears again.
    else if (this.#options.isTaken !== undefined || deaf) this.look();
  }

  /** It is asked to drain, or taken, or has had all its jobs. */
  get #mustLeave(): boolean {
    const record = this.#options.ec2.instance(this.#id);
    if (record === undefined || this.#isUsedUp) return true;
    const { interruption, tags } = record;
    return (
      interruption !== undefined || tags.has(FLEET_TAG.drain) || this.#options.isTaken?.(this.#id) === true
    );
  }

  #drain(): void {
    this.#draining = true;
    const { ec2, timers, pollEvery } = this.#options;
    ec2.appendConsole(this.#id, 'runtide: draining\n');
    this.#watchForEnd();
    const polls = this.#counted && this.#left > 0 && this.#jobs.size === 0;
    if (polls) timers.after(pollEvery, () => this.#closePoll());
    else this.#leaveWhenDone();
  }

  /** A run-single does not give up its open poll: the job that it brings is run. */
  #closePoll(): void {
    if (!this.isAlive) return;
    this.#fill();
    this.#leaveWhenDone();
  }

  /** Also a machine that drains for another reason may be taken. */
  #watchForEnd(): void {
    if (!this.isAlive || this.#room.broken.deafAgents.has(this.#id)) return;
    const { ec2, timers } = this.#options;
    const ends = ec2.instance(this.#id)?.interruption?.at;
    if (ends === undefined) return;
    const left = elapsed(timers.now(), ends) - seconds(45);
    timers.after(milliseconds(Math.max(0, left)), () => this.#abort());
  }

  /** The cloud takes the machine: jobs fail promptly, so that GitLab can retry them. */
  #abort(): void {
    if (!this.isAlive) return;
    for (const job of this.#jobs) {
      this.#options.gitlab.updateJob(job.token, { state: 'failed', failureReason: 'runner_system_failure' });
    }
    this.#jobs.clear();
    this.#leaveWhenDone();
  }

  #leaveWhenDone(): void {
    if (this.#jobs.size > 0 || !this.isAlive) return;
    const { gitlab, outage, ec2, timers, pollEvery } = this.#options;
    const isMember = ec2.instance(this.#id)?.tags.has(GROUP_TAG) === true;
    if (!outage.on) gitlab.removeManager({ token: this.#token, systemId: this.#systemId });
    else if (isMember) timers.after(pollEvery, () => this.#leaveWhenDone());
    // Its group would put another one in the place of a member that is off.
    if (!isMember) ec2.powerOff(this.#id);
  }
}
