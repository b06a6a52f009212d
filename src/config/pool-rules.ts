import { budgetOfEachSize, minBelowMaxAtAllTimes, sensibleIdle } from './limit-rules.ts';
import { isOperators, MACHINE_RULES } from './machine-rules.ts';
import type { Breach, Rule } from './rules.ts';
import { isMap, type Path, valueAt } from './tree.ts';
import { noWrittenSecrets } from './written-secrets.ts';

/** One pool of those that a pool stands for, and where its keys are written. */
interface Variant {
  readonly pool: Readonly<Record<string, unknown>>;
  readonly placeOf: (path: Path) => Path;
}

/** Keys of a size that stand under `instances` in a pool. */
const MACHINE_KEYS: readonly string[] = ['types', 'requirements', 'image', 'volume', 'maxPrice'];

type Tree = Readonly<Record<string, unknown>>;

function without(map: Tree, keys: readonly string[]): Tree {
  return Object.fromEntries(Object.entries(map).filter(([key]) => !keys.includes(key)));
}

/** The instances of a size: its types or requirements stand in place of both of the pool. */
function instancesOf(pool: Tree, size: Tree): Tree {
  const own = Object.fromEntries(Object.entries(size).filter(([key]) => MACHINE_KEYS.includes(key)));
  const choosesTypes = own['types'] !== undefined || own['requirements'] !== undefined;
  const around = isMap(pool['instances']) ? pool['instances'] : {};
  return { ...(choosesTypes ? without(around, ['types', 'requirements']) : around), ...own };
}

function variantOf(pool: Tree, name: string, size: Tree): Variant {
  return {
    pool: { ...pool, ...without(size, MACHINE_KEYS), instances: instancesOf(pool, size) },
    placeOf: (path) => {
      const inSize = path[0] === 'instances' ? path.slice(1) : path;
      const [key] = inSize;
      return key !== undefined && Object.hasOwn(size, key) ? ['sizes', name, ...inSize] : path;
    },
  };
}

function variantsOf(pool: unknown): readonly Variant[] {
  if (!isMap(pool)) return [];
  const sizes = pool['sizes'];
  if (!isMap(sizes)) return [{ pool, placeOf: (path) => path }];
  return Object.entries(sizes).flatMap(([name, size]) => (isMap(size) ? [variantOf(pool, name, size)] : []));
}

/** The rule, for every size of a pool; what is wrong with all is said once. */
function inEverySize(rule: Rule): Rule {
  return (pool) =>
    variantsOf(pool).flatMap((variant) =>
      rule(variant.pool).map((breach) => ({ ...breach, path: variant.placeOf(breach.path) })),
    );
}

function atMostMax(key: 'min' | 'surge'): Rule {
  return (pool) => {
    const value = valueAt(pool, [key]);
    const max = valueAt(pool, ['max']);
    if (typeof value !== 'number' || typeof max !== 'number' || max < 0 || value <= max) return [];
    return [{ path: [key], allowed: 'at most `max`', mend: `lower \`${key}\` or raise \`max\`` }];
  };
}

function atMostMin(pool: unknown): readonly Breach[] {
  const [min, minAvailable] = ['min', 'minAvailable'].map((key) => valueAt(pool, [key]));
  if (typeof min !== 'number' || typeof minAvailable !== 'number' || min < 0 || minAvailable <= min) {
    return [];
  }
  return [{ path: ['minAvailable'], allowed: 'at most `min`', mend: 'lower `minAvailable` or raise `min`' }];
}

/** Where none may be missing and none may come first, nothing old could ever be replaced. */
function roomToReplace(pool: unknown): readonly Breach[] {
  const [min, minAvailable, surge] = ['min', 'minAvailable', 'surge'].map((key) => valueAt(pool, [key]));
  if (surge !== 0 || minAvailable === 0 || minAvailable !== min) return [];
  return [
    {
      path: ['surge'],
      allowed: 'at least 1, because `minAvailable` is `min`: else no old instance could ever be replaced',
      mend: 'raise `surge`, or lower `minAvailable`',
    },
  ];
}

/** What has several slots hands out a job while another runs: its runner cannot count them. */
function countedByOneSlot(pool: unknown): readonly Breach[] {
  const [slots, maxJobs] = ['slots', 'maxJobs'].map((key) => valueAt(pool, [key]));
  if (maxJobs === undefined || typeof slots !== 'number' || slots <= 1) return [];
  return [
    {
      path: ['slots'],
      allowed: '1, because of `maxJobs`: the runner of such an instance takes one job after the other',
      mend: 'write `slots: 1`, or remove `maxJobs`',
    },
  ];
}

