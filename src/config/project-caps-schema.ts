import { z } from 'zod';
import { PROJECT } from './gitlab-schema.ts';
import { ALWAYS, wholeNumber } from './key-kinds.ts';
import { fewKeys, keeps, namedLike } from './rules.ts';

/** The key that stands for every project that is not named. */
export const OTHERS = 'default';

const KEY = new RegExp(`^${OTHERS}$|${PROJECT.source}`);

/** How many jobs one project may count for in a pool. */
export const projectCapsSchema = z
  .record(
    z.string(),
    wholeNumber(0, 500_000, {
      description: 'Jobs of the project that count at once, those that run included.',
      example: '20',
    }),
  )
  .superRefine(
    keeps([
      namedLike(KEY, `the full path of a project, its id, or \`${OTHERS}\` for all others`, 'acme/web'),
      fewKeys(500, 'projects'),
    ]),
    ALWAYS,
  )
  .meta({
    description:
      'For how many jobs a project counts at once, those that run included; `default` is of every project that is not named. It limits what is bought, not what GitLab hands out.',
    applies: 'hot',
    allowed: `a map of at most 500 projects, or \`${OTHERS}\`, to numbers of jobs`,
    example: '{default: 20, acme/web: 50}',
  });
