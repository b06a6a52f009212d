import type { Instant } from '../../../engine/time.ts';

/** A group of projects and of further groups. */
export interface Group {
  readonly id: number;
  /** With its ancestors, such as `acme/tools`. */
  readonly path: string;
  /** The last part of its path. */
  readonly name: string;
  /** The group that it lies in; absent: it lies in none. */
  readonly parent: number | undefined;
  readonly createdAt: Instant;
}

/** All groups. One comes into being with the first project or group that lies in it. */
export class Groups {
  readonly #byId = new Map<number, Group>();
  readonly #byPath = new Map<string, Group>();
  readonly #nextId: () => number;
  readonly #now: () => Instant;

  constructor(nextId: () => number, now: () => Instant) {
    this.#nextId = nextId;
    this.#now = now;
  }

  /** The group of that path, made together with its ancestors where it does not exist. */
  at(path: string): Group {
    const known = this.#byPath.get(path);
    if (known !== undefined) return known;
    const split = path.lastIndexOf('/');
    const parent = split === -1 ? undefined : this.at(path.slice(0, split)).id;
    const group = { id: this.#nextId(), path, name: path.slice(split + 1), parent, createdAt: this.#now() };
    this.#byId.set(group.id, group);
    this.#byPath.set(path, group);
    return group;
  }

  /** By id or by path. */
  find(which: number | string): Group | undefined {
    return typeof which === 'number' ? this.#byId.get(which) : this.#byPath.get(which);
  }

  /** All groups, oldest first. */
  all(): Group[] {
    return [...this.#byId.values()];
  }

  /** The ids of a group and of the groups that it lies in, nearest first. */
  lineOf(group: Group): number[] {
    const parent = group.parent === undefined ? undefined : this.#byId.get(group.parent);
    return [group.id, ...(parent === undefined ? [] : this.lineOf(parent))];
  }
}
