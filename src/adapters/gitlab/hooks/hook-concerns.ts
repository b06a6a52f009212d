import type { Concern } from '../../../engine/concern.ts';
import { type HookPlace, placeName } from './hook-place.ts';
import type { OurHook } from './hooks.ts';

/** What was last seen of the webhook of a project or group; without a hook there is none. */
export interface HookState {
  readonly place: HookPlace;
  readonly hook?: OurHook;
  /** The last test delivery did not arrive: GitLab ends a pause all the same, and that heals nothing. */
  readonly failed?: true;
}

/** Whether GitLab sends nothing, or nothing of it arrives. */
export function isDead({ hook, failed }: HookState): boolean {
  return hook !== undefined && (hook.alert !== 'executable' || failed === true);
}

/** What else is known of all of them. */
export interface HookFindings {
  readonly url: string;
  /** Why a test delivery of a disabled one did not arrive. */
  readonly undelivered?: string;
  /** What a test delivery said where sweeps find jobs that no webhook told of. */
  readonly silent?: string;
}

const INSTALL = 'run `runtide hooks install`';
/** So many are named; the others are counted. */
const MOST_NAMED = 5;

/** One concern for each kind of trouble, however many projects have it. */
export function concernsOf(states: readonly HookState[], findings: HookFindings): readonly Concern[] {
  const { url, undelivered, silent } = findings;
  const missing = states.flatMap(({ place, hook }) => (hook === undefined ? [placeName(place)] : []));
  const incomplete = states.flatMap(({ place, hook }) =>
    hook === undefined || hook.lacks.length === 0 ? [] : [`${placeName(place)} (${hook.lacks.join(', ')})`],
  );
  const dead = states
    .filter(isDead)
    .flatMap(({ place, hook }) => (hook === undefined ? [] : [deadName(place, hook)]));
  return [
    ...concern(missing, {
      about: 'missing webhooks',
      why: `GitLab has none for ${url} in ${named(missing)}`,
      next: INSTALL,
    }),
    ...concern(incomplete, {
      about: 'incomplete webhooks',
      why: `not as they must be: ${named(incomplete)}`,
      next: INSTALL,
    }),
    ...concern(dead, {
      about: 'disabled webhooks',
      why: `GitLab has disabled them: ${named(dead)}${undelivered === undefined ? '' : `; ${undelivered}`}`,
      next: `make ${url} reachable from GitLab; it is tested again every 10 minutes`,
    }),
    ...concern(silent === undefined ? [] : [silent], {
      about: 'webhooks do not arrive',
      why: `sweeps find jobs that no webhook told of; ${silent ?? ''}`,
      next: "look for GitLab's limit of webhook calls, and for what stands between GitLab and here",
    }),
  ];
}

function concern(trouble: readonly string[], found: Concern): readonly Concern[] {
  return trouble.length === 0 ? [] : [found];
}

function deadName(place: HookPlace, { alert, disabledUntil }: OurHook): string {
  if (alert === 'executable') return `${placeName(place)} (a pause is over)`;
  if (alert === 'disabled') return `${placeName(place)} (for good)`;
  const until =
    disabledUntil === undefined ? 'for a while' : `until ${new Date(disabledUntil).toISOString()}`;
  return `${placeName(place)} (${until})`;
}

function named(all: readonly string[]): string {
  const rest = all.length - MOST_NAMED;
  return `${all.slice(0, MOST_NAMED).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
