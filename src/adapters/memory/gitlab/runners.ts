import type { Duration, Instant } from '../../../engine/time.ts';
import type { Identities } from './identities.ts';
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
  readonly #byId = new Map<number, RunnerRecord>();
  readonly #byToken = new Map<string, RunnerRecord>();
  readonly #changed = new Listeners<number>();

  constructor(identities: Identities, outbox: Outbox, now: () => Instant) {
    this.#identities = identities;
    this.#outbox = outbox;
    this.#now = now;
  }

  add(definition: RunnerDefinition): RunnerRecord {
    const token = definition.token ?? this.#identities.runnerToken();
    if (this.#byToken.has(token))
      throw new Error('adding a runner: its token belongs to another runner; use a new one');
    const runner = newRunner(
      {
        id: this.#identities.next('runner'),
        token,
        createdAt: this.#now(),
        lastUpdate: this.#identities.lastUpdate(),
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

  remove(runner: RunnerRecord): void {
    this.#byId.delete(runner.id);
    this.#byToken.delete(runner.token);
    this.#tick(runner);
  }

  resetToken(runner: RunnerRecord): string {
    this.#byToken.delete(runner.token);
    runner.token = this.#identities.runnerToken();
    this.#byToken.set(runner.token, runner);
    return runner.token;
  }

  find(id: number): RunnerRecord | undefined {
    return this.#byId.get(id);
  }

  withToken(token: string): RunnerRecord | undefined {
    return this.#byToken.get(token);
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

  /** Lets the long polls of every runner that may take such a job end. */
  queued(job: JobFit): void {
    for (const runner of this.#byId.values()) if (mayTake(runner, job)) this.#tick(runner);
  }

  /** Calls `listener` with a runner's id whenever its `lastUpdate` has changed. */
  onChange(listener: (runner: number) => void): () => void {
    return this.#changed.add(listener);
  }

  list(runner: RunnerRecord, lag: Duration): ManagerRecord[] {
    return runner.managers.list(this.#now(), lag);
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
