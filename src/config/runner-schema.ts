import { z } from 'zod';
import { readCertificates } from './certificates.ts';
import { address, ALWAYS, fileContent, listOf, text } from './key-kinds.ts';
import { fewKeys, keeps, namedLike } from './rules.ts';
import { KMS_KEY, REGION } from './instances-schema.ts';

/** The name of a parameter that holds a token, which is not the token itself. */
export const TOKEN_PARAMETER =
  /^(?!\/?(?:aws|ssm)|gl[a-z]{1,6}-)(?=.{1,1011}$)(?:(?:\/[A-Za-z0-9_.-]+){1,15}|[A-Za-z0-9_.-]+)$/i;
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const CACHE_PREFIX = /^(?!\/)(?!.*\/$)(?!.*\/\/)[A-Za-z0-9!_.'()/-]{1,200}$/;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/;
const HOST_OR_NETWORK = /^[A-Za-z0-9_./:-]{1,200}$/;

/** The shared cache of jobs. */
export const cacheSchema = z
  .strictObject({
    bucket: text(BUCKET, 'the name of an S3 bucket', {
      description: 'The bucket. The role of the instances reads and writes it: there are no keys.',
      example: 'acme-runner-cache',
    }),
    region: text(REGION, 'an AWS region, such as eu-central-1', {
      description: "The region of the bucket. Where nothing is said, the pool's.",
      example: 'eu-central-1',
    }).exactOptional(),
    prefix: text(CACHE_PREFIX, 'a path without a slash at its ends', {
      description:
        'What comes before `<installation>/<pool>` in the names of the objects. Every pool has a path of its own.',
      example: 'gitlab',
    }).exactOptional(),
    endpoint: address(
      'an http(s) address of a host alone',
      {
        description:
          "Where S3 answers: a VPC endpoint, or a store that speaks S3. Where nothing is said, the region's own.",
        example: 'https://bucket.vpce-0abc.s3.eu-central-1.vpce.amazonaws.com',
      },
      ({ pathname }) => (pathname === '/' ? undefined : 'leave out the path'),
    ).exactOptional(),
    kmsKey: text(KMS_KEY, 'the id, the alias or the ARN of a KMS key', {
      description:
        'The key that encrypts the objects; the role of the instances must be allowed to use it. Where nothing is said, they are encrypted as the bucket says.',
      example: 'alias/runner-cache',
    }).exactOptional(),
  })
  .meta({
    description: 'The cache that all instances of the pool share, in S3. Without it each keeps its own.',
    applies: 'drifts',
    example: '{bucket: acme-runner-cache}',
  });

/** The way out of the instances. */
export const proxySchema = z
  .strictObject({
    url: address('an http(s) address without credentials', {
      description: 'The proxy for http and https of the runner, of Docker and of jobs.',
      example: 'http://proxy.example.com:3128',
    }),
    direct: listOf(
      text(HOST_OR_NETWORK, 'a host, a domain or a network', {
        description: 'A host, a domain or a network.',
        example: '.example.com',
      }),
      1,
      'hosts, domains or networks',
      {
        description:
          'What is reached without the proxy, besides the instance itself and its metadata. Name GitLab and S3 here when they are near.',
        example: '[gitlab.example.com]',
      },
    ).exactOptional(),
  })
  .meta({
    description: 'The proxy of the instances. Runtide itself does not use it: it has `gitlab.proxy`.',
    applies: 'drifts',
    example: '{url: http://proxy.example.com:3128}',
  });

/** Variables of jobs. */
export const environmentSchema = z
  .record(
    z.string(),
    z.string().max(1000).meta({
      description: 'A value.',
      allowed: 'a text of at most 1000 characters (numbers in quotes)',
      example: '"42"',
    }),
  )
  .superRefine(
    keeps([namedLike(VARIABLE, 'a name of letters, digits and _', 'HTTP_TIMEOUT'), fewKeys(50, 'variables')]),
    ALWAYS,
  )
  .meta({
    description:
      'Variables of every job. No secrets: whoever may describe an instance can read them, and so can every job.',
    applies: 'drifts',
    allowed: 'a map of at most 50 variables',
    example: '{LANG: C.UTF-8}',
  });

/** The private authorities that instances trust. */
export const caFileSchema = fileContent(
  'the path of a PEM file with certificates, relative to this file',
  readCertificates,
  {
    description:
      'A file with the certificates of private authorities that the instances trust, relative to the configuration file.',
    applies: 'drifts',
    example: 'ca.pem',
  },
);
