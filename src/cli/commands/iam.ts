import process from 'node:process';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { regionOfQueue } from '../../adapters/aws/interruptions.ts';
import { placeOf as placeOfPool, runnerSettingsOf } from '../../config/boot-settings.ts';
import { groupOf } from '../../config/group-settings.ts';
import { splitOf } from '../../config/market-schema.ts';
import { runnersOf } from '../../config/pool-runners.ts';
import type { Config, PoolConfig } from '../../config/schema.ts';
import { accountOfRole, type Facts, type PoolFacts } from '../../permissions/facts.ts';
import { placeOf } from '../../permissions/place.ts';
import { PermissionError } from '../../permissions/policy.ts';
import { type Preset, PRESETS } from '../../permissions/presets.ts';
import { type Role, type RoleDefinition, ROLES } from '../../permissions/role-definition.ts';
import { rolesOf } from '../../permissions/roles.ts';
import { textOf } from '../../permissions/text.ts';
import { loadNames } from '../named-config.ts';
import { configCommand, type ConfigOptions } from '../options.ts';

interface IamOptions extends ConfigOptions {
  readonly account: string;
  readonly partition?: string;
  readonly boundary?: string;
  readonly path: string;
  readonly kmsKey?: readonly string[];
  readonly controller?: string;
  readonly logGroup?: string;
  readonly ecrRegistry?: readonly string[];
  readonly instanceRole?: Readonly<Record<string, string>>;
  readonly role?: readonly Role[];
  readonly preset?: readonly Preset[];
  readonly repository?: readonly string[];
  readonly service?: readonly string[];
  readonly project?: readonly string[];
  readonly branch?: readonly string[];
  readonly tag?: readonly string[];
  readonly issuer?: string;
  readonly audience?: string;
}

function cacheFacts(config: Config, pool: PoolConfig): Pick<PoolFacts, 'cache'> {
  const { cache } = runnerSettingsOf(config, pool);
  if (cache === undefined) return {};
  const { bucket, region, path, kmsKey } = cache;
  return { cache: { bucket, region, path, ...(kmsKey !== undefined && { kmsKey }) } };
}

function imageFacts({ image }: PoolConfig['instances']): Pick<PoolFacts, 'image' | 'imageParameter'> {
  if (image === undefined) return {};
  if (typeof image === 'string') return { image };
  // One that is looked up is not known yet.
  return { image: '*', ...(image.parameter !== undefined && { imageParameter: image.parameter }) };
}

/** What the launch template of a pool is made of; of one that the operator keeps only its id is known. */
function machineFacts({ instances }: PoolConfig) {
  const { profile, securityGroups = [], volume } = instances;
  const template = typeof instances.template === 'string' ? instances.template : instances.template?.id;
  return {
    ...imageFacts(instances),
    ...(template !== undefined && { template }),
    ...(profile !== undefined && { profile }),
    ...(volume?.kmsKey !== undefined && { volumeKey: volume.kmsKey }),
    securityGroups,
  };
}

/** What the instances use besides: as the configuration installs it, and as images have it. */
function installedFacts({ instances }: PoolConfig, { logGroup, ecrRegistry = [] }: IamOptions) {
  const group = instances.bootstrap?.logGroup ?? logGroup;
  return {
    ...(group !== undefined && { logGroup: group }),
    ecrRegistries: [...(instances.bootstrap?.ecrRegistries ?? []), ...ecrRegistry],
  };
}

function tokenFacts(config: Config, pool: PoolConfig): Pick<PoolFacts, 'tokenParameters' | 'tokenPrefix'> {
  const runners = runnersOf(config, pool);
  if ('created' in runners) return { tokenParameters: [], tokenPrefix: runners.created.tokenPrefix };
  return { tokenParameters: runners.adopted.map(({ tokenParameter }) => tokenParameter) };
}

function poolFacts(config: Config, pool: PoolConfig, options: IamOptions): PoolFacts {
  const { region, role } = placeOfPool(config, pool);
  const group = groupOf(config, pool);
  const account = role === undefined ? options.account : accountOfRole(role);
  return {
    name: pool.name,
    place: placeOf(account, region, options.partition),
    ...(role !== undefined && { assumes: role }),
    ...machineFacts(pool),
    ...cacheFacts(config, pool),
    ...installedFacts(pool, options),
    subnets: pool.instances.subnets,
    market: splitOf(pool.instances.market).spotShare > 0 ? 'spot' : 'on-demand',
    ...(group !== undefined && { group: { name: group.name, attached: group.attached } }),
    ...tokenFacts(config, pool),
  };
}

/** The ARN of the queue of events; its URL names region, account and queue. */
function queueOf({ aws }: Config, partition: string): string | undefined {
  if (aws.events === undefined) return undefined;
  const { queue } = aws.events;
  const [, account = '', name = ''] = new URL(queue).pathname.split('/');
  return `arn:${partition}:sqs:${regionOfQueue(queue) ?? aws.region}:${account}:${name}`;
}