/** The jobs of an instance are counted by the process of one runner alone. */
function countedByOneRunner(pool: unknown): readonly Breach[] {
  const runner = valueAt(pool, ['runner']);
  if (valueAt(pool, ['maxJobs']) === undefined || !Array.isArray(runner) || runner.length <= 1) return [];
  return [
    {
      path: ['runner'],
      value: `${runner.length} runners`,
      allowed: 'one runner, because of `maxJobs`: the jobs of several cannot be counted together',
      mend: 'keep one runner, make a pool for each, or remove `maxJobs`',
    },
  ];
}

/** Where the token is stands in the operator's own template, and it must not change with the runner. */
function templateNamesToken(pool: unknown): readonly Breach[] {
  const create = valueAt(pool, ['runner', 'create']);
  if (create === undefined || !isOperators(pool)) return [];
  return [
    {
      path: ['runner', 'create'],
      allowed: 'nothing here, because a launch template of yours names the parameter with the token',
      mend: 'write `id` and `tokenParameter` of a runner that you made, or let Runtide make the template',
    },
  ];
}

function servesSomething(pool: unknown): readonly Breach[] {
  const tags = valueAt(pool, ['tags']);
  if (!Array.isArray(tags) || tags.length > 0 || valueAt(pool, ['runUntagged']) !== false) return [];
  return [
    {
      path: ['tags'],
      allowed: 'at least one tag, or `runUntagged: true`: else no job ever fits this pool',
      mend: 'give the tags of its GitLab runner, or write `runUntagged: true`',
    },
  ];
}

function dockerWithItsExecutor(pool: unknown): readonly Breach[] {
  const executor = valueAt(pool, ['executor']);
  const given = valueAt(pool, ['docker']) !== undefined;
  // With a template of the operator's nothing is said here at all, which another rule holds.
  if (executor === 'docker' && !given && !isOperators(pool)) {
    return [
      {
        path: ['docker'],
        allowed: 'a map with `image`, because the executor is docker',
        mend: "write `docker: {image: 'alpine:3'}`",
      },
    ];
  }
  if (executor !== 'shell' || !given) return [];
  return [
    {
      path: ['docker'],
      allowed: 'nothing here, because the executor is shell',
      mend: 'remove it, or write `executor: docker`',
    },
  ];
}

function dockerTableWithItsExecutor(pool: unknown): readonly Breach[] {
  const path = ['manager', 'configToml', 'docker'];
  if (valueAt(pool, ['executor']) !== 'shell' || valueAt(pool, path) === undefined) return [];
  return [
    {
      path,
      allowed: 'nothing here, because the executor is shell',
      mend: 'remove it, or write `executor: docker`',
    },
  ];
}

function runnerOrSizes(pool: unknown): readonly Breach[] {
  const [runner, sizes] = ['runner', 'sizes'].map((key) => valueAt(pool, [key]));
  if (runner === undefined && sizes === undefined) return [{ path: ['runner'] }];
  if (runner === undefined || sizes === undefined) return [];
  return [
    {
      path: ['runner'],
      allowed: 'nothing here, because every size has a runner of its own',
      mend: 'move it below one of the `sizes`',
    },
  ];
}

function sizesAreChosenByTags(pool: unknown): readonly Breach[] {
  const [sizes, tags] = ['sizes', 'tags'].map((key) => valueAt(pool, [key]));
  if (!isMap(sizes)) return [];
  if (Object.keys(sizes).length === 0) return [{ path: ['sizes'] }];
  if (!Array.isArray(tags) || tags.length > 0) return [];
  return [
    {
      path: ['tags'],
      allowed: 'at least one tag: jobs choose a size by it, as `linux-large`',
      mend: 'write `tags: [linux]`',
    },
  ];
}

/** The rules that one pool must keep, beyond its single keys. */
export const POOL_RULES: readonly Rule[] = [
  runnerOrSizes,
  sizesAreChosenByTags,
  servesSomething,
  dockerWithItsExecutor,
  dockerTableWithItsExecutor,
  noWrittenSecrets,
  sensibleIdle,
  budgetOfEachSize,
  ...[
    atMostMax('min'),
    atMostMax('surge'),
    atMostMin,
    minBelowMaxAtAllTimes,
    roomToReplace,
    countedByOneSlot,
    countedByOneRunner,
    templateNamesToken,
    ...MACHINE_RULES,
  ].map(inEverySize),
];
