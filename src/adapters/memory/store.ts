import { PortError, type PortErrorKind } from '../../controller/errors.ts';
import type { DecisionRecord, LaunchIntent, LaunchResult, Store } from '../../controller/ports.ts';
import type { History } from '../../engine/history.ts';
import { type Instruction, keyOf } from '../../engine/instruction.ts';
import { type Duration, type Instant, minutes } from '../../engine/time.ts';

const INTENTS_KEPT = minutes(24 * 60);
const DECISIONS_KEPT = 2000;

/** A lease as it was granted last. */
export interface LeaseGrant {
  readonly owner: string;
  readonly fence: number;
  readonly expiresAt: Instant;
}

/** What outlives a store: a crash is a new `MemoryStore` over the same disk. */
export class MemoryDisk {
  /** The highest fence seen. */
  fence = 0;
  lease: LeaseGrant | undefined;
  history: History | undefined;
  /** In the order of opening, by launchId. */
  readonly intents = new Map<string, LaunchIntent>();
  /** Oldest first. */
  readonly decisions: DecisionRecord[] = [];
  /** By key. */
  readonly instructions = new Map<string, Instruction>();
}

/** How a store keeps what it is given. */
export interface MemoryStoreOptions {
  /**
   * Values are kept as they are: whoever gives and gets them must never change them. A fraction of the time, for whoever
   * makes a hundred thousand passes. Default: they are copied in and out, and refused where no file could hold them.
   */
  readonly shares?: boolean;
  /** How long closed intents are kept before the newest one; default: a day. */
  readonly keepsIntents?: Duration;
}

/** The `Store` in memory. */
export class MemoryStore implements Store {
  readonly #disk: MemoryDisk;
  readonly #shares: boolean;
  readonly #keepsIntents: Duration;

  constructor(disk: MemoryDisk, { shares = false, keepsIntents = INTENTS_KEPT }: MemoryStoreOptions = {}) {
    this.#disk = disk;
    this.#shares = shares;
    this.#keepsIntents = keepsIntents;
  }

  #copy<T>(value: T): T {
    return this.#shares ? value : structuredClone(value);
  }

  async history(): Promise<History | undefined> {
    return this.#copy(this.#disk.history);
  }

  async saveHistory(history: History, fence: number): Promise<void> {
    this.#admit('saving the history', fence, history);
    this.#disk.history = this.#copy(history);
  }

  async openIntent(intent: LaunchIntent): Promise<void> {
    const { launchId } = intent.request;
    const doing = `opening launch ${launchId}`;
    this.#check(doing, intent.fence, intent);
    if (this.#disk.intents.has(launchId)) throw failure('refused', doing, 'it was opened before');
    this.#disk.fence = intent.fence;
    this.#disk.intents.set(launchId, this.#copy(intent));
    this.#pruneIntents();
  }

  async closeIntent(launchId: string, result: LaunchResult, fence: number): Promise<void> {
    const doing = `closing launch ${launchId}`;
    this.#check(doing, fence, result);
    const intent = this.#disk.intents.get(launchId);
    if (intent === undefined) throw failure('not-found', doing, 'it was never opened');
    if (intent.result !== undefined && JSON.stringify(intent.result) !== JSON.stringify(result)) {
      throw failure('refused', doing, 'it was closed with another result');
    }
    this.#disk.fence = fence;
    this.#disk.intents.set(launchId, { ...intent, result: this.#copy(result) });
  }

  async intents(since: Instant): Promise<readonly LaunchIntent[]> {
    const wanted: LaunchIntent[] = [];
    for (const intent of this.#disk.intents.values())
      if (intent.result === undefined || intent.openedAt > since) wanted.push(intent);
    return this.#copy(wanted.toSorted((a, b) => a.openedAt - b.openedAt));
  }

  async addDecisions(decisions: readonly DecisionRecord[], fence: number): Promise<void> {
    this.#admit('adding decisions', fence, decisions);
    this.#disk.decisions.push(...this.#copy(decisions));
    // Now and then, because all that stay are moved.
    const { decisions: kept } = this.#disk;
    if (kept.length > 2 * DECISIONS_KEPT) kept.splice(0, kept.length - DECISIONS_KEPT);
  }

  async decisions(limit: number): Promise<readonly DecisionRecord[]> {
    return this.#copy(this.#disk.decisions.slice(-DECISIONS_KEPT).toReversed().slice(0, Math.max(0, limit)));
  }

  async instructions(): Promise<readonly Instruction[]> {
    return this.#copy([...this.#disk.instructions.values()]);
  }

  async instruct(instruction: Instruction): Promise<void> {
    this.#disk.instructions.set(keyOf(instruction), this.#copy(instruction));
  }

  async retract(instruction: Instruction): Promise<void> {
    const key = keyOf(instruction);
    const written = this.#disk.instructions.get(key);
    if (JSON.stringify(written) === JSON.stringify(instruction)) this.#disk.instructions.delete(key);
  }

  #admit(doing: string, fence: number, value: unknown): void {
    this.#check(doing, fence, value);
    this.#disk.fence = fence;
  }

  #check(doing: string, fence: number, value: unknown): void {
    if (!Number.isSafeInteger(fence)) {
      throw failure('refused', doing, `${fence} is no fence: it must be a whole number`);
    }
    if (fence < this.#disk.fence) {
      throw failure('fenced', doing, `fence ${fence} is outdated: ${this.#disk.fence} was seen`);
    }
    if (!this.#shares && !isStorable(value))
      throw failure('refused', doing, 'it holds a number that no file can hold');
  }

  #pruneIntents(): void {
    const { intents } = this.#disk;
    const newest = Math.max(...Array.from(intents.values(), ({ openedAt }) => openedAt));
    for (const [launchId, intent] of intents) {
      const age = newest - intent.openedAt;
      if (intent.result !== undefined && age > this.#keepsIntents) intents.delete(launchId);
    }
  }
}

/** JSON on a real disk has no NaN and no infinity. */
function isStorable(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  return typeof value !== 'object' || value === null || Object.values(value).every(isStorable);
}

function failure(kind: PortErrorKind, doing: string, why: string): PortError {
  return new PortError({ kind, system: 'store', doing: `${doing} in memory`, why });
}
