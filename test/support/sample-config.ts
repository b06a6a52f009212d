import { loadConfig } from '../../src/config/load.ts';
import type { Sources } from '../../src/config/lookup.ts';
import { ConfigError, type Mistake } from '../../src/config/mistakes.ts';
import type { Config } from '../../src/config/schema.ts';
import { isMap } from '../../src/config/tree.ts';

/** For tests: a dotted path such as `pools.linux.max`, and what stands there; undefined removes it. */
export type Edits = Readonly<Record<string, unknown>>;

/** For tests: the smallest valid configuration, one pool named `linux`. */
export const SMALLEST = {
  installation: 'acme',
  gitlab: { token: 'access-token-of-the-sample', projects: ['acme/web'] },
  aws: { region: 'eu-central-1' },
  pools: {
    linux: {
      runner: { id: 12, tokenParameter: '/runtide/linux/runner-token' },
      tags: ['linux'],
      instances: {
        image: 'ami-0123456789abcdef0',
        types: ['m7i.large'],
        subnets: ['subnet-0abc'],
        securityGroups: ['sg-0abc'],
        profile: 'runtide-instance',
      },
    },
  },
};

/** For tests: `SMALLEST` with some keys changed. */
export function sample(edits: Edits = {}): unknown {
  return Object.entries(edits).reduce<unknown>(
    (tree, [path, value]) => withValue(tree, path.split('.'), value),
    SMALLEST,
  );
}

function withValue(tree: unknown, [key, ...below]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value;
  const map = isMap(tree) ? tree : {};
  const { [key]: before, ...rest } = map;
  const after = withValue(before, below, value);
  if (after === undefined) return rest;
  return Object.fromEntries(
    Object.hasOwn(map, key)
      ? Object.entries(map).map(([name, kept]) => [name, name === key ? after : kept])
      : [...Object.entries(map), [key, after]],
  );
}

/** For tests: where nothing can be looked up. */
export const NOTHING: Sources = {
  env: {},
  readParameter: async () => Promise.reject(new Error('no parameter is expected to be read')),
};

/** For tests: sources in which the configuration file has this content. */
export function holding(content: string | Uint8Array, sources: Partial<Sources> = {}): Sources {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  return { ...NOTHING, readFile: async () => bytes, ...sources };
}

/** For tests: loads the sample with some keys changed. */
export async function loadSample(edits: Edits = {}, sources: Partial<Sources> = {}): Promise<Config> {
  return loadConfig('/etc/runtide/runtide.yaml', holding(JSON.stringify(sample(edits)), sources));
}

/** For tests: the mistakes of a configuration text; none when it loads. */
export async function mistakesOf(text: string, sources: Partial<Sources> = {}): Promise<readonly Mistake[]> {
  try {
    await loadConfig('/etc/runtide/runtide.yaml', holding(text, sources));
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes;
    throw error;
  }
}

/** For tests: the mistakes of the sample with some keys changed. */
export async function mistakesWith(
  edits: Edits,
  sources: Partial<Sources> = {},
): Promise<readonly Mistake[]> {
  return mistakesOf(JSON.stringify(sample(edits)), sources);
}