function factsOf(config: Config, parameters: ReadonlySet<string>, options: IamOptions): Facts {
  const place = placeOf(options.account, config.aws.region, options.partition);
  const queue = queueOf(config, place.partition);
  const { rotation } = config.gitlab;
  return {
    installation: config.installation,
    place,
    ...(queue !== undefined && { queue }),
    ...(config.aws.metrics !== undefined && { metrics: config.aws.metrics.namespace }),
    pools: Object.values(config.pools).map((pool) => poolFacts(config, pool, options)),
    parameters: [...parameters],
    ...(rotation !== undefined && { rotated: rotation.parameter }),
    path: options.path,
    instanceRoles: options.instanceRole ?? {},
    kmsKeys: options.kmsKey ?? [],
  };
}

async function definitions(options: IamOptions): Promise<readonly RoleDefinition[]> {
  const { config, parameters } = await loadNames(options.config);
  const issuer = (options.issuer ?? config.gitlab.url).replace(/\/+$/, '');
  return rolesOf({
    facts: factsOf(config, parameters, options),
    roles: options.role ?? ['controller', 'assumed', 'instance'],
    jobs: {
      presets: options.preset ?? [],
      repositories: options.repository ?? [],
      services: options.service ?? [],
    },
    identity: {
      issuer,
      audience: options.audience ?? issuer,
      projects: options.project ?? [],
      branches: options.branch ?? [],
      gitTags: options.tag ?? [],
    },
    ...(options.boundary !== undefined && { boundary: options.boundary }),
    ...(options.controller !== undefined && { controller: options.controller }),
  });
}

/** An option that may be given several times. */
function several(flags: string, description: string): Option {
  return new Option(flags, `${description}; repeatable`).argParser<readonly string[] | undefined>(
    (value, before) => [...(before ?? []), value],
  );
}

function severalOf(flags: string, description: string, names: readonly string[]): Option {
  return several(flags, `${description}: ${names.join(', ')}`).argParser<readonly string[] | undefined>(
    (value, before = []) => {
      if (!names.includes(value)) throw new InvalidArgumentError(`It is one of ${names.join(', ')}.`);
      return before.includes(value) ? before : [...before, value];
    },
  );
}

type ProfileRoles = Readonly<Record<string, string>>;

function profileRole(value: string, before: ProfileRoles | undefined): ProfileRoles {
  const [profile = '', role = '', ...more] = value.split('=');
  if (profile === '' || role === '' || more.length > 0) {
    throw new InvalidArgumentError('It is PROFILE=ROLE, such as runtide-linux=runtide-linux-role.');
  }
  return { ...before, [profile]: role };
}

/** `runtide iam`: the roles and policies that an installation needs in AWS, and why. */
export function iamCommand(): Command {
  return configCommand(
    'iam',
    'Print the IAM roles and policies that Runtide, its instances and CI jobs need, and why',
  )
    .requiredOption('--account <id>', 'the AWS account, 12 digits')
    .option('--partition <name>', 'the AWS partition; the one of the region where nothing is said')
    .option('--boundary <arn>', 'a permissions boundary that every role gets')
    .option('--path <path>', 'the path of the roles', '/')
    .option('--controller <arn>', 'the identity that Runtide has, where it is not the role that is printed')
    .addOption(several('--kms-key <arn>', 'a key of your own that encrypts SSM parameters'))
    .option(
      '--instance-role <profile=role>',
      'a role that has another name than its instance profile; POOL=ROLE for a pool with a launch template or a group of yours',
      profileRole,
    )
    .option('--log-group <name>', 'the log group that the image of the instances sends their logs to')
    .addOption(several('--ecr-registry <host>', 'an ECR registry that the image of the instances pulls from'))
    .addOption(severalOf('--role <role>', 'only this role', ROLES))
    .addOption(
      severalOf('--preset <name>', 'what CI jobs may do, with --role ci or --role instance', PRESETS),
    )
    .addOption(several('--repository <name>', 'an ECR repository, for ecr-push'))
    .addOption(several('--service <cluster/service>', 'an ECS service, for ecs-update-service'))
    .addOption(several('--project <path>', 'a project whose jobs may take role ci'))
    .addOption(several('--branch <name>', 'a branch whose jobs may take role ci'))
    .addOption(several('--tag <name>', 'a Git tag whose jobs may take role ci; a * may end it'))
    .option('--issuer <url>', 'who signs ID tokens, where that is not gitlab.url')
    .option('--audience <text>', 'whom ID tokens are for; the issuer where nothing is said')
    .action(async (options: IamOptions, command: Command) => {
      try {
        const roles = await definitions(options);
        process.stdout.write(
          options.json === true ? `${JSON.stringify({ roles }, null, 2)}\n` : textOf(roles),
        );
      } catch (error) {
        if (!(error instanceof PermissionError)) throw error;
        command.error(`error: ${error.message}`);
      }
    });
}
