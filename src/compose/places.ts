import { readAgentFiles, type AgentFiles } from '../adapters/aws/agent-files.ts';
import { limitsOf } from '../adapters/aws/aws-call.ts';
import { checkGroup } from '../adapters/aws/auto-scaling/group-checks.ts';
import { ec2Fleet } from '../adapters/aws/ec2-fleet.ts';
import { installFiles } from '../adapters/aws/install-files.ts';
import { FoundImage } from '../adapters/aws/machine-image.ts';
import { type CheckedPool, MachineChecks, type MachineFinding } from '../adapters/aws/machine-checks.ts';
import type { Machines } from '../adapters/aws/machine-parts.ts';
import { networkFiles, proxyVariables } from '../adapters/aws/network-files.ts';
import { placedFleet } from '../adapters/aws/placed-fleet.ts';
import { renderRunnerConfig } from '../adapters/aws/runner-config.ts';
import { renderUserData } from '../adapters/aws/user-data.ts';
import { composeGroupFleet, composeGroupUpkeep, placedGroups } from './groups.ts';
import { type Place, type PlaceParts, placesOf } from './place.ts';
import { renderBootstrapSettings } from '../bootstrap/bootstrap-settings.ts';
import { readBootstrap } from '../bootstrap/bootstrap-text.ts';
import {
  agentSettingsOf,
  bootstrapSettingsOf,
  networkSettingsOf,
  runnerSettingsOf,
} from '../config/boot-settings.ts';
import { generationOf } from '../config/generation.ts';
import { isAttached } from '../config/group-settings.ts';
import { machineChoice } from '../config/machine-settings.ts';
import { type MadeRunners, policyOf } from '../config/policy.ts';
import type { Config, PoolConfig } from '../config/schema.ts';
import type { Fleet, Groups } from '../controller/ports.ts';
import type { SecretStore } from '../controller/registrations.ts';
import type { Upkeep } from '../controller/upkeep.ts';

/** What speaks to AWS, wherever the pools are. */
export interface PlacedAdapters {
  readonly fleet: Fleet;
  readonly groups: Groups;
  /** Looks after the groups; absent: no pool has one. `isKnown` says of which pools it is known what to launch. */
  readonly groupUpkeep: (isKnown: (pool: string) => boolean) => Upkeep | undefined;
  /** Reads an SSM parameter with a token where the pool is. */
  readonly readToken: (pool: string, parameter: string, signal: AbortSignal) => Promise<string>;
  /** Where tokens of the pool's runners are kept, and which key encrypts them. */
  readonly secretsOf: (pool: string, kmsKey?: string) => SecretStore;
  /** Looks at everything that the launches of a pool need, and changes nothing. */
  readonly checkMachines: (pool: string, signal: AbortSignal) => Promise<readonly MachineFinding[]>;
}

/** What the package ships for instances. */
interface Shipped {
  readonly agentFiles: AgentFiles;
  readonly bootstrap: string;
}

function bootstrapOf(pool: PoolConfig, program: string) {
  const bootstrap = bootstrapSettingsOf(pool);
  if (bootstrap === undefined) return {};
  const settings = renderBootstrapSettings(bootstrap.settings, bootstrap.architecture);
  return { bootstrap: { program, settings } };
}

function userDataOf(
  config: Config,
  pool: PoolConfig,
  { agentFiles, bootstrap }: Shipped,
  runners?: readonly number[],
): Uint8Array {
  const network = networkSettingsOf(pool);
  const runner = runnerSettingsOf(config, pool, runners);
  const { preInstall, postInstall } = pool.instances;
  const install = {
    ...(preInstall !== undefined && { preInstall }),
    ...(postInstall !== undefined && { postInstall }),
    ...bootstrapOf(pool, bootstrap),
  };
  return renderUserData({
    agentFiles,
    agentEnv: agentSettingsOf(config, pool, runners),
    runnerConfig: renderRunnerConfig({
      ...runner,
      environment: { ...proxyVariables(network), ...runner.environment },
    }),
    files: [...networkFiles(network), ...installFiles(install)],
  });
}

