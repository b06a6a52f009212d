import { z } from 'zod';
import { minutes, seconds } from '../engine/time.ts';
import { ALWAYS, duration, listOf, oneOf, TEN_YEARS, text, wholeNumber, yesOrNo } from './key-kinds.ts';
import { keeps, POOL_RULES } from './rules.ts';

const HOUR = minutes(60);
const DAY = minutes(24 * 60);

/** Families from before Nitro: their instances do not see live instance tags, so they could not be drained. */
const NOT_NITRO =
  'c1 c3 c4 cc1 cc2 cg1 cr1 d2 f1 g2 g3 g3s h1 hi1 hs1 i2 m1 m2 m3 m4 p2 p3 r3 r4 t1 t2 x1 x1e'.split(' ');
const INSTANCE_TYPE = new RegExp(
  String.raw`^(?!(?:${NOT_NITRO.join('|')})\.)[a-z][a-z0-9-]*\.(?:nano|micro|small|medium|large|\d{0,3}xlarge|metal(?:-\d{1,3}xl)?)$`,
);

const TOKEN_PARAMETER =
  /^(?!\/?(?:aws|ssm)|gl[a-z]{1,6}-)(?=.{1,1011}$)(?:(?:\/[A-Za-z0-9_.-]+){1,15}|[A-Za-z0-9_.-]+)$/i;
const PROFILE =
  /^(?:[A-Za-z0-9_+=,.@-]{1,128}|arn:aws[a-z-]*:iam::\d{12}:instance-profile\/[A-Za-z0-9_+=,.@/-]{1,512})$/;

const runner = z
  .strictObject({
    id: wholeNumber(1, Number.MAX_SAFE_INTEGER, {
      description: 'The id of the runner in GitLab. Every instance of the pool becomes a manager of it.',
      example: '12',
    }),
    tokenParameter: text(TOKEN_PARAMETER, 'the name of an SSM parameter, never the token itself', {
      description:
        'The SSM parameter (a SecureString) that holds the glrt- token of the runner. Instances read it themselves at boot.',
      example: '/runtide/linux/runner-token',
    }),
  })
  .meta({ description: 'The GitLab runner that this pool serves.', applies: 'drifts' });

const docker = z
  .strictObject({
    image: text(/^[^\s]{1,500}$/, 'the name of a container image, without spaces', {
      description: 'The image of jobs that name none.',
      example: "'alpine:3'",
    }),
    privileged: yesOrNo({
      description:
        'Whether job containers run privileged, as Docker-in-Docker needs. A privileged job owns its instance.',
    }).prefault(false),
  })
  .meta({
    description: 'Settings of the docker executor; only with `executor: docker`, and needed there.',
    applies: 'drifts',
    example: "{image: 'alpine:3'}",
  });

const instances = z
  .strictObject({
    image: text(/^ami-[0-9a-f]{8,17}$/, 'the id of an AMI: ami- and 8 to 17 hex digits', {
      description: 'The AMI that instances boot from.',
      applies: 'drifts',
      example: 'ami-0123456789abcdef0',
    }),
    types: listOf(
      text(INSTANCE_TYPE, 'a Nitro instance type such as m7i.large (older families cannot be drained)', {
        description: 'An instance type.',
        example: 'm7i.large',
      }),
      1,
      'Nitro instance types such as m7i.large',
      {
        description:
          'Instance types that may be bought, the most wanted first. Several make shortfalls rare.',
        applies: 'drifts',
        example: '[m7i.large, m6i.large]',
      },
    ),
    subnets: listOf(
      text(/^subnet-[0-9a-z]{1,17}$/, 'the id of a subnet, such as subnet-0abc', {
        description: 'A subnet.',
        example: 'subnet-0abc',
      }),
      1,
      'subnet ids such as subnet-0abc',
      {
        description: 'Subnets that instances may be launched into; one in each zone makes shortfalls rare.',
        applies: 'hot',
        example: '[subnet-0abc]',
      },
    ),
    securityGroups: listOf(
      text(/^sg-[0-9a-z]{1,17}$/, 'the id of a security group, such as sg-0abc', {
        description: 'A security group.',
        example: 'sg-0abc',
      }),
      1,
      'security group ids such as sg-0abc',
      { description: 'Security groups of every instance.', applies: 'drifts', example: '[sg-0abc]' },
    ),
    profile: text(PROFILE, 'the name or the ARN of an instance profile', {
      description: 'The instance profile. Its role needs to read the token parameter and nothing else.',
      applies: 'drifts',
      example: 'runtide-instance',
    }),
    market: oneOf(['spot', 'on-demand'], {
      description: 'Whether the cloud may take the machines back (spot, cheaper) or not (on-demand).',
      applies: 'hot',
      example: 'spot',
    }).prefault('spot'),
  })
  .meta({ description: 'What is bought.', applies: 'drifts' });

