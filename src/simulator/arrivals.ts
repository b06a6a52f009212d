import type { Random } from '../adapters/memory/random.ts';
import { type Duration, milliseconds, minutes } from '../engine/time.ts';
import { between, exponential } from './distributions.ts';

const DAY = minutes(24 * 60);
/** Monday to Monday. */
export const WEEK = minutes(7 * 24 * 60);
const HOUR = minutes(60);
const DAYS = 7;
/** Pushes come at a steady rate within each. */
const GRAIN = minutes(1);

/** A time of day at which more people push than before and after it. */
export interface Bump {
  /** Of its top, from midnight UTC. */
  readonly at: Duration;
  /** The standard deviation around the top. */
  readonly width: Duration;
  /** Of its top, against the others. */
  readonly height: number;
}

/** When pipelines come. */
export interface ArrivalSettings {
  readonly bumps: readonly Bump[];
  /** The rate outside all bumps, against a height of 1. */
  readonly base: number;
  /** The rate on Saturday and Sunday against other days. */
  readonly weekend: number;
  /** The share of pushes, 0 to 1, after which the same project gets another within so long. */
  readonly followUps: { readonly share: number; readonly soonest: Duration; readonly latest: Duration };
  /** The share of pipelines that a schedule starts, every day at the same full hour, up to so much early or late. */
  readonly cron: { readonly share: number; readonly jitter: Duration };
  /** The share of pipelines that a bot starts, every night in one wave from `at` on. */
  readonly bots: { readonly share: number; readonly at: Duration; readonly within: Duration };
}

/** Every day at the same hour, for one project. */
export interface Schedule<Project> {
  readonly hour: number;
  readonly project: Project;
}

/** One pipeline that comes. */
export interface Arrival<Project> {
  /** From the start of the week; a follow-up may come in the next one. */
  readonly at: Duration;
  readonly project: Project;
}

/** How many pipelines of each origin a week has, on average, where it has `pipelines` in all. */
export function origins({ followUps, cron, bots }: ArrivalSettings, pipelines: number) {
  const scheduledEachDay = Math.round((pipelines * cron.share) / DAYS);
  const botsEachNight = Math.round((pipelines * bots.share) / DAYS);
  const pushes = Math.max(0, pipelines - DAYS * (scheduledEachDay + botsEachNight)) / (1 + followUps.share);
  return { pushes, scheduledEachDay, botsEachNight };
}

/** The pipelines of one week, in no order. `project` chooses one for each push and each bot. */
export function weekOfArrivals<Project>(
  settings: ArrivalSettings,
  pipelines: number,
  schedules: readonly Schedule<Project>[],
  project: (random: Random) => Project,
  random: Random,
): readonly Arrival<Project>[] {
  const { pushes, botsEachNight } = origins(settings, pipelines);
  return [
    ...pushTimes(settings, pushes, random).flatMap((at) => push(settings, at, project(random), random)),
    ...everyDay((midnight) => schedules.map((one) => scheduled(settings, midnight, one, random))),
    ...everyDay((midnight) =>
      Array.from({ length: botsEachNight }, () => bot(settings, midnight, project(random), random)),
    ),
  ];
}

function everyDay<T>(of: (midnight: Duration) => readonly T[]): readonly T[] {
  return Array.from({ length: DAYS }, (_, day) => of(milliseconds(day * DAY))).flat();
}

/** A push, and the one that mends it. */
function push<Project>(
  { followUps }: ArrivalSettings,
  at: Duration,
  project: Project,
  random: Random,
): readonly Arrival<Project>[] {
  if (random() >= followUps.share) return [{ at, project }];
  const gap = between(followUps.soonest, followUps.latest, random);
  return [
    { at, project },
    { at: milliseconds(Math.round(at + gap)), project },
  ];
}

function scheduled<Project>(
  { cron }: ArrivalSettings,
  midnight: Duration,
  { hour, project }: Schedule<Project>,
  random: Random,
): Arrival<Project> {
  const at = midnight + hour * HOUR + cron.jitter * between(-1, 1, random);
  return { at: milliseconds(Math.max(0, Math.round(at))), project };
}

function bot<Project>(
  { bots }: ArrivalSettings,
  midnight: Duration,
  project: Project,
  random: Random,
): Arrival<Project> {
  return { at: milliseconds(Math.round(midnight + bots.at + between(0, bots.within, random))), project };
}

/** A Poisson process whose rate follows the hours of the day and the days of the week; `expected` in a week. */
function pushTimes(settings: ArrivalSettings, expected: number, random: Random): readonly Duration[] {
  const rates = Array.from({ length: WEEK / GRAIN }, (_, grain) => rateAt(settings, (grain + 0.5) * GRAIN));
  const perRate = expected / rates.reduce((sum, rate) => sum + rate, 0);
  const times: Duration[] = [];
  let next = exponential(random);
  for (const [grain, rate] of rates.entries()) {
    const here = rate * perRate;
    for (; next < here; next += exponential(random))
      times.push(milliseconds(Math.floor((grain + next / here) * GRAIN)));
    next -= here;
  }
  return times;
}

function rateAt({ bumps, base, weekend }: ArrivalSettings, at: number): number {
  const time = at % DAY;
  const rate = bumps.reduce(
    (sum, bump) => sum + bump.height * Math.exp(-(((time - bump.at) / bump.width) ** 2) / 2),
    base,
  );
  return at < 5 * DAY ? rate : rate * weekend;
}
