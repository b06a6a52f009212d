import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from './load.ts';
import { ConfigError } from './mistakes.ts';
import {
  holding,
  loadSample,
  mistakesOf,
  NOTHING,
  sample,
  SMALLEST,
} from '../../test/support/sample-config.ts';
import { Secret } from './secret.ts';

describe('loadConfig', () => {
  it('fills in the defaults', async () => {
    const config = await loadSample();
    expect(config).toMatchObject({
      gitlab: { url: 'https://gitlab.com', timeout: 10_000 },
      aws: { timeout: 10_000 },
      status: { listen: { host: '127.0.0.1', port: 8471 } },
      pollInterval: 15_000,
      unservedAfter: 120_000,
      drainAlarm: 120_000,
      orphanGrace: 120_000,
      state: '/etc/runtide/runtide.db',
      log: { level: 'info' },
      tags: {},
    });
    expect(config.webhook).toBeUndefined();
    expect(config.aws.endpoints).toBeUndefined();
    expect(config.pools['linux']).toMatchObject({
      name: 'linux',
      runUntagged: false,
      executor: 'shell',
      checkInterval: 3000,
      slots: 1,
      min: 0,
      max: 10,
      surge: 1,
      idle: { slots: 0, time: 300_000 },
      cooldown: 30_000,
      bootTimeout: 600_000,
      instances: { market: 'spot' },
    });
    expect(config.pools['linux']).not.toHaveProperty('maxAge');
    expect(config.pools['linux']).not.toHaveProperty('docker');
  });

  it('keeps secrets as secrets', async () => {
    const { gitlab } = await loadSample({ 'gitlab.token': 'glpat-in-the-file' });
    expect(gitlab.token).toBeInstanceOf(Secret);
    expect(gitlab.token.reveal()).toBe('glpat-in-the-file');
  });

  it('leaves no surge where nothing may run', async () => {
    expect((await loadSample({ 'pools.linux.max': 0 })).pools['linux']?.surge).toBe(0);
  });

  it('drops the slash at the end of an address', async () => {
    const config = await loadSample({ 'gitlab.url': 'https://example.com/gitlab/' });
    expect(config.gitlab.url).toBe('https://example.com/gitlab');
  });

  it('reads an IPv6 address without its brackets', async () => {
    const config = await loadSample({ 'status.listen': '[::1]:0' });
    expect(config.status.listen).toEqual({ host: '::1', port: 0 });
  });

  it('keeps the order of the pools', async () => {
    const config = await loadSample({ 'pools.b': pool(1), 'pools.a': pool(2) });
    expect(Object.keys(config.pools)).toEqual(['linux', 'b', 'a']);
  });

  it('answers with something that nobody can change', async () => {
    expect(unfrozen(await loadSample(), 'config')).toEqual([]);
  });

  it('reads a file from disk, with what it refers to beside it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'runtide-config-'));
    await writeFile(join(folder, 'token'), 'glpat-from-a-file\n');
    await writeFile(
      join(folder, 'runtide.yaml'),
      JSON.stringify(sample({ 'gitlab.token': '${file:token}' })),
    );
    const config = await loadConfig(join(folder, 'runtide.yaml'), NOTHING);
    expect(config.gitlab.token.reveal()).toBe('glpat-from-a-file');
    expect(config.state).toBe(join(folder, 'runtide.db'));
  });

  it('says that a file is missing, or a directory', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'runtide-config-'));
    await expect(loadConfig(join(folder, 'none.yaml'), NOTHING)).rejects.toMatchObject({
      mistakes: [{ path: '', value: 'it does not exist' }],
    });
    await expect(loadConfig(folder, NOTHING)).rejects.toMatchObject({
      mistakes: [{ path: '', value: 'it is a directory' }],
    });
  });

  it('names the file and counts the mistakes', async () => {
    await expect(loadConfig('x.yaml', holding('- 1'))).rejects.toThrow(
      'loading the configuration x.yaml: 1 mistake\n  the file: a list at the top\n    allowed: YAML',
    );
  });
});

