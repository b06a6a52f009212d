import { describe, expect, it } from 'vitest';
import { loadSample, mistakesWith } from '../../test/support/sample-config.ts';
import { DOCKER_KEYS, GLOBAL_KEYS, RUNNER_KEYS } from './config-toml-keys.ts';
import { generationOf } from './generation.ts';
import { partAt } from './schema-tree.ts';

const POOL = 'pools.linux';
const TOML = `${POOL}.manager.configToml`;
const DOCKER = { [`${POOL}.executor`]: 'docker', [`${POOL}.docker`]: { image: 'alpine:3' } };
const TABLES = { global: GLOBAL_KEYS, runner: RUNNER_KEYS, docker: DOCKER_KEYS } as const;

/** What is wrong with one table of config.toml. */
function mistakesIn(table: string, keys: unknown) {
  return mistakesWith({ ...DOCKER, [`${TOML}.${table}`]: keys });
}

/** The generation of a pool that hands these keys through. */
async function generation(runner: object): Promise<string> {
  return generationOf(await loadSample({ [`${TOML}.runner`]: runner }), 'linux');
}

const DECIDED = Object.entries(TABLES).flatMap(([table, { decided }]) =>
  Object.entries(decided).map(([key, own]): [string, string, string | undefined] => [table, key, own]),
);

describe('a key of config.toml that is handed through', () => {
  it.each(DECIDED)('is refused in %s where Runtide decides it: %s', async (table, key, own) => {
    for (const spelled of [key, key.toUpperCase()]) {
      const mistakes = await mistakesIn(table, { [spelled]: 'a-value-that-may-be-secret' });
      expect(mistakes).toMatchObject([
        { path: `${TOML}.${table}.${spelled}`, value: 'a key that Runtide writes itself' },
      ]);
      expect(mistakes[0]?.mend).toBe(own === undefined ? 'remove it' : `remove it and use \`${own}\``);
    }
  });

  it('is sent to a key that there is', () => {
    const own = DECIDED.flatMap(([, , key]) => key ?? []);
    const missing = own.filter((key) =>
      [[], ['pools', 'linux']].every((above) => partAt([...above, ...key.split('.')]) === undefined),
    );
    expect(missing).toEqual([]);
  });

  it.each<[string, Record<string, unknown>]>([
    ['global', { sentry_dsn: 'https://key@sentry.example.com/1', labels: { team: 'web' } }],
    [
      'runner',
      { builds_dir: '/builds', feature_flags: { FF_NETWORK_PER_BUILD: true }, unhealthy_interval: '1h30m' },
    ],
    ['runner', { 'a-key-of-tomorrow': [1, 2.5, 'x', true, { y: {} }] }],
    ['docker', { cap_drop: ['NET_RAW'], sysctls: { 'net.ipv4.ip_forward': '1' }, Cpu_Shares: 512 }],
  ])('may be any other in %s: %j', async (table, keys) => {
    expect(await mistakesIn(table, keys)).toEqual([]);
  });

  it.each<[string, string, unknown, string]>([
    ['runner', 'builds_dir', 7, 'a text (numbers in quotes)'],
    ['runner', 'unhealthy_requests_limit', '3', 'a whole number'],
    ['runner', 'Strict_Check_Interval', 'yes', 'true or false'],
    ['runner', 'unhealthy_interval', '90', 'a duration as Go writes it, such as 1h30m'],
    ['runner', 'feature_flags', { FF_X: 'true' }, 'a map of true and false'],
    ['runner', 'custom_build_dir', true, 'a map'],
    ['docker', 'cap_drop', 'ALL', 'a list of texts'],
    ['docker', 'sysctls', { a: 1 }, 'a map of texts'],
    ['docker', 'unknown', null, 'a text, a number, true or false, a list or a map'],
  ])('has the kind that GitLab Runner wants: %s.%s is not %j', async (table, key, value, allowed) => {
    const mistakes = await mistakesIn(table, { [key]: value });
    expect(mistakes).toMatchObject([{ path: `${TOML}.${table}.${key}`, allowed }]);
  });

  it('holds nothing that TOML has no word for, however deep', async () => {
    const mistakes = await mistakesIn('docker', { unknown: [{ deep: null }] });
    expect(mistakes).toMatchObject([{ allowed: 'a text, a number, true or false, a list or a map' }]);
  });

  it('stands once, whatever its case', async () => {
    const mistakes = await mistakesIn('runner', { builds_dir: '/a', Builds_Dir: '/b' });
    expect(mistakes).toMatchObject([{ path: `${TOML}.runner.Builds_Dir`, allowed: 'every key once' }]);
  });

  it('may be a reference, and hold none inside', async () => {
    const env = { DIR: '/builds' };
    const config = await loadSample({ [`${TOML}.runner`]: { builds_dir: '${env:DIR}' } }, { env });
    expect(config.pools['linux']?.manager?.configToml?.runner).toEqual({ builds_dir: '/builds' });
    const mistakes = await mistakesIn('docker', { sysctls: { a: '${env:DIR}' } });
    expect(mistakes).toMatchObject([{ allowed: 'no reference inside of a list or a map' }]);
  });

  it('has no table for Docker with the shell executor', async () => {
    const mistakes = await mistakesWith({ [`${TOML}.docker`]: { cap_drop: ['ALL'] } });
    expect(mistakes).toMatchObject([
      { path: `${TOML}.docker`, mend: 'remove it, or write `executor: docker`' },
    ]);
  });

  it('is nothing that a launch template of the operator could hold', async () => {
    const mistakes = await mistakesWith({
      [`${TOML}.runner`]: { builds_dir: '/builds' },
      [`${POOL}.instances.template`]: 'lt-01234567',
      [`${POOL}.instances.image`]: undefined,
      [`${POOL}.instances.securityGroups`]: undefined,
      [`${POOL}.instances.profile`]: undefined,
    });
    expect(mistakes).toMatchObject([{ path: `${POOL}.manager` }]);
  });

  it('replaces instances when it changes, and not when it moves in the file', async () => {
    const one = await generation({ builds_dir: '/b', labels: { a: '1', b: '2' } });
    expect(await generation({ labels: { b: '2', a: '1' }, builds_dir: '/b' })).toBe(one);
    expect(await generation({ builds_dir: '/c', labels: { a: '1', b: '2' } })).not.toBe(one);
  });
});
