import type { z } from 'zod';
import { typesOf } from './offered-types.ts';
import type { poolSchema } from './pool-schema.ts';

type Written = z.output<typeof poolSchema>;
type Size = NonNullable<Written['sizes']>[string];
type Runner = NonNullable<Written['runner']>;

/** What a pool is once it is loaded: one runner, and the types that may be bought. */
export interface LoadedPool extends Omit<Written, 'runner' | 'sizes' | 'surge' | 'instances'> {
  readonly name: string;
  readonly runner: Runner;
  readonly surge: number;
  readonly instances: LoadedInstances;
}

/** Without subnets: those of the operator's group are not known. */
type LoadedInstances = Omit<Written['instances'], 'types' | 'subnets'> & {
  readonly types: readonly string[];
  readonly subnets: readonly string[];
};

function loaded(name: string, runner: Runner, pool: Written): LoadedPool {
  const { runner: _runner, sizes: _sizes, ...rest } = pool;
  return {
    ...rest,
    name,
    runner,
    surge: pool.surge ?? Math.min(1, pool.max),
    instances: {
      ...pool.instances,
      types: typesOf(pool.instances),
      subnets: pool.instances.subnets ?? [],
    },
  };
}

/** The instances of a size: its types or requirements stand in place of both of the pool. */
function instancesOf({ instances }: Written, size: Size): Written['instances'] {
  const { types, requirements, image, volume, maxPrice } = size;
  const { types: poolTypes, requirements: poolRequirements, ...around } = instances;
  const chosen =
    types === undefined && requirements === undefined
      ? { types: poolTypes, requirements: poolRequirements }
      : { types, requirements };
  return {
    ...around,
    ...(chosen.types !== undefined && { types: chosen.types }),
    ...(chosen.requirements !== undefined && { requirements: chosen.requirements }),
    ...(image !== undefined && { image }),
    ...(volume !== undefined && { volume }),
    ...(maxPrice !== undefined && { maxPrice }),
  };
}

function sized(pool: Written, name: string, size: Size): Written {
  const { slots, maxJobs, min, max, surge, minAvailable, idle, schedules, budget, projectCaps } = size;
  return {
    ...pool,
    tags: [...new Set([...pool.tags, ...pool.tags.map((tag) => `${tag}-${name}`)])],
    ...(slots !== undefined && { slots }),
    ...(maxJobs !== undefined && { maxJobs }),
    ...(min !== undefined && { min }),
    ...(max !== undefined && { max }),
    ...(surge !== undefined && { surge }),
    ...(minAvailable !== undefined && { minAvailable }),
    idle: { ...pool.idle, ...idle },
    ...(schedules !== undefined && { schedules }),
    ...(budget !== undefined && { budget }),
    ...(projectCaps !== undefined && { projectCaps }),
    instances: instancesOf(pool, size),
  };
}

/** The pools that one pool of the file stands for: itself, or one for each of its sizes, in their order. */
export function poolsOf(name: string, pool: Written): readonly LoadedPool[] {
  const itself = pool.runner === undefined ? [] : [loaded(name, pool.runner, pool)];
  const sizes = Object.entries(pool.sizes ?? {}).map(([size, keys]) =>
    loaded(`${name}-${size}`, keys.runner, sized(pool, size, keys)),
  );
  return [...itself, ...sizes];
}
