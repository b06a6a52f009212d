import { z } from 'zod';
import { oneOf, share, shortOrSection, wholeNumber, yesOrNo } from './key-kinds.ts';

const split = z.strictObject({
  onDemandBase: wholeNumber(0, 5000, {
    description: 'The first instances of the pool that are on-demand, whatever the share.',
  }).prefault(0),
  spotShare: share({
    description: 'The share of spot among the others.',
    example: "'80%'",
  }).prefault(1),
  onDemandFallback: yesOrNo({
    description: 'Whether on-demand stands in for spot that cannot be had.',
  }).prefault(false),
});

/** On which markets instances are bought. */
export const marketSchema = shortOrSection(
  oneOf(['spot', 'on-demand'], {
    description: 'One market for all.',
    example: 'spot',
  }),
  split,
  {
    description:
      'Whether the cloud may take the machines back (spot, cheaper) or not (on-demand), or how they are divided.',
    applies: 'hot',
    allowed: 'spot, on-demand, or a map with the keys onDemandBase, spotShare, onDemandFallback',
    example: 'spot',
  },
);

type Market = z.output<typeof marketSchema>;

/** The long form of what stands at `market`. */
export function splitOf(market: Market): z.output<typeof split> {
  if (typeof market !== 'string') return market;
  return { onDemandBase: 0, spotShare: market === 'spot' ? 1 : 0, onDemandFallback: false };
}
