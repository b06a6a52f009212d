import { isMap, type Path, valueAt } from './tree.ts';

/** What a rule over several keys found, at the key to mend. */
export interface Breach {
  readonly path: Path;
  /** What to say stands there, where the value itself is not what is wrong. */
  readonly value?: string;
  /** Absent: what the schema says of the key. */
  readonly allowed?: string;
  readonly mend?: string;
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

/** What stands at `key` in every pool and in every size of one, and where. */
function ofEveryRunner(pools: unknown, key: string): readonly (readonly [Path, unknown])[] {
  return Object.entries(isMap(pools) ? pools : {}).flatMap(([name, pool]) => {
    const sizes = valueAt(pool, ['sizes']);
    const places = [
      [name],
      ...Object.keys(isMap(sizes) ? sizes : {}).map((size) => [name, 'sizes', size]),
    ].flatMap((place) => {
      const runner = valueAt(pools, [...place, 'runner']);
      const several = Array.isArray(runner)
        ? runner.map((_, index) => ['runner', index, key])
        : [['runner', key]];
      return several.map((below) => [...place, ...below]);
    });
    return places.map((place) => [place, valueAt(pools, place)] as const);
  });
}

/** No two pools share what stands at `key` of their runners: the managers of a runner belong to one pool. */
function differentIn(key: string): Rule {
  return (pools) => {
    const seen = new Set<unknown>();
    return ofEveryRunner(pools, key).flatMap(([path, value]) => {
      const first = (typeof value !== 'string' && typeof value !== 'number') || !seen.has(value);
      seen.add(value);
      return first ? [] : [{ path, ...ONE_RUNNER_EACH }];
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
export const POOLS_RULES: readonly Rule[] = [somePool, differentIn('id'), differentIn('tokenParameter')];

/** Names that sizes give to pools fit like others, and no two pools have one. */
export function sizesNamedLike(pattern: RegExp, allowed: string): Rule {
  return (pools) => {
    const names = new Set(Object.keys(isMap(pools) ? pools : {}));
    return sizesIn(pools).flatMap(({ path, name }) => {
      const taken = names.has(name);
      names.add(name);
      if (!taken && pattern.test(name)) return [];
      const fits = taken ? 'a name that no other pool has' : allowed;
      return [{ path, value: `a size that makes the pool ${name}`, allowed: fits, mend: 'rename the size' }];
    });
  };
}

function sizesIn(pools: unknown): readonly { readonly path: Path; readonly name: string }[] {
  return Object.entries(isMap(pools) ? pools : {}).flatMap(([pool, value]) => {
    const sizes = valueAt(value, ['sizes']);
    return Object.keys(isMap(sizes) ? sizes : {}).map((size) => ({
      path: [pool, 'sizes', size],
      name: `${pool}-${size}`,
    }));
  });
}

/** The rules of an image that is looked up. */
export const IMAGE_RULES: readonly Rule[] = [
  (image) => {
    const [parameter, name, owner] = ['parameter', 'name', 'owner'].map((key) => valueAt(image, [key]));
    if ((parameter === undefined) === (name === undefined)) {
      return [
        {
          path: [],
          allowed: 'either `parameter` or `name`',
          mend: "write `name: 'runner-*'`, or `parameter:` and the path of an SSM parameter",
        },
      ];
    }
    if (parameter === undefined || owner === undefined) return [];
    return [
      {
        path: ['owner'],
        allowed: 'nothing here: a parameter names one AMI, whoever owns it',
        mend: 'remove it',
      },
    ];
  },
];

function watchesSomething(gitlab: unknown): readonly Breach[] {
  const named = ['projects', 'groups'].some((key) => valueAt(gitlab, [key]) !== undefined);
  if (named || (valueAt(gitlab, ['instance']) ?? false) !== false) return [];
  return [
    {
      path: ['projects'],
      allowed: 'one of `projects`, `groups` and `instance: true`: else no job would count',
      mend: 'write `projects: [acme/web]` or `groups: [acme]`',
    },
  ];
}

/** The rules of the section `gitlab`. */
export const GITLAB_RULES: readonly Rule[] = [watchesSomething];

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

/** The jobs of a whole GitLab are those that its runners could take, and at zero such a pool has none. */
function isolationIsSeen(config: unknown): readonly Breach[] {
  if (valueAt(config, ['gitlab', 'instance']) !== true) return [];
  return ofEveryRunner(valueAt(config, ['pools']), 'isolation')
    .filter(([, isolation]) => isolation === 'runner-per-instance')
    .map(([path]) => ({
      path: ['pools', ...path],
      allowed: '`shared`, because with `gitlab.instance` jobs are found by the runner that could take them',
      mend: 'write `gitlab.groups` in place of `gitlab.instance`, or remove it',
    }));
}

/** The rules over the whole file. */
export const FILE_RULES: readonly Rule[] = [listensApart, isolationIsSeen];
