import { z } from 'zod';
import { minutes } from '../engine/time.ts';
import { PROJECT_PATH, whyNoToken } from './gitlab-schema.ts';
import { KMS_KEY } from './instances-schema.ts';
import { ALWAYS, duration, listOf, oneOf, secret, text, wholeNumber, yesOrNo } from './key-kinds.ts';
import { CREATE_RULES, RUNNER_RULES } from './pool-runner-rules.ts';
import { keeps } from './rules.ts';

const TOKEN_PARAMETER =
  /^(?!\/?(?:aws|ssm)|gl[a-z]{1,6}-)(?=.{1,1011}$)(?:(?:\/[A-Za-z0-9_.-]+){1,15}|[A-Za-z0-9_.-]+)$/i;
const GROUP_PATH = /^[A-Za-z0-9_.][\w.-]*(?:\/[A-Za-z0-9_.][\w.-]*)*$/;

const MOST_SHARDS = 100;
const SHORTEST_TIMEOUT = minutes(10);
const LONGEST_TIMEOUT = minutes(60 * 24 * 30);

function tokenParameter(description: string) {
  return text(TOKEN_PARAMETER, 'the name of an SSM parameter, never the token itself', {
    description,
    applies: 'drifts',
    example: '/runtide/linux/runner-token',
  });
}

function id(description: string) {
  return wholeNumber(1, Number.MAX_SAFE_INTEGER, { description, applies: 'drifts', example: '12' });
}

function project(description: string) {
  return z.union([z.int().min(1), z.string().regex(PROJECT_PATH)]).meta({
    description,
    allowed: 'the numeric id of a project (without quotes) or its full path, such as acme/web',
    example: 'acme/web',
  });
}

const createSchema = z
  .strictObject({
    project: project('The project that owns the runner.').exactOptional(),
    projects: listOf(
      project('A project.'),
      1,
      'project ids or full paths, such as acme/tools',
      {
        description: 'Further projects that it serves. They come and go without touching an instance.',
        applies: 'hot',
        example: '[acme/tools]',
      },
      (item) => (typeof item === 'string' ? item.toLowerCase() : item),
    ).exactOptional(),
    group: z
      .union([z.int().min(1), z.string().regex(GROUP_PATH)])
      .meta({
        description: 'The group whose projects the runner serves.',
        allowed: 'the numeric id of a group (without quotes) or its full path, such as acme',
        example: 'acme',
      })
      .exactOptional(),
    instance: z
      .literal(true)
      .meta({
        description: 'The runner serves the whole GitLab; needs the token of an administrator.',
        allowed: 'true',
        example: 'true',
      })
      .exactOptional(),
  })
  .superRefine(keeps(CREATE_RULES), ALWAYS)
  .meta({
    description:
      'Runtide makes the runner in GitLab, keeps it in step with this file, replaces it before its token ends, and keeps its token under `tokenParameter`. Remove the runner with `runtide runners remove` before this names another owner, and before the pool goes.',
    applies: 'drifts',
    allowed: 'a map with `project`, `group` or `instance`',
    example: '{project: acme/web}',
    mend: 'write `create: {project: acme/web}`',
  });

const adoptedSchema = z
  .strictObject({
    id: id('The id of a runner in GitLab. Every instance of the pool becomes a manager of it.'),
    tokenParameter: tokenParameter('The SSM parameter with its glrt- token.'),
  })
  .meta({
    description: 'One of several runners.',
    applies: 'drifts',
    mend: 'write `id` and `tokenParameter` of the runner',
  });

const oneRunnerSchema = z
  .strictObject({
    id: id(
      'The id of a runner that you made in GitLab. Every instance of the pool becomes a manager of it.',
    ).exactOptional(),
    tokenParameter: tokenParameter(
      "The SSM parameter (a SecureString) that holds the glrt- token of the runner, in the pool's region. Instances read it themselves at boot. With `create` what the names of the parameters begin with, before `/<id of the runner>`; where nothing is said, `/runtide/<installation>/<pool>/runner-token`.",
    ).exactOptional(),
    create: createSchema.exactOptional(),
    protected: yesOrNo({
      description: 'With `create`: whether the runner takes only jobs of protected refs.',
      applies: 'hot',
    }).exactOptional(),
    locked: yesOrNo({
      description:
        'With `create.project`: whether nobody may enable the runner for further projects in GitLab. Where nothing is said, so it is.',
      applies: 'hot',
      example: 'false',
    }).exactOptional(),
    maximumTimeout: duration(SHORTEST_TIMEOUT, LONGEST_TIMEOUT, {
      description:
        'With `create`: the longest that one job may run. Where nothing is said, what GitLab has stays.',
      applies: 'hot',
      example: '3h',
    }).exactOptional(),
    description: text(/^[^\p{Cc}]{1,150}$/u, 'a line of at most 150 characters', {
      description:
        'With `create`: what stands in the description of the runner behind `Runtide <installation>/<pool>`, by which Runtide finds it.',
      applies: 'hot',
      example: 'Linux runners of the web team',
    }).exactOptional(),
    maintenanceNote: text(/^[^\0]{1,1024}$/, 'a text of at most 1024 characters', {
      description:
        'With `create`: the maintenance note of the runner. Where nothing is said, what GitLab has stays.',
      applies: 'hot',
      example: 'Ask the platform team',
    }).exactOptional(),
    isolation: oneOf(['shared', 'runner-per-instance'], {
      description:
        'With `create`: whether all instances share the runner, or each has a runner of its own, which goes with it. Then a job that reads the token of its instance gets the jobs of no other one.',
      applies: 'drifts',
      example: 'runner-per-instance',
    }).exactOptional(),
    shards: wholeNumber(1, MOST_SHARDS, {
      description:
        'With `create`: over how many runners the instances are spread. GitLab takes 2,000 requests for jobs a minute from the managers of one runner; where nothing is said, there are enough for `max` and `surge`.',
      applies: 'drifts',
      example: '2',
    }).exactOptional(),
    kmsKey: text(KMS_KEY, 'the id, the alias or the ARN of a KMS key', {
      description:
        "With `create`: the key that encrypts the tokens. Where nothing is said, the account's default key for SSM.",
      applies: 'hot',
      example: 'alias/runtide',
    }).exactOptional(),
    registrationToken: secret('a registration token', whyNoToken, {
      description:
        'With `create`: makes the runner by a registration token, for a GitLab before 16.0. Deprecated: GitLab removes such tokens, and without this key Runtide needs none.',
      applies: 'hot',
      example: '${env:REGISTRATION_TOKEN}',
    }).exactOptional(),
  })
  .superRefine(keeps(RUNNER_RULES), ALWAYS);

/** The runner in GitLab, or several of them. */
export const runnerSchema = z
  .union([
    z
      .array(adoptedSchema)
      .min(1)
      .meta({ description: 'Several runners, such as one for each project: an instance serves them all.' }),
    oneRunnerSchema,
  ])
  .meta({
    description:
      'The GitLab runner that this pool serves: one that you made, a list of such, or one that Runtide makes.',
    applies: 'drifts',
    allowed: 'a map with `id` and `tokenParameter` or with `create`, or a list of such with `id`',
    mend: 'write `id` and `tokenParameter` below it, one a line and indented, or `create`',
  });
