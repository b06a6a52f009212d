import type { InstanceState } from '../../../engine/instance.ts';
import type { Duration, Instant } from '../../../engine/time.ts';
import type { Timers } from '../clock.ts';
import type { Random } from '../random.ts';
import { ConsoleOutput } from './console-output.ts';
import type { Boot } from './faults.ts';
import { type Bill, type InstanceRecord, type StateReason, stateOf } from './instance-record.ts';
import { draw, type LifeTime } from './life-times.ts';
import { Listeners } from './listeners.ts';

/** An instance has changed its state; `from` is absent for one just launched. */
export interface StateEvent {
  readonly id: string;
  readonly from: InstanceState | undefined;
  readonly to: InstanceState;
  readonly at: Instant;
}

/** The cloud announced something to an instance. */
export interface NoticeEvent {
  readonly id: string;
  readonly notice: 'interruption' | 'rebalance';
}

export interface LifeTimes {
  readonly pendingFor: LifeTime;
  readonly startFor: LifeTime;
  readonly shutdownFor: LifeTime;
  readonly terminatedVisibleFor: Duration;
}

interface Entry {
  record: InstanceRecord;
  readonly console: ConsoleOutput;
  /** Those for whom the machine is not off yet. */
  readonly holds: Set<symbol>;
  /** Present while the machine shuts down: what it becomes once its time is over and nobody holds it. */
  ending?: { readonly becomes: 'stopped' | 'terminated'; timeIsOver: boolean } | undefined;
  cancelTimer: () => void;
}

/** The machines themselves: their lives in time, whoever is looking. */
export class Instances {
  readonly stateChanged = new Listeners<StateEvent>();
  readonly tagged = new Listeners<{ readonly id: string }>();
  readonly noticed = new Listeners<NoticeEvent>();
  readonly #timers: Timers;
  readonly #times: LifeTimes;
  readonly #random: Random;
  readonly #entries = new Map<string, Entry>();
  readonly #settledBills: Bill[] = [];

  /** `random` decides how long each machine takes where `times` are spread. */
  constructor(timers: Timers, times: LifeTimes, random: Random) {
    this.#timers = timers;
    this.#times = times;
    this.#random = random;
  }

  /** Starts the life of an instance in state `pending`. */
  add(record: Omit<InstanceRecord, 'life' | 'launchedAt'>): void {
    const now = this.#timers.now();
    const entry: Entry = {
      record: { ...record, launchedAt: now, life: [{ at: now, state: 'pending' }] },
      console: new ConsoleOutput(now),
      holds: new Set(),
      cancelTimer: () => undefined,
    };
    this.#entries.set(record.id, entry);
    this.#runAfter(entry, this.#times.pendingFor);
    this.stateChanged.tell({ id: record.id, from: undefined, to: 'pending', at: now });
  }

  get(id: string): InstanceRecord | undefined {
    return this.#entries.get(id)?.record;
  }

  /** In the order of their launch; terminated ones stay for a while. */
  all(): readonly InstanceRecord[] {
    return Array.from(this.#entries.values(), (entry) => entry.record);
  }

  console(id: string): ConsoleOutput | undefined {
    return this.#entries.get(id)?.console;
  }

  /** Replaces what may change without a change of state. */
  update(id: string, change: Partial<Pick<InstanceRecord, 'tags' | 'interruption' | 'rebalanceAt'>>): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined) entry.record = { ...entry.record, ...change };
  }

  /** Ends an instance for good; without effect on one that is already ending for good. */
  terminate(id: string, reason: StateReason): void {
    const entry = this.#entries.get(id);
    if (entry === undefined || ['shutting-down', 'terminated'].includes(stateOf(entry.record))) return;
    this.#end(entry, 'shutting-down', 'terminated', reason);
  }

  /** Stops an instance so that it could be started again; without effect on one that does not run. */
  stop(id: string, reason: StateReason): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined && stateOf(entry.record) === 'running')
      this.#end(entry, 'stopping', 'stopped', reason);
  }

  /** Boots a stopped instance again; without effect on any other. */
  start(id: string, boot: Boot): void {
    const entry = this.#entries.get(id);
    if (entry === undefined || stateOf(entry.record) !== 'stopped') return;
    entry.record = { ...entry.record, boot, launchedAt: this.#timers.now() };
    this.#runAfter(entry, this.#times.startFor);
    this.#enter(entry, 'pending');
  }

  /** Keeps the machine from being off until the answer is called. */
  hold(id: string): () => void {
    const entry = this.#entries.get(id);
    const hold = Symbol(id);
    entry?.holds.add(hold);
    return () => {
      if (entry?.holds.delete(hold) === true) this.#endIfOver(entry);
    };
  }

  /** Every time that EC2 bills for, oldest instance first. */
  bills(): readonly Bill[] {
    return [...this.#settledBills, ...this.all().flatMap(billsOf)];
  }

  #runAfter(entry: Entry, time: LifeTime): void {
    entry.cancelTimer = this.#timers.after(draw(time, this.#random), () => this.#enter(entry, 'running'));
  }

  #end(
    entry: Entry,
    through: 'shutting-down' | 'stopping',
    becomes: 'stopped' | 'terminated',
    why: StateReason,
  ): void {
    entry.cancelTimer();
    const ending = { becomes, timeIsOver: false };
    entry.ending = ending;
    entry.cancelTimer = this.#timers.after(draw(this.#times.shutdownFor, this.#random), () => {
      ending.timeIsOver = true;
      this.#endIfOver(entry);
    });
    this.#enter(entry, through, why);
  }

  #endIfOver(entry: Entry): void {
    const { ending } = entry;
    if (ending?.timeIsOver !== true || entry.holds.size > 0) return;
    entry.ending = undefined;
    entry.console.settle(this.#timers.now());
    this.#enter(entry, ending.becomes, entry.record.life.at(-1)?.reason);
    if (ending.becomes === 'terminated') {
      entry.cancelTimer = this.#timers.after(this.#times.terminatedVisibleFor, () => this.#forget(entry));
    }
  }

  #forget(entry: Entry): void {
    this.#settledBills.push(...billsOf(entry.record));
    this.#entries.delete(entry.record.id);
  }

  #enter(entry: Entry, to: InstanceState, reason?: StateReason): void {
    const at = this.#timers.now();
    const from = stateOf(entry.record);
    entry.record = { ...entry.record, life: [...entry.record.life, { at, state: to, reason }] };
    this.stateChanged.tell({ id: entry.record.id, from, to, at });
  }
}

function billsOf({ id, instanceType, market, zone, life }: InstanceRecord): readonly Bill[] {
  return life.flatMap(({ state, at }, index) => {
    if (state !== 'running') return [];
    const end = life[index + 1];
    const bill = { id, instanceType, market, zone, runningFrom: at };
    return [end === undefined ? bill : { ...bill, endedAt: end.at }];
  });
}
