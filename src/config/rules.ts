import { isMap, type Path, valueAt } from './tree.ts';

/** What a rule over several keys found, at the key to mend. */
export interface Breach {
  readonly path: Path;
  /** What to say stands there, where the value itself is not what is wrong. */
  readonly value?: string;
  readonly allowed: string;
  readonly mend: string;
}

/** Looks at a value whose single keys may be wrong as well: they are reported elsewhere. */
export type Rule = (value: unknown) => readonly Breach[];

interface Report {
  addIssue(issue: {
    readonly code: 'custom';
    readonly path: (string | number)[];
    readonly params: Omit<Breach, 'path'>;
  }): void;
}

/** The refinement that reports every breach of `rules`. */
export function keeps(rules: readonly Rule[]): (value: unknown, report: Report) => void {
  return (value, report) => {
    if (!isMap(value)) return;
    for (const { path, ...params } of rules.flatMap((rule) => rule(value))) {
      report.addIssue({ code: 'custom', path: [...path], params });
    }
  };
}

/** `CreateFleet` takes no more combinations of instance type and subnet. */
const MOST_OFFERINGS = 300;

function atMostMax(key: 'min' | 'surge'): Rule {
  return (pool) => {
    const value = valueAt(pool, [key]);
    const max = valueAt(pool, ['max']);
    if (typeof value !== 'number' || typeof max !== 'number' || max < 0 || value <= max) return [];
    return [{ path: [key], allowed: 'at most `max`', mend: `lower \`${key}\` or raise \`max\`` }];
  };
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
  if (executor === 'docker' && !given) {
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

/** The rules that one pool must keep, beyond its single keys. */
export const POOL_RULES: readonly Rule[] = [
  atMostMax('min'),
  atMostMax('surge'),
  servesSomething,
  dockerWithItsExecutor,
  fewOfferings,
];

/** No two pools share what stands at `key`: the managers of a runner belong to one pool. */
function differentIn(key: Path): Rule {
  return (pools) => {
    const seen = new Set<unknown>();
    return Object.entries(isMap(pools) ? pools : {}).flatMap(([name, pool]) => {
      const value = valueAt(pool, key);
      const first = (typeof value !== 'string' && typeof value !== 'number') || !seen.has(value);
      seen.add(value);
      return first ? [] : [{ path: [name, ...key], ...ONE_RUNNER_EACH }];
    });
  };
}

const ONE_RUNNER_EACH = {
  allowed: 'a runner of its own for every pool',
  mend: 'create one more runner in GitLab and name it here',
};

/** Keys that the writer of the file chooses match `pattern`; their values are looked at all the same. */
export function namedLike(pattern: RegExp, allowed: string, example: string): Rule {
  return (map) =>
    Object.keys(isMap(map) ? map : {})
      .filter((key) => !pattern.test(key))
      .map((key) => ({
        path: [key],
        value: 'a key that does not fit',
        allowed,
        mend: `rename it, for example to \`${example}\``,
      }));
}

/** A map has no more than `most` keys. */
export function fewKeys(most: number, what: string): Rule {
  return (map) => {
    if (!isMap(map) || Object.keys(map).length <= most) return [];
    return [{ path: [], allowed: `at most ${most} ${what}`, mend: 'remove some' }];
  };
}

function somePool(pools: unknown): readonly Breach[] {
  if (isMap(pools) && Object.keys(pools).length > 0) return [];
  return [{ path: [], allowed: 'at least one pool', mend: 'add a pool, such as `linux:` with its keys' }];
}

/** The rules over all pools. */
export const POOLS_RULES: readonly Rule[] = [
  somePool,
  differentIn(['runner', 'id']),
  differentIn(['runner', 'tokenParameter']),
];

function verifiesWebhooks(webhook: unknown): readonly Breach[] {
  const given = ['token', 'signingToken'].some((key) => valueAt(webhook, [key]) !== undefined);
  if (given) return [];
  return [
    {
      path: ['token'],
      allowed: '`token`, `signingToken` or both: else anybody could wake Runtide',
      mend: 'write `token: ${env:RUNTIDE_WEBHOOK_TOKEN}`, and set the same token in GitLab',
    },
  ];
}

/** The rules of the section `webhook`. */
export const WEBHOOK_RULES: readonly Rule[] = [verifiesWebhooks];

function listensApart(config: unknown): readonly Breach[] {
  const webhook = valueAt(config, ['webhook', 'listen']);
  const status = valueAt(config, ['status', 'listen']);
  if (!isMap(webhook) || !isMap(status) || webhook['port'] === 0) return [];
  if (webhook['port'] !== status['port'] || webhook['host'] !== status['host']) return [];
  return [
    {
      path: ['webhook', 'listen'],
      allowed: 'another address than `status.listen`',
      mend: 'give one of the two another port',
    },
  ];
}

/** The rules over the whole file. */
export const FILE_RULES: readonly Rule[] = [listensApart];
