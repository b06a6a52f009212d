import { type Duration, elapsed, type Instant, minutes } from '../../../engine/time.ts';

/** What a runner process says of itself. */
export interface ManagerInfo {
  readonly name?: string;
  readonly version?: string;
  readonly revision?: string;
  readonly platform?: string;
  readonly architecture?: string;
  readonly executor?: string;
}

/** One runner process of a runner; read it through `Manager`. */
export interface ManagerRecord {
  readonly id: number;
  readonly runner: number;
  readonly systemId: string;
  readonly createdAt: Instant;
  contactedAt: Instant;
  info: ManagerInfo;
  ipAddress: string;
  /** Ids of the jobs it runs. */
  readonly running: Set<number>;
  /** Set once it was removed. */
  removedAt: Instant | undefined;
}

export type Manager = Readonly<Omit<ManagerRecord, 'running'>> & { readonly running: ReadonlySet<number> };

const ONLINE_FOR: Duration = minutes(2 * 60);
const STALE_AFTER: Duration = minutes(7 * 24 * 60);

/** GitLab's word for how long ago a manager or a runner was heard of. */
export function contactStatus(
  contactedAt: Instant | undefined,
  createdAt: Instant,
  now: Instant,
): 'online' | 'offline' | 'stale' | 'never_contacted' {
  if (elapsed(contactedAt ?? createdAt, now) >= STALE_AFTER) return 'stale';
  if (contactedAt === undefined) return 'never_contacted';
  return elapsed(contactedAt, now) < ONLINE_FOR ? 'online' : 'offline';
}

/** Who contacts GitLab with a runner's token. */
export interface Contact {
  readonly token: string;
  /** Absent: a runner older than system ids. */
  readonly systemId?: string;
  readonly info?: ManagerInfo;
  readonly ipAddress?: string;
}

/** The managers of one runner, those that are gone kept as long as a lagging listing may show them. */
export class Managers {
  readonly #present = new Map<string, ManagerRecord>();
  #removed: ManagerRecord[] = [];

  find(systemId: string): ManagerRecord | undefined {
    return this.#present.get(systemId);
  }

  add(manager: ManagerRecord): void {
    this.#present.set(manager.systemId, manager);
  }

  remove(manager: ManagerRecord, now: Instant): void {
    this.#present.delete(manager.systemId);
    manager.removedAt = now;
    this.#removed.push(manager);
  }

  /** The managers as they were `lag` ago. */
  list(now: Instant, lag: Duration): ManagerRecord[] {
    this.#removed = this.#removed.filter((manager) => elapsed(manager.removedAt ?? now, now) < lag);
    return [...this.#present.values(), ...this.#removed]
      .filter((manager) => elapsed(manager.createdAt, now) >= lag)
      .toSorted((one, other) => one.id - other.id);
  }

  /** Whether one of them runs a job. */
  get busy(): boolean {
    for (const manager of this.#present.values()) if (manager.running.size > 0) return true;
    return false;
  }
}
