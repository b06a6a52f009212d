import { z } from 'zod';
import { ARCHITECTURES, INTERRUPTION_BANDS } from '../offers/type-table.ts';
import { decimal, listOf, oneOf, text, wholeNumber, yesOrNo } from './key-kinds.ts';

const MOST_VCPUS = 2048;
const MOST_GIB = 65_536;
const MOST_GPUS = 64;

const vcpu = z
  .strictObject({
    min: wholeNumber(1, MOST_VCPUS, { description: 'Fewest vCPUs.', example: '2' }),
    max: wholeNumber(1, MOST_VCPUS, {
      description: 'Most vCPUs. Where nothing is said, there is no upper end.',
      example: '4',
    }).exactOptional(),
  })
  .meta({ description: 'How many vCPUs.', example: '{min: 2, max: 4}' });

const memoryGiB = z
  .strictObject({
    min: decimal(0.5, MOST_GIB, { description: 'Least memory in GiB.', example: '8' }),
    max: decimal(0.5, MOST_GIB, {
      description: 'Most memory in GiB. Where nothing is said, there is no upper end.',
      example: '16',
    }).exactOptional(),
  })
  .meta({ description: 'How much memory, in GiB.', example: '{min: 8, max: 16}' });

function patterns(description: string) {
  return listOf(
    text(/^[a-z0-9*-]{1,20}$/, 'a family such as m7i, in which * may stand', {
      description: 'A family of instance types.',
      example: "'m7*'",
    }),
    1,
    'families such as m7i or m7*',
    { description, example: "['m7*', 'c7*']" },
  );
}

/** What an instance must be, in place of a list of types. */
export const requirementsSchema = z
  .strictObject({
    vcpu,
    memoryGiB,
    architecture: oneOf(ARCHITECTURES, {
      description: 'The architecture of the processor; the one of the image.',
      example: 'amd64',
    }),
    burstable: yesOrNo({
      description: 'Whether types are let in whose CPU credits run out. Where nothing is said, they are not.',
      example: 'false',
    }).exactOptional(),
    currentGeneration: yesOrNo({
      description: 'Whether older generations are left out. Where nothing is said, they are.',
    }).exactOptional(),
    gpu: z
      .strictObject({
        min: decimal(0, MOST_GPUS, {
          description: 'Fewest GPUs: a fraction where several instances share one, 0 for with or without.',
          example: '1',
        }),
      })
      .meta({
        description: 'GPUs. Where nothing is said, only types without any.',
        example: '{min: 1}',
      })
      .exactOptional(),
    maxInterruption: oneOf(INTERRUPTION_BANDS, {
      description:
        'Leaves out types of whose spot instances AWS takes back more in a month, as far as the bundled table knows. Where nothing is said, none is left out.',
      example: "'10-15%'",
    }).exactOptional(),
    families: z
      .strictObject({
        include: patterns('Only these families.').exactOptional(),
        exclude: patterns('None of these families.').exactOptional(),
      })
      .meta({
        description: 'Families of instance types. Where nothing is said, all.',
        example: "{exclude: ['m7i-flex']}",
      })
      .exactOptional(),
  })
  .meta({
    description:
      'What an instance must be, in place of `types`: the cheapest 30 types that fit may be bought. Only Nitro types are chosen.',
    applies: 'drifts',
    example: '{vcpu: {min: 2, max: 4}, memoryGiB: {min: 8, max: 16}, architecture: amd64}',
  });
