import { earlier, elapsed, after, type Instant, milliseconds } from '../../../engine/time.ts';
import type { Timers } from '../clock.ts';
import { Listeners } from '../ec2/listeners.ts';
import { type Random, uuid } from '../random.ts';
import type { Group } from './group.ts';
import type {
  LifecycleActionEvent,
  LifecycleActionRequest,
  LifecycleHook,
  LifecycleResult,
} from './group-requests.ts';
import { validationError } from './refusals.ts';

/** One instance that waits for one hook. */
interface Action {
  readonly group: string;
  readonly hook: LifecycleHook;
  readonly id: string;
  readonly token: string;
  /** When the hook's global time-out is over. */
  readonly endsAt: Instant;
  readonly decided: (result: LifecycleResult) => void;
  cancelTimer: () => void;
}

/** The instances that wait for hooks, in all groups. */
export class LifecycleActions {
  readonly began = new Listeners<LifecycleActionEvent>();
  readonly #timers: Timers;
  readonly #random: Random;
  readonly #actions = new Map<string, Action>();

  constructor(timers: Timers, random: Random) {
    this.#timers = timers;
    this.#random = random;
  }

  /** Lets an instance wait for all `hooks` at once; `decided` hears what comes of it, once. */
  start(
    { name, arn }: Group,
    hooks: readonly LifecycleHook[],
    id: string,
    decided: (result: LifecycleResult) => void,
  ): void {
    const at = this.#timers.now();
    const started = hooks.map((hook) => {
      const token = uuid(this.#random);
      const endsAt = after(at, hook.globalTimeout);
      const action: Action = { group: name, hook, id, token, endsAt, decided, cancelTimer: () => undefined };
      this.#actions.set(token, action);
      this.#beat(action);
      return action;
    });
    for (const { hook, token } of started) {
      const { name: hookName, transition, notificationMetadata } = hook;
      this.began.tell({
        group: name,
        groupArn: arn,
        hook: hookName,
        transition,
        id,
        token,
        at,
        notificationMetadata,
      });
    }
  }

  /** Somebody says what came of an action; `ValidationError` where none is open. */
  complete(request: LifecycleActionRequest, result: LifecycleResult): void {
    this.#decide(this.#named(request), result);
  }

  /** Somebody needs more time; `ValidationError` where no action is open. */
  heartbeat(request: LifecycleActionRequest): void {
    this.#beat(this.#named(request));
  }

  /** Nobody waits for a hook any more, with the same outcome for all. */
  release(group: string, hook: string, result: LifecycleResult): void {
    const open = [...this.#actions.values()].filter((one) => one.group === group && one.hook.name === hook);
    for (const action of open) if (this.#actions.has(action.token)) this.#decide(action, result);
  }

  /** An instance waits no more, without an outcome. */
  drop(id: string): void {
    for (const action of [...this.#actions.values()].filter((one) => one.id === id)) this.#close(action);
  }

  #named({ group, hook, token, id }: LifecycleActionRequest): Action {
    if (token === undefined && id === undefined) {
      throw validationError('Either LifecycleActionToken or InstanceId must be specified.');
    }
    const action = [...this.#actions.values()].find(
      (one) =>
        one.group === group &&
        one.hook.name === hook &&
        (token ?? one.token) === one.token &&
        (id ?? one.id) === one.id,
    );
    if (action !== undefined) return action;
    const which = id === undefined ? `token ${token}` : `instance ID ${id}`;
    throw validationError(`No active Lifecycle Action found with ${which}`);
  }

  /** Starts the time-out anew, within the global one. */
  #beat(action: Action): void {
    action.cancelTimer();
    const now = this.#timers.now();
    const at = earlier(after(now, action.hook.heartbeatTimeout), action.endsAt);
    const delay = milliseconds(Math.max(0, elapsed(now, at)));
    action.cancelTimer = this.#timers.after(delay, () => this.#decide(action, action.hook.defaultResult));
  }

  /** One abandoned action settles all of the instance; otherwise all must be completed. */
  #decide(action: Action, result: LifecycleResult): void {
    this.#close(action);
    if (result === 'ABANDON') this.drop(action.id);
    else if ([...this.#actions.values()].some((one) => one.id === action.id)) return;
    action.decided(result);
  }

  #close(action: Action): void {
    action.cancelTimer();
    this.#actions.delete(action.token);
  }
}
