import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from './load.ts';
import type { Sources } from './lookup.ts';
import { type Edits, loadSample, mistakesWith, sample } from '../../test/support/sample-config.ts';

const FILE = '/etc/runtide/runtide.yaml';

/** Sources with files and parameters, that remember what was asked. */
function world(
  edits: Edits,
  files: Readonly<Record<string, string>> = {},
  parameters: Readonly<Record<string, string>> = {},
) {
  const asked: (readonly (string | undefined)[])[] = [];
  const all = new Map(Object.entries({ ...files, [FILE]: JSON.stringify(sample(edits)) }));
  const sources: Sources = {
    env: {
      TOKEN: 'glpat-from-env',
      REGION: 'eu-west-1',
      MAX: '7',
      YES: 'true',
      ID: '1234',
      WAIT: '90',
      EMPTY: '',
    },
    readFile: async (path) => {
      const content = all.get(path);
      if (content === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
      return new TextEncoder().encode(content);
    },
    readParameter: async (...question) => {
      asked.push(question);
      const value = parameters[question[0]];
      if (value === undefined) throw new Error(`reading parameter ${question[0]}: not found (request 1234)`);
      return value;
    },
  };
  return { asked, load: async () => loadConfig(FILE, sources) };
}

describe('references', () => {
  it('take the environment, files and SSM', async () => {
    const edits = {
      'gitlab.token': '${ssm:/runtide/gitlab}',
      'gitlab.url': '${file:secrets/url}',
      'aws.region': '${env:REGION}',
    };
    const { load, asked } = world(
      edits,
      { '/etc/runtide/secrets/url': 'https://gitlab.example.com\r\n' },
      { '/runtide/gitlab': 'glpat-from-ssm' },
    );
    const config = await load();
    expect(config.gitlab.token.reveal()).toBe('glpat-from-ssm');
    expect(config.gitlab.url).toBe('https://gitlab.example.com');
    expect(asked).toEqual([['/runtide/gitlab', 'eu-west-1', undefined]]);
  });

  it('take absolute paths of files', async () => {
    const { load } = world(
      { 'gitlab.token': '${file:/run/secrets/token}' },
      { [resolve('/run/secrets/token')]: 'abc' },
    );
    expect((await load()).gitlab.token.reveal()).toBe('abc');
  });

  it('may stand several times inside a text, beside a literal ${', async () => {
    const { load } = world({ 'tags.Note': 'a ${env:MAX}-${env:ID} $${env:MAX} $5' });
    expect((await load()).tags).toEqual({ Note: 'a 7-1234 ${env:MAX} $5' });
  });

  it('are not looked for in what they stand for', async () => {
    const { load } = world({ 'tags.Note': '${file:note}' }, { '/etc/runtide/note': '${env:TOKEN}' });
    expect((await load()).tags).toEqual({ Note: '${env:TOKEN}' });
  });

  it('stand for numbers, truth and durations where the key wants them', async () => {
    const { load } = world({
      'pools.linux.max': '${env:MAX}',
      'pools.linux.runUntagged': '${env:YES}',
      'gitlab.projects': ['${env:ID}', 'acme/web'],
      pollInterval: '${env:WAIT}',
      unservedAfter: '${env:MAX}m',
      'tags.Number': '${env:MAX}',
    });
    const config = await load();
    expect(config.pools['linux']).toMatchObject({ max: 7, runUntagged: true });
    expect(config.gitlab.projects).toEqual([1234, 'acme/web']);
    expect([config.pollInterval, config.unservedAfter]).toEqual([90_000, 420_000]);
    expect(config.tags).toEqual({ Number: '7' });
  });

  it('ask SSM once for one parameter, at the endpoint of the configuration', async () => {
    const edits = {
      'aws.endpoints.ssm': 'http://127.0.0.1:4566/',
      'gitlab.token': '${ssm:/a}',
      'tags.One': '${ssm:/a}${ssm:/a}',
    };
    const { load, asked } = world(edits, {}, { '/a': 'x' });
    expect((await load()).tags).toEqual({ One: 'xx' });
    expect(asked).toEqual([['/a', 'eu-central-1', 'http://127.0.0.1:4566']]);
  });
});

describe('a reference that stands for nothing', () => {
  it.each<[reference: string, allowed: RegExp, mend: RegExp]>([
    ['${env:NOT_SET}', /NOT_SET/, /set NOT_SET/],
    ['${file:gone}', /\/etc\/runtide\/gone does not exist/, /write the file/],
    ['${ssm:/gone}', /\/gone could not be read: .*request 1234/, /ssm:GetParameter/],
    ['${vault:x}', /\$\{env:NAME\}/, /\$\$\{/],
    ['${TOKEN}', /\$\{env:NAME\}/, /\$\$\{/],
    ['${env:TOKEN', /\$\{env:NAME\}/, /\$\$\{/],
  ])('%s is a mistake', async (reference, allowed, mend) => {
    const { load } = world({ 'tags.Note': reference });
    await expect(load()).rejects.toMatchObject({
      mistakes: [
        {
          path: 'tags.Note',
          allowed: expect.stringMatching(allowed),
          mend: expect.stringMatching(mend),
          line: 1,
        },
      ],
    });
  });

  it('is the only mistake of its key, and hides no other', async () => {
    const { load } = world({ 'pools.linux.max': '${env:NOT_SET}', 'pools.linux.min': 20, installation: 'A' });
    await expect(load()).rejects.toMatchObject({
      mistakes: [
        { path: 'pools.linux.max', value: '${env:NOT_SET}' },
        { path: 'installation', value: '"A"' },
      ],
    });
  });

  it('that is empty is judged like an empty value', async () => {
    const { load } = world({ 'gitlab.token': '${env:EMPTY}' });
    await expect(load()).rejects.toMatchObject({
      mistakes: [
        { path: 'gitlab.token', value: '${env:EMPTY}', allowed: expect.stringContaining('it is empty') },
      ],
    });
  });

  it.each<[what: string, edits: Edits, paths: readonly string[]]>([
    ['no region', { 'aws.region': undefined, 'gitlab.token': '${ssm:/a}' }, ['gitlab.token', 'aws.region']],
    ['a wrong region', { 'aws.region': 'here', 'gitlab.token': '${ssm:/a}' }, ['gitlab.token', 'aws.region']],
    ['a region from SSM', { 'aws.region': '${ssm:/region}' }, ['aws.region']],
    [
      'a wrong endpoint',
      { 'aws.endpoints': { ssm: 'x' }, 'gitlab.token': '${ssm:/a}' },
      ['gitlab.token', 'aws.endpoints.ssm'],
    ],
    ['an endpoint from SSM', { 'aws.endpoints': { ssm: '${ssm:/a}' } }, ['aws.endpoints.ssm']],
  ])('SSM is not asked with %s', async (_, edits, paths) => {
    const { load, asked } = world(edits, {}, { '/a': 'x', '/region': 'eu-central-1' });
    await expect(load()).rejects.toMatchObject({ mistakes: paths.map((path) => ({ path })) });
    expect(asked).toEqual([]);
  });

  it('is not looked up at an unknown key', async () => {
    const { load, asked } = world({ 'gitlab.tokn': '${ssm:/a}' }, {}, { '/a': 'x' });
    await expect(load()).rejects.toMatchObject({ mistakes: [{ path: 'gitlab.tokn', value: 'unknown key' }] });
    expect(asked).toEqual([]);
  });
});

describe('what a reference stands for', () => {
  it.each([
    'gitlab.url',
    'gitlab.token',
    'aws.region',
    'pollInterval',
    'pools.linux.max',
    'pools.linux.tags',
    'log.level',
    'state/',
  ])('is never shown when %s refuses it', async (path) => {
    const key = path.replace('/', '');
    const env = { VALUE: 'hunter2 hunter2/' };
    const [mistake, ...others] = await mistakesWith({ [key]: '${env:VALUE}' }, { env });
    expect(mistake).toMatchObject({ path: key });
    expect(JSON.stringify([mistake, ...others])).not.toContain('hunter2');
  });

  it('is not even shown where it is only a part', async () => {
    const mistakes = await mistakesWith({ installation: 'X-${env:VALUE}' }, { env: { VALUE: 'hunter2' } });
    expect(mistakes).toMatchObject([{ value: '"X-${env:VALUE}"' }]);
  });

  it('does not change what a text in quotes means', async () => {
    expect(await mistakesWith({ 'pools.linux.max': '10' })).toMatchObject([
      { path: 'pools.linux.max', value: '"10"', allowed: 'a whole number from 0 to 5000' },
    ]);
    expect((await loadSample({ 'tags.Literal': '$${' })).tags).toEqual({ Literal: '${' });
  });
});
