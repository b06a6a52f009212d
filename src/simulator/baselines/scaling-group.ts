import { GROUP_TIMES } from '../../adapters/memory/auto-scaling/auto-scaling-options.ts';
import { backoff } from '../../engine/time.ts';
import type { SimulatedWorld } from '../world.ts';

/** What an owner of a group hears of its machines. */
export interface Members {
  /** EC2 has launched it. */
  joined(id: string): void;
  /** It is gone, and nobody asked for that; the group launches another one. */
  lost(id: string): void;
}

/** An Auto Scaling group without policies of its own: it launches what is missing, and tries again where EC2 refuses. */
export class ScalingGroup {
  readonly #world: SimulatedWorld;
  readonly #owner: Members | undefined;
  readonly #members = new Set<string>();
  #desired = 0;
  /** Launches in a row that gave less than was missing. */
  #failures = 0;
  #waits = false;

  /** `owner`: absent where nobody needs to hear of single machines. */
  constructor(world: SimulatedWorld, owner?: Members) {
    this.#world = world;
    this.#owner = owner;
    world.ec2.onStateChange(({ id, to }) => {
      if (to !== 'shutting-down' || !this.#members.delete(id)) return;
      owner?.lost(id);
      this.#fill();
    });
  }

  /** Machines that pend or run, and those still to launch. */
  get desired(): number {
    return this.#desired;
  }

  /** Wants so many machines more. */
  grow(count: number): void {
    this.#desired += count;
    this.#fill();
  }

  /** Ends a machine at once, whatever it runs, and wants one fewer. */
  end(id: string): void {
    if (this.#leaves(id)) this.#persist(() => this.#world.end([id]));
  }

  /** Lets machines finish their jobs before they end, and wants so many fewer. */
  drain(ids: readonly string[]): void {
    const leaving = ids.filter((id) => this.#leaves(id));
    if (leaving.length > 0) this.#persist(() => this.#world.drain(leaving));
  }

  #leaves(id: string): boolean {
    const leaves = this.#members.delete(id);
    if (leaves) this.#desired -= 1;
    return leaves;
  }

  #fill(): void {
    const missing = this.#desired - this.#members.size;
    if (missing <= 0 || this.#waits) return;
    const { ids } = this.#world.buy(missing);
    for (const id of ids) this.#members.add(id);
    for (const id of ids) this.#owner?.joined(id);
    this.#failures = ids.length < missing ? this.#failures + 1 : 0;
    if (this.#failures > 0) this.#tryLater();
  }

  #tryLater(): void {
    this.#waits = true;
    const { retryAfter, retryAtLongest } = GROUP_TIMES;
    this.#world.clock.after(backoff(retryAfter, this.#failures, retryAtLongest), () => {
      this.#waits = false;
      this.#fill();
    });
  }

  #persist(order: () => boolean): void {
    if (!order()) this.#world.clock.after(GROUP_TIMES.retryAfter, () => this.#persist(order));
  }
}
