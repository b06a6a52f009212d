import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { jsonSchema } from './json-schema.ts';
import { loadConfig } from './load.ts';
import { type Edits, NOTHING, sample, SMALLEST } from '../../test/support/sample-config.ts';

const ROOT = join(import.meta.dirname, '../..');
const accepts = new Ajv({ strict: true, allowUnionTypes: true }).compile(jsonSchema());

describe('the JSON Schema', () => {
  it('is the one that is committed (else run: node scripts/write-schema.ts)', async () => {
    const committed: unknown = JSON.parse(await readFile(join(ROOT, 'schema/runtide.schema.json'), 'utf8'));
    expect(committed).toEqual(jsonSchema());
  });

  it.each<[what: string, edits: Edits]>([
    ['the sample', {}],
    ['plain seconds', { pollInterval: 15 }],
    ['references in place of durations', { pollInterval: '${env:POLL}' }],
    [
      'references in place of numbers',
      { 'pools.linux.max': '${env:MAX}', 'gitlab.projects': ['${env:PROJECT}'] },
    ],
    ['references in place of truth', { 'pools.linux.runUntagged': '${env:YES}' }],
    ['references in place of words', { 'log.level': '${env:LEVEL}' }],
    ['references inside texts', { 'pools.linux.instances.profile': 'runtide-${env:STAGE}' }],
  ])('takes %s', (_, edits) => {
    expect([accepts(sample(edits)), accepts.errors]).toEqual([true, null]);
  });

  it.each<[what: string, edits: Edits]>([
    ['an unknown key', { 'gitlab.tokn': 'x' }],
    ['a missing key', { 'gitlab.token': undefined }],
    ['a number in quotes', { 'pools.linux.max': '10' }],
    ['a number out of its limits', { 'pools.linux.slots': 0 }],
    ['an unknown word', { 'log.level': 'loud' }],
    ['a wrong name of a pool', { 'pools.Linux': SMALLEST.pools.linux }],
    ['an item that stands twice', { 'pools.linux.tags': ['a', 'a'] }],
    ['no duration', { pollInterval: 'soon' }],
  ])('refuses %s', (_, edits) => {
    expect(accepts(sample(edits))).toBe(false);
  });

  it('describes keys, with their defaults and when a change applies', () => {
    expect(jsonSchema()).toMatchObject({
      title: 'Runtide configuration',
      properties: {
        pollInterval: {
          default: '15s',
          description: expect.stringMatching(/^How often[^]*Allowed: a duration from 1s to 5m[^]*at once/),
        },
        webhook: { description: expect.stringContaining('started again') },
      },
    });
  });
});

describe('examples/runtide.yaml', () => {
  const file = join(ROOT, 'examples/runtide.yaml');

  it('loads', async () => {
    const env = { GITLAB_TOKEN: 'glpat-x', RUNTIDE_WEBHOOK_TOKEN: '3fd1c9a07be24c5586d1f0a9b7c4e213' };
    const config = await loadConfig(file, { ...NOTHING, env });
    expect(Object.keys(config.pools)).toEqual(['linux', 'docker']);
  });

  it('fits the JSON Schema that its first line names', async () => {
    const text = await readFile(file, 'utf8');
    expect(text).toMatch(/^# yaml-language-server: \$schema=\.\.\/schema\/runtide\.schema\.json\n/);
    expect([accepts(parse(text)), accepts.errors]).toEqual([true, null]);
  });
});
