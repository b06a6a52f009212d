import type { Instance } from '../engine/instance.ts';
import type { Part } from '../engine/observation.ts';
import type { Outcome } from '../engine/outcome.ts';
import { elapsed, type Instant, minutes } from '../engine/time.ts';
import type { NoticedInterruption } from './events.ts';
import type { Delivery, Notice } from './ports.ts';

/** How long a notice waits for its instance to be listed; then it is of somebody else's, or of one that is gone. */
const UNLISTED_FOR = minutes(3);
const MOST_UNLISTED = 1000;
/** More receipts of one instance need not be kept: what they stand for comes again. */
const MOST_RECEIPTS = 10;

type Kind = NoticedInterruption['kind'];

/** What is held of one instance until a pass has taken it. */
interface Held {
  kind: Kind;
  at: Instant;
  readonly receipts: string[];
  /** What passes have done with it: none has seen it yet, one acts on it, or its pool ignores it. */
  state: 'new' | 'seen' | 'ignored';
}

/** What notices ask for: a pass, and in it perhaps a new look at the instances. */
export type Asked = 'nothing' | 'pass' | 'instances';

/** An interruption says all that a recommendation says, and more. */
function says(told: Kind | undefined, kind: Kind): boolean {
  return told === 'interruption' || told === kind;
}

/** What an event asks for of which nothing need be kept, because a new look shows it all. */
function asksToLook(kind: 'end' | 'hook', leaving: boolean | undefined): Asked {
  // That an instance has ended which leaves anyway, the next sweep sees soon enough.
  if (kind === 'end') return leaving === false ? 'instances' : 'nothing';
  // Its group waits for a limited time, and while it does the machine costs.
  return leaving === undefined ? 'nothing' : 'instances';
}

function isLeaving({ drain, state }: Instance): boolean {
  return drain !== undefined || (state !== 'pending' && state !== 'running');
}

function drained(outcomes: readonly Outcome[]): ReadonlySet<string> {
  return new Set(
    outcomes.flatMap(({ action, done }) =>
      done && (action.do === 'drain' || action.do === 'terminate') ? [action.instance] : [],
    ),
  );
}

/**
 * What the cloud has announced and no pass has taken yet. It is bounded: what is ours by the fleet, and what
 * may not be ours by number and time.
 */
export class Notices {
  readonly #held = new Map<string, Held>();
  /** What passes have heard of the listed instances. */
  readonly #told = new Map<string, Kind>();
  /** The instances of the last pass, and whether each is on its way out. */
  #listed: ReadonlyMap<string, boolean> = new Map();
  #done: string[] = [];

  /** Takes in what arrived, and answers what that asks for. */
  take(deliveries: readonly Delivery[], now: Instant): Asked {
    const asked = new Set(deliveries.map((delivery) => this.#takeOne(delivery, now)));
    this.#shed();
    if (asked.has('instances')) return 'instances';
    return asked.has('pass') ? 'pass' : 'nothing';
  }

  /** Puts the announcements on their instances. `news` is what no pass has heard of before. */
  fold(
    part: Part<readonly Instance[]>,
    heedsRebalance: (pool: string) => boolean,
  ): { readonly part: Part<readonly Instance[]>; readonly news: readonly NoticedInterruption[] } {
    if (!part.known) return { part, news: [] };
    const news: NoticedInterruption[] = [];
    const value = part.value.map((instance) => {
      const held = this.#held.get(instance.id);
      const kind = instance.interruption === undefined ? held?.kind : 'interruption';
      if (kind === undefined) return instance;
      const heeded = kind === 'interruption' || heedsRebalance(instance.pool);
      if (held !== undefined) held.state = heeded ? 'seen' : 'ignored';
      if (this.#isNews(instance, kind))
        news.push({ instance: instance.id, pool: instance.pool, kind, heeded });
      if (held === undefined || !heeded || instance.interruption !== undefined) return instance;
      return { ...instance, interruption: { at: held.at, kind } };
    });
    const listed = new Set(part.value.map(({ id }) => id));
    for (const id of this.#told.keys()) if (!listed.has(id)) this.#told.delete(id);
    return { part: this.#held.size === 0 ? part : { ...part, value }, news };
  }

  /** A pass over these instances has ended: what it has taken need not be announced again. */
  settle(part: Part<readonly Instance[]>, outcomes: readonly Outcome[]): void {
    if (!part.known) return;
    const left = drained(outcomes);
    this.#listed = new Map(
      part.value.map((instance) => [instance.id, left.has(instance.id) || isLeaving(instance)]),
    );
    for (const [id, held] of this.#held) {
      const leaving = this.#listed.get(id);
      const isTaken = held.state === 'ignored' || (held.state === 'seen' && leaving === true);
      const isForeign = leaving === undefined && elapsed(held.at, part.readAt) > UNLISTED_FOR;
      if (isTaken || isForeign) this.#release(id, held);
    }
  }

  /** Receipts of all that is done with, each answered once. */
  finished(): readonly string[] {
    const done = this.#done;
    this.#done = [];
    return done;
  }

  #takeOne({ notice, receipt }: Delivery, now: Instant): Asked {
    if (notice === undefined) return this.#finish(receipt);
    const { instance, kind } = notice;
    const leaving = this.#listed.get(instance);
    if (kind === 'end' || kind === 'hook') return this.#finish(receipt, asksToLook(kind, leaving));
    if (leaving === true && says(this.#told.get(instance), kind)) return this.#finish(receipt);
    const before = this.#held.get(instance);
    // A recommendation waits until it is the instance's turn; an interruption cannot wait for the next sweep.
    const waits = kind === 'rebalance' && before?.state === 'seen';
    this.#hold(kind, notice, receipt, now, waits ? 'seen' : 'new');
    return leaving === undefined || waits ? 'nothing' : 'pass';
  }

  #finish(receipt: string, asked: Asked = 'nothing'): Asked {
    this.#done.push(receipt);
    return asked;
  }

  #hold(kind: Kind, { instance, at }: Notice, receipt: string, now: Instant, state: Held['state']): void {
    const before = this.#held.get(instance);
    const receipts = [...(before?.receipts ?? []), receipt].slice(-MOST_RECEIPTS);
    // A clock that runs ahead of ours must not keep what nobody lists for ever.
    const since = at < now ? at : now;
    this.#held.set(instance, {
      kind: says(before?.kind, kind) ? (before?.kind ?? kind) : kind,
      at: before === undefined || since < before.at ? since : before.at,
      receipts,
      state,
    });
  }

  #isNews({ id, drain }: Instance, kind: Kind): boolean {
    const told = this.#told.get(id);
    if (says(told, kind)) return false;
    this.#told.set(id, kind);
    // Another process, or this one before it was started again, has told of it.
    return told !== undefined || drain?.because !== 'interrupted';
  }

  /** Lets go of the oldest that nobody lists, where there are too many. */
  #shed(): void {
    if (this.#held.size <= MOST_UNLISTED) return;
    const unlisted = [...this.#held].filter(([id]) => !this.#listed.has(id));
    for (const [id, held] of unlisted.slice(0, Math.max(0, unlisted.length - MOST_UNLISTED))) {
      this.#release(id, held);
    }
  }

  #release(id: string, { receipts }: Held): void {
    this.#held.delete(id);
    this.#done.push(...receipts);
  }
}
