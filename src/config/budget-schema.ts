import { z } from 'zod';
import { ALWAYS, decimal, share } from './key-kinds.ts';
import { type Breach, keeps } from './rules.ts';
import { timeZone } from './time-zone.ts';
import { valueAt } from './tree.ts';

const LEAST = 0.01;
const MOST = 1_000_000_000;
const LIMITS = ['hour', 'day', 'month'] as const;

function limitsSomething(budget: unknown): readonly Breach[] {
  if (LIMITS.some((key) => valueAt(budget, [key]) !== undefined)) return [];
  return [
    {
      path: [],
      allowed: 'at least one of `hour`, `day` and `month`: else it limits nothing',
      mend: 'write `day: 50`, or remove the budget',
    },
  ];
}

function idleBeforeOnDemand(budget: unknown): readonly Breach[] {
  const [idle, onDemand] = ['idleUntil', 'onDemandUntil'].map((key) => valueAt(budget, [key]));
  if (typeof idle !== 'number' || typeof onDemand !== 'number' || idle <= onDemand) return [];
  return [
    {
      path: ['idleUntil'],
      allowed: 'at most `onDemandUntil`: what is idle is given up first',
      mend: 'lower `idleUntil` or raise `onDemandUntil`',
    },
  ];
}

/** A budget; `whose` says of what. */
export function budgetSchema(whose: string) {
  return z
    .strictObject({
      hour: decimal(LEAST, MOST, {
        description:
          'Dollars that the instances may cost an hour, as they run now. Once it is full nothing more is bought; what is there stays.',
        example: '5',
      }).exactOptional(),
      day: decimal(LEAST, MOST, {
        description: 'Dollars that they may have cost since midnight.',
        example: '50',
      }).exactOptional(),
      month: decimal(LEAST, MOST, {
        description: 'Dollars that they may have cost since the first of the month.',
        example: '1000',
      }).exactOptional(),
      timezone: timeZone({ description: 'Whose midnight ends the day.' }).prefault('UTC'),
      idleUntil: share({
        description: 'The share of any limit from which nothing is bought to be idle.',
        example: "'80%'",
      }).prefault('80%'),
      onDemandUntil: share({
        description: 'The share of any limit from which only spot is bought.',
        example: "'90%'",
      }).prefault('90%'),
    })
    .superRefine(keeps([limitsSomething, idleBeforeOnDemand]), ALWAYS)
    .meta({
      description: `What ${whose} may cost, in dollars by the known prices. At a limit nothing is bought any more; what runs is never touched.`,
      applies: 'hot',
      mend: 'write `day: 50` below it',
    });
}
