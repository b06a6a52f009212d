import { after, type Duration, type Instant, milliseconds, minutes } from '../../../engine/time.ts';
import type { Group } from './groups.ts';
import type { Project } from './project.ts';

/** A webhook's settings. */
export interface HookSettings {
  readonly url: string;
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  /** Sent as `X-Gitlab-Token`. */
  readonly token?: string | undefined;
  /** `whsec_` and the base64 of the key that signs deliveries. */
  readonly signingToken?: string | undefined;
  /** What it is told of, in GitLab's words, such as `job_events`. */
  readonly events: ReadonlySet<string>;
  /** Sent along with every delivery. */
  readonly customHeaders: readonly { readonly key: string; readonly value: string }[];
  readonly verifySsl: boolean;
}

type HookGroup = Pick<Group, 'id' | 'path'>;

/** A webhook of a project, or of a group and all projects below it. */
export interface Hook {
  readonly id: number;
  readonly of: { readonly project: number } | { readonly group: HookGroup };
  readonly createdAt: Instant;
  readonly settings: HookSettings;
  /** Failures in a row. */
  readonly failures: number;
  readonly disabledUntil: Instant | undefined;
}

/** GitLab's word for whether a hook is sent to. */
export type AlertStatus = 'executable' | 'temporarily_disabled' | 'disabled';

const TOLERATED_FAILURES = 3;
const FINAL_FAILURE = 40;
const FIRST_PAUSE: Duration = minutes(1);
const LONGEST_PAUSE: Duration = minutes(24 * 60);

/** Whether GitLab sends to the hook now: it pauses from the 4th failure in a row and gives up at the 40th. */
export function alertStatus(hook: Hook, now: Instant): AlertStatus {
  if (hook.failures >= FINAL_FAILURE) return 'disabled';
  if (hook.disabledUntil !== undefined && hook.disabledUntil >= now) return 'temporarily_disabled';
  return 'executable';
}

/** The webhooks of all projects and groups, and how their deliveries go. */
export class Hooks {
  readonly #hooks = new Map<number, Hook>();
  readonly #nextId: () => number;
  readonly #now: () => Instant;

  constructor(nextId: () => number, now: () => Instant) {
    this.#nextId = nextId;
    this.#now = now;
  }

  add(project: number, settings: HookSettings): Hook {
    return this.#add({ project }, settings);
  }

  addToGroup(group: HookGroup, settings: HookSettings): Hook {
    return this.#add({ group }, settings);
  }

  find(id: number): Hook | undefined {
    return this.#hooks.get(id);
  }

  /** A project's hooks, newest first. */
  of(project: number): Hook[] {
    return this.all().filter(({ of }) => 'project' in of && of.project === project);
  }

  /** A group's own hooks, newest first. */
  ofGroup(group: number): Hook[] {
    return this.all().filter(({ of }) => 'group' in of && of.group.id === group);
  }

  /** All that are told of what happens in the project: its own, and those of the groups that it lies in. */
  telling({ id, namespace }: Pick<Project, 'id' | 'namespace'>): Hook[] {
    return this.all().filter(({ of }) =>
      'project' in of ? of.project === id : `${namespace}/`.startsWith(`${of.group.path}/`),
    );
  }

  /** Every hook, newest first. */
  all(): Hook[] {
    return [...this.#hooks.values()].toSorted((one, other) => other.id - one.id);
  }

  change(hook: Hook, settings: HookSettings): Hook {
    return this.#keep({ ...hook, settings });
  }

  remove(hook: Hook): void {
    this.#hooks.delete(hook.id);
  }

  /** A delivery succeeded: whatever failed before is forgotten. */
  succeeded(id: number): void {
    const hook = this.#hooks.get(id);
    if (hook !== undefined) this.#keep({ ...hook, failures: 0, disabledUntil: undefined });
  }

  /** A delivery failed; failures of deliveries still under way when the hook was paused do not count. */
  failed(id: number): void {
    const hook = this.#hooks.get(id);
    if (hook === undefined || alertStatus(hook, this.#now()) !== 'executable') return;
    const failures = hook.failures + 1;
    const disabledUntil =
      failures > TOLERATED_FAILURES ? after(this.#now(), pauseAfter(failures)) : undefined;
    this.#keep({ ...hook, failures, disabledUntil });
  }

  #add(of: Hook['of'], settings: HookSettings): Hook {
    const createdAt = this.#now();
    return this.#keep({ id: this.#nextId(), of, createdAt, settings, failures: 0, disabledUntil: undefined });
  }

  #keep(hook: Hook): Hook {
    this.#hooks.set(hook.id, hook);
    return hook;
  }
}

function pauseAfter(failures: number): Duration {
  const doubled = FIRST_PAUSE * 2 ** (failures - TOLERATED_FAILURES - 1);
  return milliseconds(Math.min(doubled, LONGEST_PAUSE));
}
