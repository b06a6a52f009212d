import { z } from 'zod';
import { FAMILIES_BEFORE_NITRO } from '../offers/families.ts';
import { bootstrapSchema, postInstallSchema, preInstallSchema } from './bootstrap-schema.ts';
import { groupSchema } from './group-schema.ts';
import { imageSchema, templateSchema } from './image-schema.ts';
import { decimal, listOf, text, wholeNumber } from './key-kinds.ts';
import { marketSchema } from './market-schema.ts';
import { requirementsSchema } from './requirements-schema.ts';

/** Instances of families before Nitro do not see live instance tags, so they could not be drained. */
const BEFORE_NITRO = String.raw`(?:${FAMILIES_BEFORE_NITRO.join('|')})\.(?!metal)`;
const INSTANCE_TYPE = new RegExp(
  String.raw`^(?!${BEFORE_NITRO})[a-z][a-z0-9-]*\.(?:nano|micro|small|medium|large|\d{0,3}xlarge|metal(?:-\d{1,3}xl)?)$`,
);

const PROFILE =
  /^(?:[A-Za-z0-9_+=,.@-]{1,128}|arn:aws[a-z-]*:iam::\d{12}:instance-profile\/[A-Za-z0-9_+=,.@/-]{1,512})$/;
const ROLE = /^arn:aws[a-z-]*:iam::\d{12}:role\/[A-Za-z0-9_+=,.@/-]{1,576}$/;
/** The id, the alias or the ARN of a KMS key. */
export const KMS_KEY =
  /^(?:arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:(?:key|alias)\/[\w/-]{1,256}|alias\/[\w/-]{1,250}|(?:mrk-)?[0-9a-f-]{32,36})$/;

export const REGION = /^[a-z]{2}(?:-[a-z]+){1,3}-\d{1,2}$/;

/** What gp3 can be, in GiB, MiB a second and operations a second. */
const GP3 = { size: [1, 65_536], throughput: [125, 2000], iops: [3000, 80_000] } as const;

/** The root volume, as a pool or one of its sizes may have it. */
export const volumeSchema = z
  .strictObject({
    size: wholeNumber(...GP3.size, {
      description: 'Its size in GiB; at least that of the image.',
      example: '50',
    }),
    throughput: wholeNumber(...GP3.throughput, {
      description: "MiB a second. Where nothing is said, AWS's 125.",
      example: '250',
    }).exactOptional(),
    iops: wholeNumber(...GP3.iops, {
      description: "Operations a second. Where nothing is said, AWS's 3000.",
      example: '6000',
    }).exactOptional(),
    kmsKey: text(KMS_KEY, 'the id, the alias or the ARN of a KMS key', {
      description:
        "The key that encrypts it; spot needs a grant on it for its service-linked role. Where nothing is said, the account's default.",
      example: 'alias/runners',
    }).exactOptional(),
  })
  .meta({
    description:
      'The root volume, gp3 and encrypted. Where nothing is said, it is as large as that of the image.',
    applies: 'drifts',
    example: '{size: 50}',
  });

/** The instance types that may be bought. */
export const typesSchema = listOf(
  text(INSTANCE_TYPE, 'a Nitro instance type such as m7i.large (older families cannot be drained)', {
    description: 'An instance type.',
    example: 'm7i.large',
  }),
  1,
  'Nitro instance types such as m7i.large',
  {
    description:
      'Instance types that may be bought, the most wanted first. Several make shortfalls rare. All of one architecture.',
    applies: 'drifts',
    example: '[m7i.large, m6i.large]',
  },
);

/** The highest price. */
export const maxPriceSchema = decimal(0.0001, 1000, {
  description:
    'Offerings that are known to cost more are not bought; dollars an hour for one instance. An unknown price is no hindrance.',
  applies: 'hot',
  example: '0.25',
});

/** What is bought. */
export const instancesSchema = z
  .strictObject({
    image: imageSchema.exactOptional(),
    template: templateSchema.exactOptional(),
    types: typesSchema.exactOptional(),
    requirements: requirementsSchema.exactOptional(),
    subnets: listOf(
      text(/^subnet-[0-9a-z]{1,17}$/, 'the id of a subnet, such as subnet-0abc', {
        description: 'A subnet.',
        example: 'subnet-0abc',
      }),
      1,
      'subnet ids such as subnet-0abc',
      {
        description:
          'Subnets that instances may be launched into; one in each zone makes shortfalls rare. Those of a group of your own are not said here.',
        applies: 'hot',
        example: '[subnet-0abc]',
      },
    ).exactOptional(),
    securityGroups: listOf(
      text(/^sg-[0-9a-z]{1,17}$/, 'the id of a security group, such as sg-0abc', {
        description: 'A security group.',
        example: 'sg-0abc',
      }),
      1,
      'security group ids such as sg-0abc',
      { description: 'Security groups of every instance.', applies: 'drifts', example: '[sg-0abc]' },
    ).exactOptional(),
    profile: text(PROFILE, 'the name or the ARN of an instance profile', {
      description: 'The instance profile. Its role needs to read the token parameter and nothing else.',
      applies: 'drifts',
      example: 'runtide-instance',
    }).exactOptional(),
    volume: volumeSchema.exactOptional(),
    bootstrap: bootstrapSchema.exactOptional(),
    preInstall: preInstallSchema.exactOptional(),
    postInstall: postInstallSchema.exactOptional(),
    group: groupSchema.exactOptional(),
    market: marketSchema.prefault('spot'),
    maxPrice: maxPriceSchema.exactOptional(),
    region: text(REGION, 'an AWS region, such as eu-west-1', {
      description:
        'The region of the pool. Where nothing is said, `aws.region`. Empty a pool (`max: 0`) before it moves: instances in a region that no pool names are no longer seen.',
      applies: 'restart',
      example: 'eu-west-1',
    }).exactOptional(),
    role: text(ROLE, 'the ARN of an IAM role', {
      description:
        'A role that Runtide assumes for this pool, such as one in another account. Empty the pool before this changes, as with `region`.',
      applies: 'restart',
      example: 'arn:aws:iam::111122223333:role/runtide',
    }).exactOptional(),
  })
  .meta({
    description: 'What is bought.',
    applies: 'drifts',
    mend: 'write `image`, `types`, `subnets`, `securityGroups`, `profile` below it, one a line and indented',
  });
