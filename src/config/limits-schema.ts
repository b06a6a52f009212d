import { z } from 'zod';
import { minutes, seconds } from '../engine/time.ts';
import { decimal, duration, wholeNumber } from './key-kinds.ts';

const DAY = minutes(24 * 60);

/** How many instances, and how many jobs on one; a pool and each of its sizes may say so. */
export const limits = {
  slots: wholeNumber(1, 100, {
    description: 'Jobs that one instance runs at once.',
    applies: 'drifts',
  }),
  maxJobs: wholeNumber(1, 1000, {
    description:
      'Jobs after which an instance ends; 1: a fresh instance for every job. Needs `slots: 1`. Where nothing is said, an instance runs jobs for as long as it is needed.',
    applies: 'drifts',
  }),
  min: wholeNumber(0, 5000, {
    description: 'Fewest instances kept, whatever the demand. At most `max`.',
    applies: 'hot',
  }),
  max: wholeNumber(0, 5000, {
    description: 'Most instances at once, apart from `surge`.',
    applies: 'hot',
    example: '10',
  }),
  surge: wholeNumber(0, 5000, {
    description:
      'Instances that may exist beyond `max` while old ones are replaced. At most `max`; where nothing is said, 1 (0 with `max: 0`).',
    applies: 'hot',
    example: '1',
  }),
  minAvailable: wholeNumber(0, 5000, {
    description:
      'Ready instances that stay while old ones are replaced for their age or for a change: the others leave once new ones are ready. At most `min`.',
    applies: 'hot',
  }),
} as const;

const headroom = {
  slots: wholeNumber(0, 500_000, {
    description:
      'Free slots wanted beyond the demand, so that the next jobs start at once; with `factor`, the most of them.',
  }),
  factor: decimal(0.01, 100, {
    description:
      'Free slots wanted for each job that runs or waits. Where nothing is said, `slots` at all times.',
    example: '0.2',
  }),
  minimum: wholeNumber(0, 500_000, {
    description: 'The fewest free slots wanted, where there is a `factor`. At most `slots`.',
    example: '1',
  }),
  time: duration(seconds(0), DAY, {
    description: 'How long an instance must be idle before it may leave.',
    example: '5m',
  }),
} as const;

const IDLE = { description: 'Headroom beyond the demand.', applies: 'hot' } as const;

/** The headroom of a pool. */
export const idleSchema = z
  .strictObject({
    slots: headroom.slots.prefault(0),
    factor: headroom.factor.exactOptional(),
    minimum: headroom.minimum.exactOptional(),
    time: headroom.time.prefault('5m'),
  })
  .meta(IDLE);

/** The headroom of a size or a schedule; what it does not say is that of the pool. */
export const sizeIdleSchema = z
  .strictObject({
    slots: headroom.slots.exactOptional(),
    factor: headroom.factor.exactOptional(),
    minimum: headroom.minimum.exactOptional(),
    time: headroom.time.exactOptional(),
  })
  .meta(IDLE);
