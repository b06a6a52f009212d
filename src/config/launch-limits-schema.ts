import { z } from 'zod';
import { NEW_ACCOUNT } from '../engine/launch-pacing.ts';
import { decimal, wholeNumber } from './key-kinds.ts';

function bucket({ most, perSecond }: { most: number; perSecond: number }, what: string) {
  return z
    .strictObject({
      most: wholeNumber(1, 100_000, {
        description: `How many ${what} at once, after a quiet while.`,
        example: String(most),
      }).prefault(most),
      perSecond: decimal(0.01, 10_000, {
        description: `How many ${what} are added a second.`,
        example: String(perSecond),
      }).prefault(perSecond),
    })
    .meta({ description: `The bucket of ${what}.` })
    .prefault({});
}

/** How fast an account may launch in one region. */
export const launchLimitsSchema = z
  .strictObject({
    requests: bucket(NEW_ACCOUNT.requests, 'calls that launch'),
    instances: bucket(NEW_ACCOUNT.instances, 'instances that are launched'),
  })
  .meta({
    description:
      'How fast EC2 lets an account launch, in each region and account for itself. Where nothing is said, as AWS allows a new account; AWS raises it on request.',
    applies: 'hot',
  });
