/** Somebody who owns tokens and starts pipelines. */
export interface User {
  readonly id: number;
  readonly username: string;
  readonly name: string;
  /** A blocked user's tokens are refused, and nobody gets the jobs of their pipelines. */
  readonly blocked: boolean;
}

/** All users; the first is there from the start. */
export class Users {
  readonly #byId = new Map<number, User>();

  constructor() {
    this.add({ username: 'sandbox', name: 'Sandbox' });
  }

  add(definition: Pick<User, 'username' | 'name'>): User {
    const user = { id: this.#byId.size + 1, ...definition, blocked: false };
    this.#byId.set(user.id, user);
    return user;
  }

  find(id: number): User | undefined {
    return this.#byId.get(id);
  }

  /** Blocks a user or lets them in again; undefined when there is no such user. */
  block(id: number, blocked: boolean): User | undefined {
    const user = this.#byId.get(id);
    if (user !== undefined) this.#byId.set(id, { ...user, blocked });
    return user;
  }
}