describe('a file that is no map in YAML', () => {
  it.each<[what: string, content: string | Uint8Array, value: RegExp, line: number | undefined]>([
    ['an empty file', '', /empty/, undefined],
    ['comments alone', '# nothing\n', /empty/, undefined],
    ['a list', '- a\n', /list at the top/, undefined],
    ['a text', 'hello\n', /no map/, undefined],
    ['a tab', 'gitlab:\n\turl: x\n', /tab/, 2],
    ['two documents', '---\na: 1\n---\nb: 2\n', /second document/, 3],
    ['wrong indentation', 'a:\n   b: 1\n  c: 2\n', /indentation/, 3],
    ['an open quote', 'a: "b\n', /missing/, 2],
    ['a reference in a flow map without quotes', 'a: 1\nb: {c: ${env:X}}\n', /does not belong/, 2],
    ['an alias of nothing', 'a: *b\n', /alias/, undefined],
    ['an unknown tag', 'a: !b c\n', /tag/, 1],
    ['Latin-1', new Uint8Array([0x61, 0x3a, 0x20, 0xe4]), /UTF-8/, undefined],
    ['UTF-16', new Uint8Array([0xff, 0xfe, 0x61, 0x00]), /UTF-8/, undefined],
    ['brackets without end', '['.repeat(5000), /YAML|deep/, 1],
  ])('%s is one clear mistake', async (_, content, value, line) => {
    const error: unknown = await loadConfig('x.yaml', holding(content)).catch((thrown: unknown) => thrown);
    if (!(error instanceof ConfigError)) throw error;
    expect(error.mistakes).toHaveLength(1);
    expect(error.mistakes[0]?.value).toMatch(value);
    expect(error.mistakes[0]?.line).toBe(line);
  });

  it('does not quote a secret from a line that is no YAML', async () => {
    const texts = [
      'gitlab:\n  token: *hunter2',
      'gitlab:\n  token: !hunter2 x',
      'gitlab:\n  token: "hunter2\\q"',
    ];
    for (const text of [...texts, 'gitlab:\n  token: @hunter2', 'token: a: hunter2', '%hunter2\n---\na: 1']) {
      expect(JSON.stringify(await mistakesOf(text))).not.toContain('hunter2');
    }
  });
});

describe('a map that YAML allows and Runtide does not', () => {
  it('reports keys that stand twice, beside all other mistakes', async () => {
    const mistakes = await mistakesOf('installation: acme\ngitlab:\n  url: a\n  url: b\ninstallation: b\n');
    const twice = mistakes.filter(({ value }) => value.includes('twice'));
    expect(twice).toMatchObject([
      { path: 'gitlab.url', line: 4 },
      { path: 'installation', line: 5 },
    ]);
    expect(mistakes.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['aws', 'pools', 'gitlab.token']),
    );
  });

  it('reports the one key that would vanish in silence', async () => {
    expect(await mistakesOf('tags:\n  __proto__: x\n')).toEqual(
      expect.arrayContaining([expect.objectContaining({ path: 'tags.__proto__', line: 2 })]),
    );
  });

  it('survives aliases that contain themselves', async () => {
    const mistakes = await mistakesOf(
      `pools: &a [${'*a, '.repeat(60)}]\ntags: &b {c: *b}\nprojects: &d [*d, *d]\n`,
    );
    expect(mistakes.map(({ path }) => path)).toEqual(expect.arrayContaining(['pools', 'tags.c', 'projects']));
  });
});

function pool(id: number): unknown {
  return { ...SMALLEST.pools.linux, runner: { id, tokenParameter: `/${id}` } };
}

function unfrozen(value: unknown, path: string): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  const below = Object.entries(value).flatMap(([key, next]) => unfrozen(next, `${path}.${key}`));
  return Object.isFrozen(value) ? below : [path, ...below];
}
