import { systemIdOf } from '../../controller/system-id.ts';
import { type Duration, elapsed, milliseconds, minutes, seconds } from '../../engine/time.ts';
import type { Timers } from './clock.ts';
import type { Ec2 } from './ec2/ec2.ts';
import { stateOf } from './ec2/instance-record.ts';
import { draw, type LifeTime } from './ec2/life-times.ts';
import { FLEET_TAG, GROUP_TAG } from './fleet.ts';
import type { GitLab } from './gitlab/gitlab.ts';
import type { Job } from './gitlab/job.ts';
import type { GitLabOutage } from './outage.ts';
import { type Random, seededRandom } from './random.ts';

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
  /** How often an instance asks GitLab for a job. */
  readonly pollEvery: Duration;
  /** How often the agent looks at its metadata. */
  readonly watchEvery: Duration;
  /** How long a job runs that names no duration. */
  readonly jobFor?: Duration;
  /** Told when a job's script begins. */
  readonly scriptBegins?: (job: Job) => void;
}

/** What machines do in the model: boot, register, poll, run jobs, drain, power off. */
export class Machines {
  /** Agents that scenarios have broken: they never look at their metadata again. */
  readonly deafAgents = new Set<string>();
  /** Scenarios set it to stop every runner from asking for jobs. */
  silenced = false;

  constructor(options: MachinesOptions) {
    const { ec2, timers, random = seededRandom(1) } = options;
    ec2.onStateChange(({ id, to }) => {
      const record = ec2.instance(id);
      if (to !== 'running' || record === undefined || record.boot === 'never') return;
      timers.after(draw(options.bootFor, random), () => {
        if (record.boot === 'fails')
          ec2.appendConsole(id, 'runtide: boot failed: the image has no gitlab-runner\n');
        else new Machine(id, options, this).start();
      });
    });
  }
}

class Machine {
  readonly #id: string;
  readonly #options: MachinesOptions;
  readonly #broken: Pick<Machines, 'deafAgents' | 'silenced'>;
  readonly #systemId: string;
  #token: string;
  readonly #pool: string;
  readonly #slots: number;
  /** Its runner is GitLab's run-single. */
  readonly #counted: boolean;
  /** Jobs that its runner still takes. */
  #left: number;
  readonly #jobs = new Set<Job>();
  #draining = false;

  constructor(id: string, options: MachinesOptions, broken: Pick<Machines, 'deafAgents' | 'silenced'>) {
    const tags = options.ec2.instance(id)?.tags;
    this.#id = id;
    this.#options = options;
    this.#broken = broken;
    this.#systemId = systemIdOf(id);
    this.#slots = Number(tags?.get(FLEET_TAG.slots));
    const maxJobs = tags?.get(FLEET_TAG.maxJobs);
    this.#counted = maxJobs !== undefined;
    this.#left = Number(maxJobs ?? Infinity);
    this.#pool = tags?.get(FLEET_TAG.pool) ?? '';
    this.#token = options.tokens[this.#pool] ?? '';
  }

  /** Waits for its token, as the agent does. */
  start(): void {
    if (!this.#alive) return;
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
    this.#poll();
    this.#watch();
  }

  get #alive(): boolean {
    const record = this.#options.ec2.instance(this.#id);
    return record !== undefined && stateOf(record) === 'running';
  }

  #poll(): void {
    if (!this.#alive || this.#draining) return;
    this.#fill();
    this.#options.timers.after(this.#options.pollEvery, () => this.#poll());
  }

  /** A runner that got a job asks again at once, until it is full or GitLab has none. */
  #fill(): void {
    const { gitlab, outage } = this.#options;
    if (outage.on || this.#broken.silenced) return;
    const contact = { token: this.#token, systemId: this.#systemId };
    while (this.#jobs.size < this.#slots && this.#left > 0) {
      const job = gitlab.requestJob({ ...contact, twoPhase: true });
      if (job === undefined) return;
      if (gitlab.acceptJob(job.token)) this.#run(job);
    }
  }

  #run(job: Job): void {
    const { timers, gitlab, jobFor } = this.#options;
    this.#jobs.add(job);
    this.#left -= 1;
    this.#options.scriptBegins?.(job);
    timers.after(job.duration ?? jobFor ?? minutes(3), () => {
      if (!this.#alive) return;
      gitlab.updateJob(
        job.token,
        job.fails
          ? { state: 'failed', failureReason: 'script_failure', exitCode: 1 }
          : { state: 'success', exitCode: 0 },
      );
      this.#jobs.delete(job);
      if (!this.#draining) this.#fill();
      else this.#leaveWhenDone();
    });
  }

  #watch(): void {
    if (!this.#alive || this.#draining) return;
    const record = this.#options.ec2.instance(this.#id);
    const taken = record?.interruption !== undefined || this.#options.isTaken?.(this.#id) === true;
    const asked = record?.tags.has(FLEET_TAG.drain) === true || taken;
    const usedUp = this.#left === 0 && this.#jobs.size === 0;
    if ((asked || usedUp) && !this.#broken.deafAgents.has(this.#id)) this.#drain();
    else this.#options.timers.after(this.#options.watchEvery, () => this.#watch());
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
    if (!this.#alive) return;
    this.#fill();
    this.#leaveWhenDone();
  }

  /** Also a machine that drains for another reason may be taken. */
  #watchForEnd(): void {
    if (!this.#alive || this.#broken.deafAgents.has(this.#id)) return;
    const { ec2, timers, watchEvery } = this.#options;
    const ends = ec2.instance(this.#id)?.interruption?.at;
    if (ends === undefined) {
      timers.after(watchEvery, () => this.#watchForEnd());
      return;
    }
    const left = elapsed(timers.now(), ends) - seconds(45);
    timers.after(milliseconds(Math.max(0, left)), () => this.#abort());
  }

  /** The cloud takes the machine: jobs fail promptly, so that GitLab can retry them. */
  #abort(): void {
    if (!this.#alive) return;
    for (const job of this.#jobs) {
      this.#options.gitlab.updateJob(job.token, { state: 'failed', failureReason: 'runner_system_failure' });
    }
    this.#jobs.clear();
    this.#leaveWhenDone();
  }

  #leaveWhenDone(): void {
    if (this.#jobs.size > 0 || !this.#alive) return;
    const { gitlab, outage, ec2, timers, pollEvery } = this.#options;
    const isMember = ec2.instance(this.#id)?.tags.has(GROUP_TAG) === true;
    if (!outage.on) gitlab.removeManager({ token: this.#token, systemId: this.#systemId });
    else if (isMember) timers.after(pollEvery, () => this.#leaveWhenDone());
    // Its group would put another one in the place of a member that is off.
    if (!isMember) ec2.powerOff(this.#id);
  }
}
