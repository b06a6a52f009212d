import { isPortError, PortError } from '../../../controller/errors.ts';
import type { Instant } from '../../../engine/time.ts';
import { FULL_PAGES } from '../client/call.ts';
import type { GitLabClient } from '../client/client.ts';
import { type HookPlace, hookCall, hookPlaces, type Watched } from './hook-place.ts';
import { hooksPage, type ShownHook, shownHook } from './hook-shape.ts';
import { differencesOf, hookBody, type HookWish, isOurs, lacksOf } from './hook-wish.ts';

/** A webhook of ours, as GitLab has it. */
export interface OurHook {
  readonly id: number;
  /** GitLab's word; one that it does not know counts as executable. */
  readonly alert: 'executable' | 'temporarily_disabled' | 'disabled';
  readonly disabledUntil?: Instant;
  /** What keeps it from telling us of jobs. */
  readonly lacks: readonly string[];
  /** All in which it is other than wanted, what it lacks among it. */
  readonly differences: readonly string[];
}

/** What an installation came to in one place. */
export interface Installed {
  readonly hook: number;
  /** `confirmed`: it was as wanted, and has got its secrets again. */
  readonly done: 'created' | 'updated' | 'confirmed';
  /** In what it was other than wanted. */
  readonly differences: readonly string[];
  /** Further ones of ours that are gone now. */
  readonly removed: readonly number[];
}

export interface GitLabHooksOptions {
  readonly client: GitLabClient;
  /** Asked at every use, so that secrets may change. */
  readonly wish: () => HookWish;
}

/** GitLab's word where it finds no job that a test delivery could tell of. */
const NOTHING_TO_TELL = /: Ensure the (?:project|group) has /;

/**
 * The webhooks by which GitLab tells this Runtide of jobs: known by their URL, others are never touched. All that
 * fails is a `PortError` of the client, or `refused` where a GitLab takes no signing tokens and there is no other secret.
 */
export class GitLabHooks {
  readonly #client: GitLabClient;
  readonly #wish: () => HookWish;

  constructor({ client, wish }: GitLabHooksOptions) {
    this.#client = client;
    this.#wish = wish;
  }

  /** The address that they send to. */
  get url(): string {
    return this.#wish().url;
  }

  /** Where webhooks belong; see `hookPlaces`. */
  places(
    watched: Watched,
    note: (message: string) => void,
    signal: AbortSignal,
  ): Promise<readonly HookPlace[]> {
    return hookPlaces(this.#client, watched, note, signal);
  }

  /** Those of ours in one place, oldest first. */
  async find(place: HookPlace, signal: AbortSignal): Promise<readonly OurHook[]> {
    const wish = this.#wish();
    return (await this.#list(place, signal)).map((hook) => asOurs(hook, wish));
  }

  /** Makes sure that there is one of ours as wanted, and no other. Repeating it changes nothing more. */
  async install(place: HookPlace, signal: AbortSignal): Promise<Installed> {
    const wish = this.#wish();
    const [kept, ...rest] = await this.#list(place, signal);
    const hook = await this.#write(place, wish, kept, signal);
    await this.#deleteAll(place, rest, signal);
    const differences = kept === undefined ? [] : differencesOf(kept, wish);
    const changed = differences.length > 0 ? 'updated' : 'confirmed';
    return {
      hook: hook.id,
      done: kept === undefined ? 'created' : changed,
      differences,
      removed: rest.map(({ id }) => id),
    };
  }

  /** Deletes those of ours; answers with their ids. */
  async remove(place: HookPlace, signal: AbortSignal): Promise<readonly number[]> {
    const hooks = await this.#list(place, signal);
    await this.#deleteAll(place, hooks, signal);
    return hooks.map(({ id }) => id);
  }

  /**
   * Has GitLab send a test delivery, also of a disabled webhook, which a success enables again. Throws when it is not
   * answered with 2xx, in GitLab's words. GitLab allows five a minute for each project or group.
   */
  async test(place: HookPlace, hook: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#trigger(place, hook, 'job_events', signal);
    } catch (error) {
      if (!isPortError(error, 'refused') || !NOTHING_TO_TELL.test(error.details.why)) throw error;
      await this.#trigger(place, hook, 'push_events', signal);
    }
  }

  async #list(place: HookPlace, signal: AbortSignal): Promise<readonly ShownHook[]> {
    const wish = this.#wish();
    const call = hookCall(place, { doing: 'listing the webhooks', scope: 'read_api' }, signal);
    const all = await this.#client.list({ ...call, query: [FULL_PAGES] }, hooksPage);
    return all.filter((hook) => isOurs(hook, wish)).toSorted((one, other) => one.id - other.id);
  }

  async #write(
    place: HookPlace,
    wish: HookWish,
    before: ShownHook | undefined,
    signal: AbortSignal,
  ): Promise<ShownHook> {
    const { token = '', signingToken = '' } = wish.secrets;
    const how =
      before === undefined
        ? ({ doing: 'creating the webhook', method: 'POST' } as const)
        : ({ doing: `updating webhook ${before.id}`, below: `/${before.id}`, method: 'PUT' } as const);
    const call = hookCall(place, { ...how, scope: 'api' }, signal);
    const written = await this.#client.change(
      { ...call, method: how.method, body: hookBody(wish, before), secrets: [token, signingToken] },
      shownHook,
    );
    if (token === '' && written.signing_token_present !== true) throw signsNothing(call.doing);
    return written;
  }

  async #deleteAll(place: HookPlace, hooks: readonly ShownHook[], signal: AbortSignal): Promise<void> {
    for (const { id } of hooks) {
      const call = { doing: `removing webhook ${id}`, below: `/${id}`, scope: 'api' } as const;
      try {
        await this.#client.change({ ...hookCall(place, call, signal), method: 'DELETE' });
      } catch (error) {
        // Somebody else was faster.
        if (!isPortError(error, 'not-found')) throw error;
      }
    }
  }

  async #trigger(
    place: HookPlace,
    hook: number,
    trigger: 'job_events' | 'push_events',
    signal: AbortSignal,
  ): Promise<void> {
    const call = hookCall(
      place,
      { doing: `testing webhook ${hook}`, scope: 'api', below: `/${hook}/test/${trigger}` },
      signal,
    );
    await this.#client.change({ ...call, method: 'POST' });
  }
}

function asOurs(hook: ShownHook, wish: HookWish): OurHook {
  const { id, alert_status: alert, disabled_until: until } = hook;
  return {
    id,
    alert: alert === 'temporarily_disabled' || alert === 'disabled' ? alert : 'executable',
    ...(until !== undefined && until !== null && { disabledUntil: until }),
    lacks: lacksOf(hook, wish),
    differences: differencesOf(hook, wish),
  };
}

function signsNothing(doing: string): PortError {
  return new PortError({
    kind: 'refused',
    system: 'gitlab',
    doing,
    why: 'this GitLab has not taken the signing token, so that nothing proves what it sends',
    next: 'set `webhook.token` as well',
  });
}
