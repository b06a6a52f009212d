import type { Manager } from '../engine/instance.ts';
import type { Duration, Instant } from '../engine/time.ts';

/** Whose runners they are, and so whose jobs they get. Projects and groups are ids or full paths. */
export type RunnerOwner =
  | { readonly kind: 'project'; readonly project: string; readonly others: readonly string[] }
  | { readonly kind: 'group'; readonly group: string }
  | { readonly kind: 'instance' };

/** How a runner is set up in GitLab, besides whom it serves. */
export interface RunnerSettings {
  /** Begins with the identity that it is found by. */
  readonly description: string;
  readonly tags: readonly string[];
  readonly runUntagged: boolean;
  /** Only jobs of protected refs. */
  readonly protectedOnly: boolean;
  /** Nobody may enable it for further projects; absent for runners of groups and of the whole GitLab. */
  readonly locked?: boolean;
  /** The longest that one of its jobs may run; absent: as it is in GitLab. */
  readonly maximumTimeout?: Duration;
  /** A person's words about it; absent: as they are in GitLab. */
  readonly maintenanceNote?: string;
}

/** A runner as GitLab has it. */
export interface RegisteredRunner {
  readonly id: number;
  readonly settings: RunnerSettings;
  /** Ids of the projects that it serves; none for runners of groups and of the whole GitLab. */
  readonly projects: readonly number[];
  readonly managers: readonly Manager[];
}

/** A runner as lists show it. */
export interface ListedRunner {
  readonly id: number;
  readonly description: string;
}

/** One runner of a pool, and how its token is had. */
export interface PoolRunner {
  /** GitLab's id. */
  readonly runnerId: number;
  /** The instance that it is for alone, and with which it goes; absent: it is for all of its pool. */
  readonly instance?: string;
  /** Its authentication token, asked for each time it is needed; `not-found` where it is not kept. */
  readonly token: (signal: AbortSignal) => Promise<string>;
}

/** A token as it was issued: it is told once. */
export interface IssuedToken {
  readonly token: string;
  /** Absent: it never ends. */
  readonly expiresAt?: Instant;
}

/** The runners in GitLab, made, changed and removed. Lists may lag a little behind changes. */
export interface Registrations {
  /** Ids of the projects that runners of this owner serve, the one that owns them first; else none. */
  projectsOf(owner: RunnerOwner, signal: AbortSignal): Promise<readonly number[]>;
  /** The owner's runners of which `isOurs` is true, oldest first, as one list of all tells. */
  names(
    owner: RunnerOwner,
    isOurs: (description: string) => boolean,
    signal: AbortSignal,
  ): Promise<readonly ListedRunner[]>;
  /** The same with everything, which is two requests more for each. */
  list(
    owner: RunnerOwner,
    isOurs: (description: string) => boolean,
    signal: AbortSignal,
  ): Promise<readonly RegisteredRunner[]>;
  /**
   * Makes a runner for the owner, not for the others that it may serve. `refused` where a registration token, the
   * deprecated way to make one, turns out to be another owner's; nothing stays then.
   */
  create(
    owner: RunnerOwner,
    settings: RunnerSettings,
    signal: AbortSignal,
    registrationToken?: string,
  ): Promise<IssuedToken & { readonly id: number }>;
  /** Changes what is named. */
  update(runner: number, change: Partial<RunnerSettings>, signal: AbortSignal): Promise<void>;
  /** Lets it serve one project more. It must not be locked. */
  enable(runner: number, project: number, signal: AbortSignal): Promise<void>;
  /** Lets it serve one project less, not the one that owns it. One that it does not serve is no error. */
  disable(runner: number, project: number, signal: AbortSignal): Promise<void>;
  /** Gives it another token; the one that it had is refused from now on. */
  resetToken(runner: number, signal: AbortSignal): Promise<IssuedToken>;
  /** Removes it, its managers with it. It serves at most one project. One that is gone is no error. */
  remove(runner: number, signal: AbortSignal): Promise<void>;
}

/** Where tokens are kept, and where instances read them. Values never reach an error. */
export interface SecretStore {
  /** The value as it was written last; undefined where there is none. */
  read(name: string, signal: AbortSignal): Promise<string | undefined>;
  /** Writes it, in place of what was there. */
  write(name: string, value: string, signal: AbortSignal): Promise<void>;
  /** Removes it; one that is gone is no error. */
  remove(name: string, signal: AbortSignal): Promise<void>;
}
