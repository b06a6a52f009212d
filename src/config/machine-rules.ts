import type { z } from 'zod';
import { seconds } from '../engine/time.ts';
import { instanceType } from '../offers/instance-types.ts';
import { BOOTSTRAP_RULES } from './bootstrap-rules.ts';
import { GROUP_RULES, namesGroup } from './group-rules.ts';
import { MOST_OFFERINGS, matchingTypes } from './offered-types.ts';
import { requirementsSchema } from './requirements-schema.ts';
import type { Breach, Rule } from './rules.ts';
import { marketSchema } from './market-schema.ts';
import { isMap, valueAt } from './tree.ts';

type Requirements = z.output<typeof requirementsSchema>;

/** How often a runner asks where nothing is said. */
export const DEFAULT_CHECK_INTERVAL = seconds(3);

/** What a launch template of Runtide's own is made of; a template of the operator's stands in place of it. */
const NEEDED = ['image', 'securityGroups', 'profile'] as const;
const IN_TEMPLATE = [...NEEDED, 'volume', 'bootstrap', 'preInstall', 'postInstall'] as const;

/** Whether the launch template is the operator's: named as such, or that of a group. */
export function isOperators(pool: unknown): boolean {
  return valueAt(pool, ['instances', 'template']) !== undefined || namesGroup(pool);
}

function ownTemplateOrParts(pool: unknown): readonly Breach[] {
  const instances = valueAt(pool, ['instances']);
  if (!isMap(instances)) return [];
  if (namesGroup(pool)) return saidByGroup(instances);
  if (instances['template'] === undefined) {
    return NEEDED.filter((key) => instances[key] === undefined).map((key) => ({ path: ['instances', key] }));
  }
  return IN_TEMPLATE.filter((key) => instances[key] !== undefined).map((key) => ({
    path: ['instances', key],
    allowed: 'nothing here, because `template` says it',
    mend: 'remove it, or remove `template`',
  }));
}

/** The launch template of an attached group is that of its owner. */
function saidByGroup(instances: Readonly<Record<string, unknown>>): readonly Breach[] {
  return [...IN_TEMPLATE, 'template']
    .filter((key) => instances[key] !== undefined)
    .map((key) => ({
      path: ['instances', key],
      allowed: 'nothing here, because the launch template of your Auto Scaling group says it',
      mend: 'remove it, or remove `group.name` and let Runtide make the group',
    }));
}

/** What Runtide writes into user data; the user data of a template is the operator's. */
const IN_USER_DATA = ['docker', 'cache', 'proxy', 'caFile', 'environment', 'manager'] as const;

function nothingForItsUserData(pool: unknown): readonly Breach[] {
  if (!isOperators(pool)) return [];
  const says = (key: string): boolean => valueAt(pool, [key]) !== undefined;
  // These two have a default, which says nothing.
  const executor = valueAt(pool, ['executor']) === 'docker' ? ['executor'] : [];
  const interval = valueAt(pool, ['checkInterval']);
  const asks = typeof interval === 'number' && interval !== DEFAULT_CHECK_INTERVAL ? ['checkInterval'] : [];
  return [...executor, ...asks, ...IN_USER_DATA.filter(says)].map((key) => ({
    path: [key],
    allowed: 'nothing here, because it would go into user data, and that of your launch template is yours',
    mend: 'remove it and let that user data say it, or let Runtide make the launch template',
  }));
}

function typesOrRequirements(pool: unknown): readonly Breach[] {
  const instances = valueAt(pool, ['instances']);
  if (!isMap(instances)) return [];
  const { types, requirements } = instances;
  if (types === undefined && requirements === undefined) return [{ path: ['instances', 'types'] }];
  if (types === undefined || requirements === undefined) return [];
  return [
    {
      path: ['instances', 'requirements'],
      allowed: 'nothing here, because `types` names the types',
      mend: 'remove one of the two',
    },
  ];
}

