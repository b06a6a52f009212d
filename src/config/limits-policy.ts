import type { Budget } from '../engine/budget.ts';
import type { LaunchLimits } from '../engine/launch-pacing.ts';
import type { FleetPolicy, PoolPolicy } from '../engine/pool.ts';
import type { ProjectCaps } from '../engine/project-caps.ts';
import type { Schedule } from '../engine/schedule.ts';
import { placeOf } from './boot-settings.ts';
import { groupOf } from './group-settings.ts';
import { periodOf } from './period.ts';
import { OTHERS } from './project-caps-schema.ts';
import type { Config, PoolConfig } from './schema.ts';

/** The id of a project that is named by its path; undefined where it is not known. */
export type ProjectIds = (path: string) => number | undefined;

type WrittenSchedule = NonNullable<PoolConfig['schedules']>[number];

function scheduleOf({ periods, timezone, idle, min, max }: WrittenSchedule): Schedule {
  return {
    name: `${periods.join(', ')} ${timezone}`,
    periods: periods.map(periodOf),
    timeZone: timezone,
    ...(idle !== undefined && { idle }),
    ...(min !== undefined && { min }),
    ...(max !== undefined && { max }),
  };
}

function budgetOf({ timezone, ...budget }: NonNullable<Config['budget']>): Budget {
  return { ...budget, timeZone: timezone };
}

const isId = (project: string): boolean => /^\d+$/.test(project);

/** Caps by the ids of projects; one that is named by a path whose id is not known is left out. */
function capsOf(written: NonNullable<PoolConfig['projectCaps']>, idOf: ProjectIds): ProjectCaps {
  const { [OTHERS]: others, ...named } = written;
  const known = Object.entries(named).flatMap(([project, jobs]) => {
    const id = isId(project) ? Number(project) : idOf(project);
    return id === undefined ? [] : [[id, jobs] as const];
  });
  return { ...(others !== undefined && { others }), of: Object.fromEntries(known) };
}

/** Projects that caps name by their path, each once. */
export function cappedPaths(config: Config): readonly string[] {
  const all = Object.values(config.pools).flatMap(({ projectCaps = {} }) => Object.keys(projectCaps));
  return [...new Set(all)].filter((project) => project !== OTHERS && !isId(project));
}

/** The account and region whose launch limits count; undefined for a pool whose group launches. */
function launchPlaceOf(config: Config, pool: PoolConfig): string | undefined {
  if (groupOf(config, pool) !== undefined) return undefined;
  const { region, role } = placeOf(config, pool);
  // The fifth part of an ARN is the account.
  return `${role?.split(':')[4] ?? 'own account'} ${region}`;
}

type PoolLimits = Pick<PoolPolicy, 'schedules' | 'projectCaps' | 'budget' | 'place'>;

/** What limits a pool beside its numbers. */
export function poolLimits(config: Config, pool: PoolConfig, idOf: ProjectIds): PoolLimits {
  const { schedules = [], projectCaps, budget } = pool;
  const place = launchPlaceOf(config, pool);
  return {
    ...(schedules.length > 0 && { schedules: schedules.map(scheduleOf) }),
    ...(projectCaps !== undefined && { projectCaps: capsOf(projectCaps, idOf) }),
    ...(budget !== undefined && { budget: budgetOf(budget) }),
    ...(place !== undefined && { place }),
  };
}

function launchLimitsOf(config: Config): Readonly<Record<string, LaunchLimits>> | undefined {
  const { launchLimits } = config.aws;
  if (launchLimits === undefined) return undefined;
  const places = Object.values(config.pools).flatMap((pool) => launchPlaceOf(config, pool) ?? []);
  return Object.fromEntries(places.map((place) => [place, launchLimits]));
}

/** What limits all pools together. */
export function fleetLimits(config: Config): Pick<FleetPolicy, 'max' | 'budget' | 'launchLimits'> {
  const { maxInstances, budget } = config;
  const launchLimits = launchLimitsOf(config);
  return {
    ...(maxInstances !== undefined && { max: maxInstances }),
    ...(budget !== undefined && { budget: budgetOf(budget) }),
    ...(launchLimits !== undefined && { launchLimits }),
  };
}
