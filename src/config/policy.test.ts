import { describe, expect, it } from 'vitest';
import { generationOf } from './generation.ts';
import type { Sources } from './lookup.ts';
import { policyOf } from './policy.ts';
import { bundledTypes } from '../offers/instance-types.ts';
import { bundledRegion } from '../offers/price.ts';
import { type Edits, loadSample, sample, SMALLEST } from '../../test/support/sample-config.ts';

const POOL = 'pools.linux';

async function generation(edits: Edits): Promise<string> {
  return generationOf(await loadSample(edits), 'linux');
}

function required(min: number): Edits {
  return {
    [`${POOL}.instances.types`]: undefined,
    [`${POOL}.instances.requirements`]: {
      vcpu: { min, max: 4 },
      memoryGiB: { min: 4, max: 16 },
      architecture: 'amd64',
    },
  };
}

function named(follow: boolean): Edits {
  return { [`${POOL}.instances.image`]: { name: 'runner-*', follow } };
}

/** Sources in which one file stands beside the configuration. */
function withFile(path: string, content: string, tree: unknown): Partial<Sources> {
  const text = (asked: string): string => (asked === path ? content : JSON.stringify(tree));
  return {
    env: { PRICES: 'prices.json' },
    readFile: async (asked) => new TextEncoder().encode(text(asked)),
  };
}

describe('policyOf', () => {
  it('tells the engine what is wanted', async () => {
    const config = await loadSample({ [`${POOL}.maxAge`]: '7d', orphanGrace: '3m' });
    expect(policyOf(config)).toEqual({
      pools: [
        {
          name: 'linux',
          tags: ['linux'],
          runUntagged: false,
          slots: 1,
          min: 0,
          max: 10,
          surge: 1,
          minAvailable: 0,
          idle: { slots: 0, time: 300_000 },
          cooldown: 30_000,
          bootTimeout: 600_000,
          maxAge: 604_800_000,
          generation: generationOf(config, 'linux'),
          offerings: [{ instanceType: 'm7i.large', subnet: 'subnet-0abc', market: 'spot' }],
          split: { onDemandBase: 0, spotShare: 1, onDemandFallback: false },
          place: 'own account eu-central-1',
        },
      ],
      unservedAfter: 120_000,
      orphanGrace: 180_000,
      drainAlarm: 120_000,
    });
  });

  it('says nothing about age and number of jobs where nothing is said', async () => {
    const [pool] = policyOf(await loadSample()).pools;
    expect(pool).not.toHaveProperty('maxAge');
    expect(pool).not.toHaveProperty('maxJobs');
  });

  it('says how instances are recycled', async () => {
    const edits = { [`${POOL}.maxJobs`]: 1, [`${POOL}.min`]: 3, [`${POOL}.minAvailable`]: 2 };
    expect(policyOf(await loadSample(edits)).pools[0]).toMatchObject({ maxJobs: 1, min: 3, minAvailable: 2 });
  });

  it('gives instances another generation when the number of their jobs changes, and only then', async () => {
    const before = await generation({});
    expect(await generation({ [`${POOL}.maxJobs`]: 1 })).not.toBe(before);
    expect(await generation({ [`${POOL}.min`]: 3, [`${POOL}.minAvailable`]: 2 })).toBe(before);
  });

  it('offers every type in every subnet, the first type first', async () => {
    const config = await loadSample({
      [`${POOL}.instances.types`]: ['m7i.large', 'm6i.large'],
      [`${POOL}.instances.subnets`]: ['subnet-1', 'subnet-2'],
      [`${POOL}.instances.market`]: 'on-demand',
    });
    expect(policyOf(config).pools[0]?.offerings).toEqual([
      { instanceType: 'm7i.large', subnet: 'subnet-1', market: 'on-demand' },
      { instanceType: 'm7i.large', subnet: 'subnet-2', market: 'on-demand' },
      { instanceType: 'm6i.large', subnet: 'subnet-1', market: 'on-demand' },
      { instanceType: 'm6i.large', subnet: 'subnet-2', market: 'on-demand' },
    ]);
  });

  it.each<[market: unknown, markets: readonly string[], split: object]>([
    ['spot', ['spot'], { onDemandBase: 0, spotShare: 1, onDemandFallback: false }],
    ['on-demand', ['on-demand'], { onDemandBase: 0, spotShare: 0, onDemandFallback: false }],
    [{}, ['spot'], { onDemandBase: 0, spotShare: 1, onDemandFallback: false }],
    [{ onDemandFallback: true }, ['spot', 'on-demand'], { onDemandFallback: true }],
    [{ onDemandBase: 2 }, ['spot', 'on-demand'], { onDemandBase: 2, spotShare: 1 }],
    [{ spotShare: '80%' }, ['spot', 'on-demand'], { spotShare: 0.8 }],
    [{ spotShare: 0 }, ['on-demand'], { spotShare: 0 }],
  ])('offers what the market %j needs', async (market, markets, split) => {
    const [pool] = policyOf(await loadSample({ [`${POOL}.instances.market`]: market })).pools;
    expect(pool?.split).toMatchObject(split);
    expect(pool?.offerings.map((offering) => offering.market)).toEqual(markets);
  });

  it('knows the prices of the own region alone', async () => {
    const market = { [`${POOL}.instances.market`]: { onDemandFallback: true } };
    const far = policyOf(await loadSample(market)).pools[0]?.offerings ?? [];
    expect(far.map(({ price }) => price)).toEqual([undefined, undefined]);
    const home = await loadSample({ ...market, [`${POOL}.instances.region`]: bundledRegion });
    const [spot, onDemand] = policyOf(home).pools[0]?.offerings ?? [];
    expect(onDemand?.price).toBe(bundledTypes.types.get('m7i.large')?.onDemandUsdPerHour);
    expect(spot?.price).toBeLessThan(onDemand?.price ?? 0);
  });

  it('takes prices from the file, and passes the highest one on', async () => {
    const prices = JSON.stringify({
      region: 'eu-central-1',
      readAt: '2026-01-05T08:00:00.000Z',
      currency: 'USD',
      onDemand: { 'm7i.large': 0.1207 },
      spot: { 'm7i.large': { 'eu-central-1a': 0.05, 'eu-central-1b': 0.03 } },
    });
    const edits = { prices: '${env:PRICES}', [`${POOL}.instances.maxPrice`]: 0.1 };
    const config = await loadSample(
      { ...edits, [`${POOL}.instances.market`]: { spotShare: 0.5 } },
      withFile(
        '/etc/runtide/prices.json',
        prices,
        sample({ ...edits, [`${POOL}.instances.market`]: { spotShare: 0.5 } }),
      ),
    );
    const [pool] = policyOf(config).pools;
    expect(pool?.maxPrice).toBe(0.1);
    expect(pool?.offerings.map(({ market, price }) => [market, price])).toEqual([
      ['spot', 0.04],
      ['on-demand', 0.1207],
    ]);
  });

  it('keeps the order of the pools', async () => {
    const first = { ...SMALLEST.pools.linux, runner: { id: 1, tokenParameter: '/1' } };
    const config = await loadSample({ pools: { z: first, linux: SMALLEST.pools.linux } });
    expect(policyOf(config).pools.map(({ name }) => name)).toEqual(['z', 'linux']);
  });
});

