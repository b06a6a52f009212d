import type { ApiThrottle } from './api-throttle.ts';
import { Ec2Error } from './error.ts';
import type { Faults } from './faults.ts';

/** Everything that happens to a call before it is carried out: it is counted, struck by faults, throttled. */
export class ApiCalls {
  readonly #throttle: ApiThrottle;
  readonly #faults: Faults;
  readonly #account: string;
  readonly #calls = new Map<string, number>();
  readonly #throttled = new Map<string, number>();
  readonly #refusal: ((action: string) => Ec2Error) | undefined;

  /** `refusal`: how another service than EC2 refuses a call for the rate of calls. */
  constructor(
    throttle: ApiThrottle,
    faults: Faults,
    account: string,
    refusal?: (action: string) => Ec2Error,
  ) {
    this.#refusal = refusal;
    this.#throttle = throttle;
    this.#faults = faults;
    this.#account = account;
  }

  /**
   * Counts one call and lets it in, or throws what stands against it. `narrowed`: it has a filter or
   * asks for pages.
   */
  enter(action: string, narrowed = true): void {
    countUp(this.#calls, action);
    this.#faults.beforeCall(action);
    if (this.#faults.takeThrottle(action) || !this.#throttle.takeRequest(action, narrowed)) {
      throw this.#limitExceeded(action, 'request');
    }
  }

  /** Takes the tokens of `count` instances for one call of `action`, all or none; the refusal where they lack. */
  takeResources(action: string, count: number): Ec2Error | undefined {
    return this.#throttle.takeResources(action, count) ? undefined : this.#limitExceeded(action, 'resource');
  }

  /** How often each action was called, refused calls included. */
  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#calls);
  }

  /** How often each action met `RequestLimitExceeded`; launches that a fleet cut short count as RunInstances. */
  throttled(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#throttled);
  }

  #limitExceeded(action: string, rate: 'request' | 'resource'): Ec2Error {
    countUp(this.#throttled, action);
    if (this.#refusal !== undefined) return this.#refusal(action);
    return new Ec2Error(
      'RequestLimitExceeded',
      `Request limit exceeded. Account ${this.#account} has been throttled on ec2:${action} because it exceeded its ${rate} rate limit.`,
    );
  }
}

function countUp(counts: Map<string, number>, action: string): void {
  counts.set(action, (counts.get(action) ?? 0) + 1);
}
