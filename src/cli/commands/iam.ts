import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import process from 'node:process';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { readConfigParameter } from '../../compose.ts';
import { environment } from '../../config/environment.ts';
import { loadConfig } from '../../config/load.ts';
import type { Sources } from '../../config/lookup.ts';
import { splitOf } from '../../config/market-schema.ts';
import { ConfigError } from '../../config/mistakes.ts';
import type { Config, PoolConfig } from '../../config/schema.ts';
import type { Facts, PoolFacts } from '../../permissions/facts.ts';
import { placeOf } from '../../permissions/place.ts';
import { PermissionError } from '../../permissions/policy.ts';
import { type Preset, PRESETS } from '../../permissions/presets.ts';
import { type Role, type RoleDefinition, ROLES, rolesOf } from '../../permissions/roles.ts';
import { textOf } from '../../permissions/text.ts';
import { configCommand, type ConfigOptions } from '../options.ts';

interface IamOptions extends ConfigOptions {
  readonly account: string;
  readonly partition?: string;
  readonly boundary?: string;
  readonly path: string;
  readonly kmsKey?: string;
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

/**
 * Stands for every value behind a reference: it is a fit secret, and fits no key that policies are made of, so
 * that a file whose references are all secrets loads without them.
 */
const STAND_IN = `whsec_${btoa('policies are written without any of it!')}+/+/`;

/** Loads the configuration with something else behind its references, and notes the parameters that it names. */
async function loadWith(
  file: string,
  sources: Sources,
): Promise<{ config: Config; parameters: Set<string> }> {
  const parameters = new Set<string>();
  const readParameter: Sources['readParameter'] = (name, region, endpoint) => {
    parameters.add(name);
    return sources.readParameter(name, region, endpoint);
  };
  return { config: await loadConfig(file, { ...sources, readParameter }), parameters };
}

/** Sources in which every reference stands for the same. */
function standIns(file: string): Sources {
  const itself = resolve(file);
  return {
    env: new Proxy<Record<string, string>>(
      {},
      { get: () => STAND_IN, getOwnPropertyDescriptor: () => ({ value: STAND_IN, configurable: true }) },
    ),
    readFile: async (path) => (path === itself ? readFile(path) : new TextEncoder().encode(STAND_IN)),
    readParameter: async () => STAND_IN,
  };
}

/** Policies need no secrets: only where other keys are references as well are they all looked up. */
async function loadNames(file: string): Promise<{ config: Config; parameters: Set<string> }> {
  try {
    return await loadWith(file, standIns(file));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return loadWith(file, { env: environment(), readParameter: readConfigParameter });
  }
}

function poolFacts({ name, instances, runner }: PoolConfig): PoolFacts {
  const { image, subnets, securityGroups = [], profile, market } = instances;
  const { spotShare } = splitOf(market);
  if (profile === undefined) {
    throw new PermissionError(
      `pool ${name} has a launch template of its own, and what that needs cannot be read from the configuration: write its rights by hand`,
    );
  }
  const imageParameter = typeof image === 'string' ? undefined : image?.parameter;
  return {
    name,
    // One that is looked up is not known yet.
    image: typeof image === 'string' ? image : '*',
    ...(imageParameter !== undefined && { imageParameter }),
    subnets,
    securityGroups,
    profile,
    market: spotShare > 0 ? 'spot' : 'on-demand',
    tokenParameter: runner.tokenParameter,
  };
}

function factsOf(config: Config, parameters: ReadonlySet<string>, options: IamOptions): Facts {
  return {
    installation: config.installation,
    place: placeOf(options.account, config.aws.region, options.partition),
    pools: Object.values(config.pools).map(poolFacts),
    parameters: [...parameters],
    path: options.path,
    instanceRoles: options.instanceRole ?? {},
    ...(options.kmsKey !== undefined && { kmsKey: options.kmsKey }),
  };
}

async function definitions(options: IamOptions): Promise<readonly RoleDefinition[]> {
  const { config, parameters } = await loadNames(options.config);
  const issuer = (options.issuer ?? config.gitlab.url).replace(/\/+$/, '');
  return rolesOf({
    facts: factsOf(config, parameters, options),
    roles: options.role ?? ['controller', 'instance'],
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
    .option('--kms-key <arn>', 'the key of your own that encrypts the SSM parameters')
    .option(
      '--instance-role <profile=role>',
      'a role that has another name than its instance profile',
      profileRole,
    )
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