describe('generationOf', () => {
  it('is 12 hex digits', async () => {
    expect(await generation({})).toMatch(/^[0-9a-f]{12}$/);
  });

  it.each<[path: string, value: unknown]>([
    ['gitlab.url', 'https://gitlab.example.com'],
    [`${POOL}.runner.id`, 99],
    [`${POOL}.runner.tokenParameter`, '/other'],
    [`${POOL}.checkInterval`, '4s'],
    [`${POOL}.slots`, 2],
    [`${POOL}.instances.image`, 'ami-12345678'],
    [`${POOL}.instances.types`, ['m6i.large']],
    [`${POOL}.instances.securityGroups`, ['sg-1']],
    [`${POOL}.instances.profile`, 'other'],
  ])('changes with %s', async (path, value) => {
    expect(await generation({ [path]: value })).not.toBe(await generation({}));
  });

  it('changes with the docker executor and what belongs to it', async () => {
    const docker = { [`${POOL}.executor`]: 'docker', [`${POOL}.docker`]: { image: 'alpine:3' } };
    const generations = await Promise.all([
      generation({}),
      generation(docker),
      generation({ ...docker, [`${POOL}.docker.image`]: 'alpine:4' }),
      generation({ ...docker, [`${POOL}.docker.privileged`]: true }),
    ]);
    expect(new Set(generations).size).toBe(4);
  });

  it.each<[path: string, value: unknown]>([
    ['installation', 'other'],
    ['gitlab.token', 'another-access-token'],
    ['gitlab.url', 'https://gitlab.com/'],
    ['aws.region', 'eu-west-1'],
    ['pollInterval', '20s'],
    ['tags.CostCenter', '42'],
    [`${POOL}.tags`, ['other']],
    [`${POOL}.max`, 11],
    [`${POOL}.maxAge`, '7d'],
    [`${POOL}.checkInterval`, '3000ms'],
    [`${POOL}.instances.subnets`, ['subnet-1']],
    [`${POOL}.instances.market`, 'on-demand'],
    ['pools.other', { ...SMALLEST.pools.linux, runner: { id: 1, tokenParameter: '/1' } }],
  ])('does not change with %s', async (path, value) => {
    expect(await generation({ [path]: value })).toBe(await generation({}));
  });

  it('changes with what is required, and not with the types that are chosen for it', async () => {
    const config = await loadSample(required(2));
    const before = generationOf(config, 'linux');
    const linux = config.pools['linux'];
    if (linux === undefined) throw new Error('the sample has no pool');
    const newer = { ...linux, instances: { ...linux.instances, types: ['m99i.large'] } };
    expect(generationOf({ ...config, pools: { linux: newer } }, 'linux')).toBe(before);
    expect(await generation(required(4))).not.toBe(before);
    expect(linux.instances.types.length).toBeGreaterThan(3);
  });

  it.each<[what: string, edits: Edits]>([
    ['a volume', { [`${POOL}.instances.volume`]: { size: 8 } }],
    ['an image that is looked up', { [`${POOL}.instances.image`]: { name: 'runner-*' } }],
    ['a cache', { [`${POOL}.cache`]: { bucket: 'acme' } }],
    ['a proxy', { [`${POOL}.proxy`]: { url: 'http://proxy' } }],
    ['variables', { [`${POOL}.environment`]: { LANG: 'C' } }],
  ])('changes with %s', async (_, edits) => {
    expect(await generation(edits)).not.toBe(await generation({}));
  });

  it('does not change with whether an image is followed', async () => {
    expect(await generation(named(true))).toBe(await generation(named(false)));
  });

  it('does not depend on the order of the keys', async () => {
    const { instances, runner, tags } = SMALLEST.pools.linux;
    expect(await generation({ pools: { linux: { tags, instances, runner } } })).toBe(await generation({}));
  });

  it('refuses a pool that is not configured', async () => {
    const config = await loadSample();
    expect(() => generationOf(config, 'windows')).toThrow('windows');
  });
});
