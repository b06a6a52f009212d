import { describe, expect, it } from 'vitest';
import { generationOf } from './generation.ts';
import { policyOf } from './policy.ts';
import { type Edits, loadSample, SMALLEST } from '../../test/support/sample-config.ts';

const POOL = 'pools.linux';

async function generation(edits: Edits): Promise<string> {
  return generationOf(await loadSample(edits), 'linux');
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
          idle: { slots: 0, time: 300_000 },
          cooldown: 30_000,
          bootTimeout: 600_000,
          maxAge: 604_800_000,
          generation: generationOf(config, 'linux'),
          offerings: [{ instanceType: 'm7i.large', subnet: 'subnet-0abc', market: 'spot' }],
          split: { onDemandBase: 0, spotShare: 1, onDemandFallback: false },
        },
      ],
      unservedAfter: 120_000,
      orphanGrace: 180_000,
      drainAlarm: 120_000,
    });
  });

  it('says nothing about age where nothing is said', async () => {
    expect(policyOf(await loadSample()).pools[0]).not.toHaveProperty('maxAge');
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

  it('does not depend on the order of the keys', async () => {
    const { instances, runner, tags } = SMALLEST.pools.linux;
    expect(await generation({ pools: { linux: { tags, instances, runner } } })).toBe(await generation({}));
  });

  it('refuses a pool that is not configured', async () => {
    const config = await loadSample();
    expect(() => generationOf(config, 'windows')).toThrow('windows');
  });
});
