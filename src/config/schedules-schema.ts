import { z } from 'zod';
import { listOf } from './key-kinds.ts';
import { limits, sizeIdleSchema } from './limits-schema.ts';
import { readPeriod } from './period.ts';
import { timeZone } from './time-zone.ts';

const PERIOD = 'five fields of cron: minute, hour, day of the month, month, weekday';

const period = z
  .string()
  .superRefine((written, context) => {
    const read = readPeriod(written);
    if ('why' in read) context.addIssue({ code: 'custom', params: { why: read.why } });
  })
  .meta({
    description: 'The minutes in which the schedule holds, in five fields of cron.',
    allowed: PERIOD,
    example: "'* 8-17 * * mon-fri'",
  });

const schedule = z
  .strictObject({
    periods: listOf(period, 1, `periods, each ${PERIOD}`, {
      description:
        'When the schedule holds: in every minute that one of these names. Where day of the month and weekday are both restricted, either is enough.',
      example: "['* 8-17 * * mon-fri']",
    }),
    timezone: timeZone({
      description: 'Whose clocks the periods are read by. They move with its summer time.',
    }).prefault('UTC'),
    idle: sizeIdleSchema.exactOptional(),
    min: limits.min.exactOptional(),
    max: limits.max.exactOptional(),
  })
  .meta({
    description: 'What holds at some times. What it does not say is as the pool has it.',
    allowed: 'a map with the keys periods, timezone, idle, min, max',
    mend: "write `periods: ['* 8-17 * * mon-fri']` and, indented below, `idle`, `min` or `max`",
  });

/** What holds in place of the pool's own keys at some times. */
export const schedulesSchema = listOf(
  schedule,
  0,
  'schedules',
  {
    description:
      'What holds at some times in place of `idle`, `min` and `max`. Where several match, the last of them holds.',
    applies: 'hot',
    example: "[{periods: ['* 8-17 * * mon-fri'], timezone: Europe/Berlin, min: 2}]",
  },
  (written) => JSON.stringify(written),
);