const idle = z
  .strictObject({
    slots: wholeNumber(0, 500_000, {
      description: 'Free slots wanted beyond the demand, so that the next jobs start at once.',
    }).prefault(0),
    time: duration(seconds(0), DAY, {
      description: 'How long an instance must be idle before it may leave.',
      example: '5m',
    }).prefault('5m'),
  })
  .meta({ description: 'Headroom beyond the demand.', applies: 'hot' });

/** One pool, as it stands in the file. */
export const poolSchema = z
  .strictObject({
    runner,
    tags: listOf(
      text(
        /^(?=\S)[^,]{1,255}(?<=\S)$/,
        'a tag of up to 255 characters, without commas (numbers in quotes)',
        {
          description: 'A tag.',
          example: 'linux',
        },
      ),
      0,
      'tags',
      {
        description: 'The tags of the GitLab runner. A job fits when every one of its tags is among these.',
        applies: 'hot',
        example: '[linux]',
      },
    ).prefault([]),
    runUntagged: yesOrNo({
      description: 'Whether jobs without tags fit, as set on the GitLab runner.',
      applies: 'hot',
    }).prefault(false),
    executor: oneOf(['shell', 'docker'], {
      description: 'How the runner runs jobs: in a shell of the instance, or in containers.',
      applies: 'drifts',
      example: 'docker',
    }).prefault('shell'),
    docker: docker.exactOptional(),
    checkInterval: duration(seconds(1), minutes(1), {
      description: 'How often the runner of an instance asks GitLab for jobs.',
      applies: 'drifts',
      example: '3s',
    }).prefault('3s'),
    slots: wholeNumber(1, 100, {
      description: 'Jobs that one instance runs at once.',
      applies: 'drifts',
    }).prefault(1),
    min: wholeNumber(0, 5000, {
      description: 'Fewest instances kept, whatever the demand. At most `max`.',
      applies: 'hot',
    }).prefault(0),
    max: wholeNumber(0, 5000, {
      description: 'Most instances at once, apart from `surge`.',
      applies: 'hot',
      example: '10',
    }).prefault(10),
    surge: wholeNumber(0, 5000, {
      description:
        'Instances that may exist beyond `max` while old ones are replaced. At most `max`; where nothing is said, 1 (0 with `max: 0`).',
      applies: 'hot',
      example: '1',
    }).exactOptional(),
    idle: idle.prefault({}),
    cooldown: duration(seconds(0), DAY, {
      description: 'How long after a launch or a scale-in no further scale-in happens.',
      applies: 'hot',
      example: '30s',
    }).prefault('30s'),
    bootTimeout: duration(seconds(5), HOUR, {
      description: 'How long an instance may take from launch to the first contact of its runner.',
      applies: 'hot',
      example: '10m',
    }).prefault('10m'),
    maxAge: duration(HOUR, TEN_YEARS, {
      description:
        'Instances older than this leave once their jobs have ended. Where nothing is said, age never matters.',
      applies: 'hot',
      example: '7d',
    }).exactOptional(),
    instances,
  })
  .superRefine(keeps(POOL_RULES), ALWAYS)
  .meta({ description: 'One pool: instances of one kind behind one GitLab runner.', applies: 'hot' });
