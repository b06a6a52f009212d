import { z } from 'zod';
import { minutes, seconds } from '../engine/time.ts';
import { awsSchema } from './aws-schema.ts';
import { BUDGET_RULES } from './budget-rules.ts';
import { budgetSchema } from './budget-schema.ts';
import { gitlabSchema, webhookSchema } from './gitlab-schema.ts';
import { GROUPS_RULES } from './group-rules.ts';
import { ALWAYS, duration, fileContent, listenAddress, oneOf, text, wholeNumber } from './key-kinds.ts';
import { poolSchema } from './pool-schema.ts';
import { poolsOf } from './pool-sizes.ts';
import { readPriceFile } from './price-file.ts';
import { fewKeys, FILE_RULES, keeps, namedLike, POOLS_RULES, sizesNamedLike } from './rules.ts';
import type { Secret } from './secret.ts';

const SECOND = seconds(1);
const DAY = minutes(24 * 60);

/** Names go into the names of AWS resources: `runtide-<installation>-<pool>` has at most 64 characters. */
const INSTALLATION_NAME = /^[a-z][a-z0-9-]{0,30}$/;
const POOL_NAME = /^[a-z][a-z0-9-]{0,23}$/;

function nameAllowed(longest: number): string {
  return `a name of at most ${longest} small letters, digits and hyphens that starts with a letter`;
}

const poolsSchema = z
  .record(z.string().meta({ pattern: POOL_NAME.source }), poolSchema)
  .superRefine(
    keeps([
      namedLike(POOL_NAME, nameAllowed(24), 'linux'),
      sizesNamedLike(POOL_NAME, nameAllowed(24)),
      ...POOLS_RULES,
    ]),
    ALWAYS,
  )
  .transform((pools) =>
    Object.fromEntries(
      Object.entries(pools)
        .flatMap(([name, pool]) => poolsOf(name, pool))
        .map((pool) => [pool.name, pool]),
    ),
  )
  .meta({
    description: 'The pools by name. A job counts in the first pool that serves it, in this order.',
    applies: 'hot',
    ordered: true,
  });

/** Tag keys that instance metadata can show: EC2 refuses launches with others. */
const TAG_KEY = /^(?!aws:|runtide:)(?!\.{1,2}$|_index$)[A-Za-z0-9+=.,_:@-]{1,128}$/i;

const TAG_KEY_ALLOWED =
  "a key of letters, digits and + - = . , _ : @ that does not start with aws: or runtide: (no '/', no spaces)";

const awsTagsSchema = z
  .record(
    z.string(),
    z.string().max(256).meta({
      description: 'A value.',
      allowed: 'a text of at most 256 characters (numbers in quotes)',
      example: '"42"',
    }),
  )
  .superRefine(keeps([namedLike(TAG_KEY, TAG_KEY_ALLOWED, 'CostCenter'), fewKeys(40, 'tags')]), ALWAYS)
  .meta({
    description: 'AWS tags on everything that is bought.',
    applies: 'hot',
    allowed: 'a map of at most 40 tags',
    example: '{CostCenter: "42"}',
  });

/** The one description of the configuration file: shapes, defaults, limits, and when a change applies. */
export const configSchema = z
  .strictObject({
    installation: text(INSTALLATION_NAME, nameAllowed(31), {
      description: 'Names all that this installation owns in AWS. Two installations never share a name.',
      applies: 'restart',
      example: 'acme',
    }),
    gitlab: gitlabSchema,
    webhook: webhookSchema.exactOptional(),
    aws: awsSchema,
    status: z
      .strictObject({
        listen: listenAddress({
          description:
            'Where the status API, the dashboard and the metrics are. It has no login: keep it private.',
          example: '127.0.0.1:8471',
        }).prefault('127.0.0.1:8471'),
      })
      .meta({ description: 'The status API.', applies: 'restart' })
      .prefault({}),
    pollInterval: duration(SECOND, minutes(5), {
      description: 'How often everything is read, whatever wakes Runtide between.',
      applies: 'hot',
      example: '15s',
    }).prefault('15s'),
    unservedAfter: duration(SECOND, DAY, {
      description: 'A job left pending beside a free fitting slot for this long stops counting as demand.',
      applies: 'hot',
      example: '2m',
    }).prefault('2m'),
    drainAlarm: duration(SECOND, DAY, {
      description: 'A drain that an instance has not acknowledged for this long raises an alarm.',
      applies: 'hot',
      example: '2m',
    }).prefault('2m'),
    orphanGrace: duration(SECOND, DAY, {
      description: 'How long an instance may miss its manager in GitLab before it counts as orphaned.',
      applies: 'hot',
      example: '2m',
    }).prefault('2m'),
    state: text(/^[^\0]*[^\0/]$/, 'the path of a file, relative to this one', {
      description: 'The file that keeps what outlives the process; relative to the configuration file.',
      applies: 'restart',
      example: 'runtide.db',
    }).prefault('runtide.db'),
    log: z
      .strictObject({
        level: oneOf(['trace', 'debug', 'info', 'warn', 'error'], {
          description: 'The least important lines that are logged.',
          example: 'info',
        }).prefault('info'),
      })
      .meta({ description: 'The log.', applies: 'hot' })
      .prefault({}),
    tags: awsTagsSchema.prefault({}),
    prices: fileContent(
      'the path of a file that `runtide prices refresh` wrote, relative to this one',
      readPriceFile,
      {
        description:
          'Prices of one region, for `maxPrice` of the pools there. Where nothing is said, the bundled ones, of us-east-1.',
        applies: 'hot',
        example: 'prices.json',
        mend: 'remove the key, run `runtide prices refresh`, and name the file that it wrote',
      },
    ).exactOptional(),
    maxInstances: wholeNumber(0, 100_000, {
      description:
        'Most instances of all pools together. What there is goes to the first pool that needs it, in the order of the file. Where nothing is said, only the `max` of each pool counts.',
      applies: 'hot',
      example: '100',
    }).exactOptional(),
    budget: budgetSchema('all pools together').exactOptional(),
    pools: poolsSchema,
  })
  .superRefine(keeps([...FILE_RULES, ...GROUPS_RULES, ...BUDGET_RULES]), ALWAYS)
  .meta({ title: 'Runtide configuration', description: 'The configuration of one Runtide installation.' });

type Frozen<T> = unknown extends T
  ? T
  : T extends string | number | boolean | undefined | Secret
    ? T
    : { readonly [Key in keyof T]: Frozen<T[Key]> };

/** A loaded configuration: complete, valid, deeply frozen. `state` is an absolute path. */
export type Config = Frozen<z.output<typeof configSchema>>;

/** One pool of it, with its name. */
export type PoolConfig = Config['pools'][string];