function machinesOf(
  config: Config,
  pool: PoolConfig,
  { shipped, place, clock, note }: PlaceParts & { shipped: Shipped; place: Place },
): Machines {
  const choice = machineChoice(pool);
  if ('template' in choice) return choice;
  const { image, volume, ...rest } = choice;
  const machines = {
    ...rest,
    ...(volume !== undefined && { volume }),
    generation: generationOf(config, pool.name),
    userData: userDataOf(config, pool, shipped),
  };
  if ('id' in image) return { ...machines, imageId: image.id };
  const { ec2, readParameter: read } = place;
  const found = new FoundImage({ ...image, ec2, readParameter: read, now: () => clock.now(), note });
  return { ...machines, image: found };
}

/** The machines as of now: those of a pool whose runners Runtide makes change with them. */
function machinesAsOfNow(
  config: Config,
  pool: PoolConfig,
  first: Machines,
  { shipped, made = () => undefined }: { readonly shipped: Shipped; readonly made?: MadeRunners | undefined },
): () => Machines {
  let known = { runners: '', machines: first };
  return () => {
    const runners = made(pool.name);
    if (runners === undefined || 'template' in first) return known.machines;
    if (known.runners !== runners.join()) {
      const generation = generationOf(config, pool.name, runners);
      const userData = userDataOf(config, pool, shipped, runners);
      known = { runners: runners.join(), machines: { ...first, generation, userData } };
    }
    return known.machines;
  };
}

function checkedPool(config: Config, name: string, machines: Machines | undefined): CheckedPool {
  const { installation, tags } = config;
  const pool = config.pools[name];
  const policy = policyOf(config).pools.find((one) => one.name === name);
  if (pool === undefined || policy === undefined || machines === undefined) {
    throw new Error(`checking pool ${name}: no such pool`);
  }
  const { subnets, requirements } = pool.instances;
  const typesAreNamed = requirements === undefined;
  return { installation, name, tags, machines, subnets, offerings: policy.offerings, typesAreNamed };
}

/** The fleet over all regions and accounts. Throws `refused` when a pool's boot data is too large. */
export async function composePlaces(config: Config, parts: PlaceParts): Promise<PlacedAdapters> {
  const { note } = parts;
  const { installation, tags, aws } = config;
  const shipped = { agentFiles: await readAgentFiles(), bootstrap: await readBootstrap() };
  const made = placesOf(config).map((place) => {
    const { ec2, pools } = place;
    // The operator's group makes those of an attached pool.
    const own = pools.filter((pool) => !isAttached(pool));
    const asOfNow = own.map((pool) => {
      const first = machinesOf(config, pool, { ...parts, shipped, place });
      return [pool.name, machinesAsOfNow(config, pool, first, { shipped, made: parts.made })] as const;
    });
    const machines = () => Object.fromEntries(asOfNow.map(([name, now]) => [name, now()]));
    const options = {
      ec2,
      installation,
      tags: () => tags,
      pools: machines,
      timeout: aws.timeout,
      note,
    };
    const fleet = composeGroupFleet(config, place, { ...parts, fleet: ec2Fleet(options) });
    return { ...place, machines, pools: pools.map(({ name }) => name), fleet };
  });
  const placeOfPool = (pool: string, doing: string) => {
    const place = made.find(({ pools }) => pools.includes(pool));
    if (place === undefined) throw new Error(`${doing} pool ${pool}: no such pool`);
    return place;
  };
  return {
    fleet: placedFleet(made),
    groups: placedGroups(made),
    groupUpkeep: (isKnown) => composeGroupUpkeep(config, made, isKnown),
    async readToken(pool, parameter, signal) {
      return placeOfPool(pool, 'reading the runner token of').readParameter(parameter, signal);
    },
    secretsOf(pool, kmsKey) {
      return placeOfPool(pool, 'keeping the runner tokens of').secrets(kmsKey);
    },
    async checkMachines(pool, signal) {
      const { ec2, autoScaling: client, fleet, machines } = placeOfPool(pool, 'checking');
      const limits = () => limitsOf(signal, aws.timeout);
      const settings = fleet.pools[pool];
      const group =
        settings === undefined ? [] : await checkGroup({ ec2, client, installation, pool, settings }, limits);
      // It has no machines of its own.
      if (settings?.attached === true) return group;
      const checked = { ...checkedPool(config, pool, machines()[pool]), byGroup: settings !== undefined };
      return [...(await new MachineChecks(ec2, checked, limits).run()), ...group];
    },
  };
}
