import type { Breach, Rule } from './rules.ts';
import { valueAt } from './tree.ts';

function has(map: unknown, key: string): boolean {
  return valueAt(map, [key]) !== undefined;
}

/** Keys that say how a runner is made. */
const OF_MADE_RUNNERS = [
  'protected',
  'locked',
  'maximumTimeout',
  'description',
  'maintenanceNote',
  'isolation',
  'shards',
  'kmsKey',
  'registrationToken',
] as const;

function adoptedOrMade(runner: unknown): readonly Breach[] {
  if (has(runner, 'create')) {
    if (!has(runner, 'id')) return [];
    const allowed = 'nothing here, because Runtide makes the runner (`create`)';
    return [{ path: ['id'], allowed, mend: 'remove it, or remove `create`' }];
  }
  const missing = ['id', 'tokenParameter'].filter((key) => !has(runner, key));
  if (missing.length < 2) return missing.map((key) => ({ path: [key] }));
  return [
    {
      path: [],
      allowed: '`id` and `tokenParameter` of a runner that you made, or `create`',
      mend: 'write `create: {project: acme/web}`, or `id` and `tokenParameter`',
    },
  ];
}

function onlyWhereMade(runner: unknown): readonly Breach[] {
  if (has(runner, 'create')) return [];
  return OF_MADE_RUNNERS.filter((key) => has(runner, key)).map((key) => ({
    path: [key],
    allowed: 'nothing here: it is set in GitLab, where Runtide does not make the runner (`create`)',
    mend: 'remove it, or write `create` in place of `id`',
  }));
}

function lockedProject(runner: unknown): readonly Breach[] {
  const create = valueAt(runner, ['create']);
  if (!has(runner, 'locked') || !has(runner, 'create') || has(create, 'project')) return [];
  const allowed = 'nothing here: only runners of projects are locked';
  return [{ path: ['locked'], allowed, mend: 'remove it' }];
}

/** Each instance has one, by the way that GitLab keeps. */
function ofIsolation(runner: unknown): readonly Breach[] {
  if (valueAt(runner, ['isolation']) !== 'runner-per-instance') return [];
  return ['shards', 'registrationToken']
    .filter((key) => has(runner, key))
    .map((key) => ({
      path: [key],
      allowed: 'nothing here: each instance has a runner of its own (`isolation`)',
      mend: 'remove it, or remove `isolation`',
    }));
}

/** Below the prefix every token has a parameter of its own, and names have at most 15 parts. */
function prefixOfNames(runner: unknown): readonly Breach[] {
  const prefix = valueAt(runner, ['tokenParameter']);
  if (typeof prefix !== 'string' || !has(runner, 'create')) return [];
  if (prefix.startsWith('/') && prefix.split('/').length <= 15 && prefix.length <= 900) return [];
  return [
    {
      path: ['tokenParameter'],
      allowed: 'a path that begins with / and has at most 14 parts: the id of the runner comes behind it',
      mend: 'write `tokenParameter: /runtide/linux/runner-token`, or remove it',
    },
  ];
}

/** The rules of one runner. */
export const RUNNER_RULES: readonly Rule[] = [
  adoptedOrMade,
  onlyWhereMade,
  lockedProject,
  ofIsolation,
  prefixOfNames,
];

function oneOwner(create: unknown): readonly Breach[] {
  const owners = ['project', 'group', 'instance'].filter((key) => has(create, key));
  if (owners.length === 1) return [];
  const [, second] = owners;
  return [
    {
      path: second === undefined ? [] : [second],
      allowed: 'one of `project`, `group` and `instance`',
      mend: second === undefined ? 'write `project: acme/web`' : 'keep one of them',
    },
  ];
}

function furtherProjects(create: unknown): readonly Breach[] {
  const [project, projects] = ['project', 'projects'].map((key) => valueAt(create, [key]));
  if (!Array.isArray(projects)) return [];
  if (project === undefined) {
    const allowed = 'nothing here: only the runner of a project serves further projects';
    return [{ path: ['projects'], allowed, mend: 'name the `project` that owns it' }];
  }
  const same = (one: unknown): boolean =>
    JSON.stringify(one).toLowerCase() === JSON.stringify(project).toLowerCase();
  return projects.flatMap((one, index) =>
    same(one)
      ? [{ path: ['projects', index], allowed: 'another project than `project`', mend: 'remove it' }]
      : [],
  );
}

/** The rules of `create`. */
export const CREATE_RULES: readonly Rule[] = [oneOwner, furtherProjects];
