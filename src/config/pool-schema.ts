import { z } from 'zod';
import { minutes, seconds } from '../engine/time.ts';
import { budgetSchema } from './budget-schema.ts';
import { formatDuration } from './duration.ts';
import { dockerSchema } from './docker-schema.ts';
import { instancesSchema } from './instances-schema.ts';
import { ALWAYS, duration, listOf, oneOf, TEN_YEARS, text, yesOrNo } from './key-kinds.ts';
import { idleSchema, limits } from './limits-schema.ts';
import { DEFAULT_CHECK_INTERVAL } from './machine-rules.ts';
import { managerSchema } from './manager-schema.ts';
import { runnerSchema } from './pool-runner-schema.ts';
import { POOL_RULES } from './pool-rules.ts';
import { projectCapsSchema } from './project-caps-schema.ts';
import { keeps } from './rules.ts';
import { cacheSchema, caFileSchema, environmentSchema, proxySchema } from './runner-schema.ts';
import { schedulesSchema } from './schedules-schema.ts';
import { sizesSchema } from './sizes-schema.ts';

const HOUR = minutes(60);
const DAY = minutes(24 * 60);

/** One pool, as it stands in the file. */
export const poolSchema = z
  .strictObject({
    runner: runnerSchema.exactOptional(),
    sizes: sizesSchema.exactOptional(),
    tags: listOf(
      text(
        /^(?=\S)[^,]{1,255}(?<=\S)$/,
        'a tag of up to 255 characters, without commas (numbers in quotes)',
        {
          description: 'A tag.',
          example: 'linux',
        },
      ),
      0,
      'tags',
      {
        description: 'The tags of the GitLab runner. A job fits when every one of its tags is among these.',
        applies: 'hot',
        example: '[linux]',
      },
    ).prefault([]),
    runUntagged: yesOrNo({
      description: 'Whether jobs without tags fit, as set on the GitLab runner.',
      applies: 'hot',
    }).prefault(false),
    executor: oneOf(['shell', 'docker'], {
      description: 'How the runner runs jobs: in a shell of the instance, or in containers.',
      applies: 'drifts',
      example: 'docker',
    }).prefault('shell'),
    docker: dockerSchema.exactOptional(),
    cache: cacheSchema.exactOptional(),
    proxy: proxySchema.exactOptional(),
    caFile: caFileSchema.exactOptional(),
    environment: environmentSchema.exactOptional(),
    manager: managerSchema.exactOptional(),
    checkInterval: duration(seconds(1), minutes(1), {
      description: 'How often the runner of an instance asks GitLab for jobs.',
      applies: 'drifts',
      example: '3s',
    }).prefault(formatDuration(DEFAULT_CHECK_INTERVAL)),
    slots: limits.slots.prefault(1),
    maxJobs: limits.maxJobs.exactOptional(),
    min: limits.min.prefault(0),
    max: limits.max.prefault(10),
    surge: limits.surge.exactOptional(),
    minAvailable: limits.minAvailable.prefault(0),
    idle: idleSchema.prefault({}),
    schedules: schedulesSchema.exactOptional(),
    budget: budgetSchema('the pool').exactOptional(),
    projectCaps: projectCapsSchema.exactOptional(),
    cooldown: duration(seconds(0), DAY, {
      description: 'How long after a launch or a scale-in no further scale-in happens.',
      applies: 'hot',
      example: '30s',
    }).prefault('30s'),
    bootTimeout: duration(seconds(5), HOUR, {
      description: 'How long an instance may take from launch to the first contact of its runner.',
      applies: 'hot',
      example: '10m',
    }).prefault('10m'),
    maxAge: duration(HOUR, TEN_YEARS, {
      description:
        'Instances leave once their jobs have ended, at an age between nine tenths of this and all of it: each at its own, so that those bought together do not leave together. Where nothing is said, age never matters.',
      applies: 'hot',
      example: '7d',
    }).exactOptional(),
    rebalance: oneOf(['drain', 'ignore'], {
      description:
        'Whether a spot instance that is likely to be taken drains at once, so that its jobs end in time, or works on until EC2 takes it. What an instance with `slots: 1` does by itself, without `aws.events`, changes with new instances.',
      applies: 'hot',
      example: 'ignore',
    }).prefault('drain'),
    instances: instancesSchema,
  })
  .superRefine(keeps(POOL_RULES), ALWAYS)
  .meta({
    description: 'One pool: instances of one kind behind one GitLab runner, or in several sizes.',
    applies: 'hot',
  });