function fewOfferings(pool: unknown): readonly Breach[] {
  const types = valueAt(pool, ['instances', 'types']);
  const subnets = valueAt(pool, ['instances', 'subnets']);
  if (!Array.isArray(types) || !Array.isArray(subnets)) return [];
  if (types.length * subnets.length <= MOST_OFFERINGS) return [];
  return [
    {
      path: ['instances', 'types'],
      allowed: `at most ${MOST_OFFERINGS} combinations of instance type and subnet`,
      mend: 'name fewer types or fewer subnets, or make two pools of it',
    },
  ];
}

/** One image boots on one architecture. Types that are not known are no hindrance: new ones appear. */
function oneArchitecture(pool: unknown): readonly Breach[] {
  const types = valueAt(pool, ['instances', 'types']);
  if (!Array.isArray(types)) return [];
  const known = types.map((name) => (typeof name === 'string' ? instanceType(name)?.arch : undefined));
  const first = known.find((one) => one !== undefined);
  const other = known.findIndex((one) => one !== undefined && one !== first);
  if (other === -1) return [];
  return [
    {
      path: ['instances', 'types', other],
      allowed: `types of one architecture, and the ones before it are ${first}`,
      mend: 'make a pool of its own for it, with an image for its architecture',
    },
  ];
}

/** Ranges whose end comes before their start. */
function backwards({ vcpu, memoryGiB }: Requirements): readonly Breach[] {
  return Object.entries({ vcpu, memoryGiB })
    .filter(([, { min, max }]) => max !== undefined && max < min)
    .map(([key]) => ({
      path: ['instances', 'requirements', key, 'max'],
      allowed: 'at least `min`',
      mend: 'raise `max` or lower `min`',
    }));
}

function someTypeFits(pool: unknown): readonly Breach[] {
  const [given, subnets, market] = ['requirements', 'subnets', 'market'].map((key) =>
    valueAt(pool, ['instances', key]),
  );
  const requirements = requirementsSchema.safeParse(given).data;
  if (requirements === undefined) return [];
  const turned = backwards(requirements);
  if (turned.length > 0) return turned;
  const bought = marketSchema.safeParse(market).data ?? 'spot';
  const answer = matchingTypes(requirements, bought, Array.isArray(subnets) ? subnets.length : 1);
  if (answer.found) return [];
  const { requirement, why } = answer;
  const at = requirement === 'market' ? ['market'] : ['requirements', requirement];
  return [
    {
      path: ['instances', ...(valueAt(pool, ['instances', ...at]) === undefined ? ['requirements'] : at)],
      allowed: `what some instance type has, but ${why}`,
      mend: 'widen the requirements, or name the `types` yourself',
    },
  ];
}

/** What AWS gives for nothing, and its limits. */
const FREE_IOPS = 3000;
const IOPS_PER_GIB = 500;
const IOPS_PER_THROUGHPUT = 4;

function gp3Can(pool: unknown): readonly Breach[] {
  const volume = valueAt(pool, ['instances', 'volume']);
  const [size, throughput, iops = FREE_IOPS] = ['size', 'throughput', 'iops'].map((key) =>
    valueAt(volume, [key]),
  );
  if (typeof size !== 'number' || typeof iops !== 'number') return [];
  const breaches: Breach[] = [];
  if (iops > Math.max(FREE_IOPS, size * IOPS_PER_GIB)) {
    breaches.push({
      path: ['instances', 'volume', 'iops'],
      allowed: `at most ${IOPS_PER_GIB} for each GiB of \`size\``,
      mend: 'lower `iops` or raise `size`',
    });
  }
  if (typeof throughput === 'number' && throughput * IOPS_PER_THROUGHPUT > iops) {
    breaches.push({
      path: ['instances', 'volume', 'throughput'],
      allowed: `at most a quarter of \`iops\`, which is ${iops}`,
      mend: `lower \`throughput\` or write \`iops: ${throughput * IOPS_PER_THROUGHPUT}\``,
    });
  }
  return breaches;
}

/** What the instances of one pool must keep. */
export const MACHINE_RULES: readonly Rule[] = [
  ownTemplateOrParts,
  nothingForItsUserData,
  typesOrRequirements,
  fewOfferings,
  oneArchitecture,
  someTypeFits,
  gp3Can,
  ...GROUP_RULES,
  ...BOOTSTRAP_RULES,
];
