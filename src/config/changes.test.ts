import { describe, expect, it } from 'vitest';
import { compareConfigs } from './changes.ts';
import { type Edits, loadSample, SMALLEST } from '../../test/support/sample-config.ts';

const SHARED_TOKEN = '3fd1c9a07be24c5586d1f0a9b7c4e213';
const OTHER = { ...SMALLEST.pools.linux, runner: { id: 13, tokenParameter: '/b' } };

async function changes(before: Edits, after: Edits) {
  return compareConfigs(await loadSample(before), await loadSample(after));
}

function longForms(follow: boolean, spotShare: unknown): Edits {
  return {
    'pools.linux.instances.image': { name: 'runner-*', follow },
    'pools.linux.instances.market': { spotShare },
  };
}

describe('compareConfigs', () => {
  it('finds nothing where nothing differs', async () => {
    expect(
      await changes(
        { pollInterval: '1m', 'webhook.token': SHARED_TOKEN },
        { pollInterval: 60, 'webhook.token': SHARED_TOKEN },
      ),
    ).toEqual([]);
  });

  it.each<[path: string, value: unknown, from: string | undefined, to: string, applies: string]>([
    ['installation', 'other', 'acme', 'other', 'restart'],
    ['gitlab.url', 'https://x.example.com', 'https://gitlab.com', 'https://x.example.com', 'drifts'],
    ['gitlab.token', 'another-access-token', '[secret]', '[secret]', 'hot'],
    ['gitlab.proxy', 'http://me:hunter2@proxy.example.com', undefined, '[secret]', 'hot'],
    ['gitlab.projects', ['acme/web', 7], '["acme/web"]', '["acme/web",7]', 'hot'],
    ['aws.endpoints', { ec2: 'http://127.0.0.1:1' }, undefined, '{"ec2":"http://127.0.0.1:1"}', 'restart'],
    [
      'aws.events',
      { queue: 'http://127.0.0.1:1/111122223333/x' },
      undefined,
      '{"queue":"http://127.0.0.1:1/111122223333/x"}',
      'restart',
    ],
    ['aws.metrics', { namespace: 'Acme' }, undefined, '{"namespace":"Acme","every":60000}', 'hot'],
    ['pools.linux.rebalance', 'ignore', 'drain', 'ignore', 'hot'],
    ['status.listen', '[::1]:80', '127.0.0.1:8471', '[::1]:80', 'restart'],
    ['pollInterval', '90s', '15s', '90s', 'hot'],
    ['state', 'x.db', '/etc/runtide/runtide.db', '/etc/runtide/x.db', 'restart'],
    ['log.level', 'debug', 'info', 'debug', 'hot'],
    ['tags.CostCenter', '42', undefined, '42', 'hot'],
    ['pools.linux.max', 11, '10', '11', 'hot'],
    ['pools.linux.maxAge', '7d', undefined, '7d', 'hot'],
    ['pools.linux.slots', 2, '1', '2', 'drifts'],
    ['pools.linux.runner.id', 99, '12', '99', 'drifts'],
    ['pools.linux.instances.types', ['m6i.large'], '["m7i.large"]', '["m6i.large"]', 'drifts'],
    ['pools.linux.instances.market', 'on-demand', 'spot', 'on-demand', 'hot'],
    [
      'pools.linux.instances.image',
      { name: 'runner-*' },
      'ami-0123456789abcdef0',
      '{"name":"runner-*"}',
      'drifts',
    ],
    ['pools.linux.instances.region', 'eu-west-1', undefined, 'eu-west-1', 'restart'],
    ['pools.linux.environment', { LANG: 'C' }, undefined, '{"LANG":"C"}', 'drifts'],
  ])('finds %s', async (path, value, from, to, applies) => {
    expect(await changes({}, { [path]: value })).toEqual([{ path, from, to, applies }]);
  });

  it('finds single keys of what has a long form', async () => {
    expect(await changes(longForms(false, 0.5), longForms(true, '80%'))).toEqual([
      { path: 'pools.linux.instances.image.follow', from: 'false', to: 'true', applies: 'hot' },
      { path: 'pools.linux.instances.market.spotShare', from: '0.5', to: '0.8', applies: 'hot' },
    ]);
  });

  it('names a file by its digest', async () => {
    const before = await loadSample();
    const linux = before.pools['linux'];
    if (linux === undefined) throw new Error('the sample has no pool');
    const withCa = (caFile: string) => ({ ...before, pools: { linux: { ...linux, caFile } } });
    expect(compareConfigs(withCa('one'), withCa('other'))).toEqual([
      {
        path: 'pools.linux.caFile',
        from: expect.stringMatching(/^a file with the digest [0-9a-f]{12}$/),
        to: expect.stringMatching(/^a file with the digest [0-9a-f]{12}$/),
        applies: 'drifts',
      },
    ]);
  });

  it('finds a section that comes or goes, once and without its secrets', async () => {
    const webhook = '{"listen":{"host":"127.0.0.1","port":8470},"pollInterval":60000,"token":"[secret]"}';
    expect(await changes({}, { 'webhook.token': SHARED_TOKEN })).toEqual([
      { path: 'webhook', from: undefined, to: webhook, applies: 'restart' },
    ]);
    expect(await changes({ 'webhook.token': SHARED_TOKEN }, {})).toEqual([
      { path: 'webhook', from: webhook, to: undefined, applies: 'restart' },
    ]);
  });

  it('finds a pool that comes or goes, without replacing the others', async () => {
    expect(await changes({}, { 'pools.other': OTHER })).toMatchObject([
      { path: 'pools.other', from: undefined, to: expect.stringContaining('"name":"other"'), applies: 'hot' },
    ]);
    expect(await changes({ 'pools.other': OTHER }, {})).toMatchObject([
      { path: 'pools.other', to: undefined, applies: 'hot' },
    ]);
  });

  it('finds another order of the pools', async () => {
    const other = { other: OTHER, linux: SMALLEST.pools.linux };
    expect(await changes({ 'pools.other': OTHER }, { pools: other })).toEqual([
      { path: 'pools', from: 'linux, other', to: 'other, linux', applies: 'hot' },
    ]);
  });

  it('finds several changes at once, in the order of the schema', async () => {
    const found = await changes(
      {},
      { 'pools.linux.max': 11, 'aws.region': 'eu-west-1', 'gitlab.timeout': '20s' },
    );
    expect(found.map(({ path, applies }) => [path, applies])).toEqual([
      ['gitlab.timeout', 'hot'],
      ['aws.region', 'restart'],
      ['pools.linux.max', 'hot'],
    ]);
  });
});
