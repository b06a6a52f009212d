import { z } from 'zod';
import { budgetSchema } from './budget-schema.ts';
import { imageSchema } from './image-schema.ts';
import { maxPriceSchema, typesSchema, volumeSchema } from './instances-schema.ts';
import { limits, sizeIdleSchema } from './limits-schema.ts';
import { runnerSchema } from './pool-runner-schema.ts';
import { projectCapsSchema } from './project-caps-schema.ts';
import { requirementsSchema } from './requirements-schema.ts';
import { schedulesSchema } from './schedules-schema.ts';

const sizeSchema = z
  .strictObject({
    runner: runnerSchema,
    types: typesSchema.exactOptional(),
    requirements: requirementsSchema.exactOptional(),
    image: imageSchema.exactOptional(),
    volume: volumeSchema.exactOptional(),
    maxPrice: maxPriceSchema.exactOptional(),
    slots: limits.slots.exactOptional(),
    maxJobs: limits.maxJobs.exactOptional(),
    min: limits.min.exactOptional(),
    max: limits.max.exactOptional(),
    surge: limits.surge.exactOptional(),
    minAvailable: limits.minAvailable.exactOptional(),
    idle: sizeIdleSchema.exactOptional(),
    schedules: schedulesSchema.exactOptional(),
    budget: budgetSchema('the size').exactOptional(),
    projectCaps: projectCapsSchema.exactOptional(),
  })
  .meta({
    description: 'One size. What it does not say is that of the pool.',
    applies: 'hot',
    mend: 'write `runner` and `types` below it, one a line and indented',
  });

/** The sizes of a pool by their names. */
export const sizesSchema = z.record(z.string(), sizeSchema).meta({
  description:
    'Several sizes of this pool, each a pool `<pool>-<size>` with a runner of its own. Its tags are those of the pool, and each of them with `-<size>` behind it: `linux` and `linux-large`. Jobs that name no size go to the first.',
  applies: 'hot',
  ordered: true,
  allowed: 'a map of sizes, such as `small:` and `large:`',
  mend: 'write `small:` and below it `runner` and `types`',
});
