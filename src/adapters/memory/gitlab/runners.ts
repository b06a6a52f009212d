import { after, type Duration, type Instant } from '../../../engine/time.ts';
import type { Identities } from './identities.ts';
import { kindOf } from './job-kind.ts';
import type { Contact, ManagerRecord } from './manager.ts';
import type { Outbox } from './outbox.ts';
import { Listeners } from './outbox.ts';
import {
  changeRunner,
  type JobFit,
  mayTake,
  newRunner,
  type RunnerChange,
  type RunnerDefinition,
  type RunnerRecord,
} from './runner.ts';

/** All runners and their managers. */
export class Runners {
  readonly #identities: Identities;
  readonly #outbox: Outbox;
  readonly #now: () => Instant;
  readonly #tokenLifetime: Duration | undefined;
  readonly #byId = new Map<number, RunnerRecord>();
  readonly #byToken = new Map<string, RunnerRecord>();
  readonly #changed = new Listeners<number>();
  /** Kinds of jobs that were queued by the change under way. */
  readonly #queued = new Map<string, JobFit>();

  constructor(identities: Identities, outbox: Outbox, now: () => Instant, tokenLifetime?: Duration) {
    this.#identities = identities;
    this.#outbox = outbox;
    this.#now = now;
    this.#tokenLifetime = tokenLifetime;
  }

  add(definition: RunnerDefinition): RunnerRecord {
    const token = definition.token ?? this.#identities.runnerToken(definition.registered);
    if (this.#byToken.has(token))
      throw new Error('adding a runner: its token belongs to another runner; use a new one');
    const runner = newRunner(
      {
        id: this.#identities.next('runner'),
        token,
        createdAt: this.#now(),
        lastUpdate: this.#identities.lastUpdate(),
        tokenExpiresAt: this.#tokenEnd(),
      },
      definition,
    );
    this.#byId.set(runner.id, runner);
    this.#byToken.set(token, runner);
    return runner;
  }

  change(runner: RunnerRecord, change: RunnerChange): void {
    changeRunner(runner, change);
    this.#tick(runner);
  }

  /** Lets a project's runner serve exactly these projects. */
  serve(runner: RunnerRecord, projects: ReadonlySet<number>): void {
    runner.projects = projects;
    this.#tick(runner);
  }

  remove(runner: RunnerRecord): void {
    this.#byId.delete(runner.id);
    this.#byToken.delete(runner.token);
    this.#tick(runner);
  }

  resetToken(runner: RunnerRecord): string {
    this.#byToken.delete(runner.token);
    runner.token = this.#identities.runnerToken(runner.registered);
    runner.tokenExpiresAt = this.#tokenEnd();
    this.#byToken.set(runner.token, runner);
    return runner.token;
  }

  find(id: number): RunnerRecord | undefined {
    return this.#byId.get(id);
  }

  /** Whose token it is; one that has expired is nobody's. */
  withToken(token: string): RunnerRecord | undefined {
    const runner = this.#byToken.get(token);
    const end = runner?.tokenExpiresAt ?? Infinity;
    return end > this.#now() ? runner : undefined;
  }

  all(): RunnerRecord[] {
    return [...this.#byId.values()];
  }

  /** Notes that a manager was heard of; one heard of for the first time exists from now on. */
  contact(runner: RunnerRecord, contact: Contact): ManagerRecord {
    const systemId = contact.systemId ?? '<legacy>';
    const now = this.#now();
    const manager = runner.managers.find(systemId) ?? this.#newManager(runner, systemId, now);
    manager.contactedAt = now;
    manager.info = { ...manager.info, ...contact.info };
    manager.ipAddress = contact.ipAddress ?? manager.ipAddress;
    runner.contactedAt = now;
    return manager;
  }

  /** What must be known again of every runner: a project has moved. */
  projectChanged(): void {
    for (const runner of this.#byId.values()) this.#tick(runner);
  }

  /** Lets the long polls of every runner that may take such a job end, once for all jobs of one change. */
  queued(job: JobFit): void {
    if (this.#queued.size === 0) this.#outbox.post(() => this.#tickFitting());
    this.#queued.set(kindOf(job), job);
  }

  /** The runners that may take such a job, oldest first. */
  fitting(job: JobFit): RunnerRecord[] {
    return this.all().filter((runner) => mayTake(runner, job));
  }

  /** Calls `listener` with a runner's id whenever its `lastUpdate` has changed. */
  onChange(listener: (runner: number) => void): () => void {
    return this.#changed.add(listener);
  }

  list(runner: RunnerRecord, lag: Duration): ManagerRecord[] {
    return runner.managers.list(this.#now(), lag);
  }

  #tokenEnd(): Instant | undefined {
    return this.#tokenLifetime === undefined ? undefined : after(this.#now(), this.#tokenLifetime);
  }

  #tickFitting(): void {
    const kinds = [...this.#queued.values()];
    this.#queued.clear();
    for (const runner of this.#byId.values()) {
      if (kinds.some((kind) => mayTake(runner, kind))) this.#tick(runner);
    }
  }

  #newManager(runner: RunnerRecord, systemId: string, now: Instant): ManagerRecord {
    const manager: ManagerRecord = {
      id: this.#identities.next('manager'),
      runner: runner.id,
      systemId,
      createdAt: now,
      contactedAt: now,
      info: {},
      ipAddress: '127.0.0.1',
      running: new Set(),
      removedAt: undefined,
    };
    runner.managers.add(manager);
    return manager;
  }

  #tick(runner: RunnerRecord): void {
    runner.lastUpdate = this.#identities.lastUpdate();
    this.#outbox.post(() => this.#changed.tell(runner.id));
  }
}
