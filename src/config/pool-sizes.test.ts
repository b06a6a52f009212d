import { describe, expect, it } from 'vitest';
import { type Edits, loadSample, mistakesWith, SMALLEST } from '../../test/support/sample-config.ts';
import { generationOf } from './generation.ts';
import { policyOf } from './policy.ts';

const { runner: _, ...LINUX } = SMALLEST.pools.linux;
const SMALL = { runner: { id: 12, tokenParameter: '/small' } };
const LARGE = { runner: { id: 13, tokenParameter: '/large' }, types: ['m7i.2xlarge'] };

function sized(sizes: unknown, over: Record<string, unknown> = {}): Edits {
  return { 'pools.linux': { ...LINUX, ...over, sizes } };
}

async function mistakes(edits: Edits): Promise<readonly [path: string, value: string][]> {
  return (await mistakesWith(edits)).map(({ path, value }) => [path, value]);
}

describe('a pool in sizes', () => {
  it('becomes a pool for each size, in their order, at its own place', async () => {
    const other = { ...SMALLEST.pools.linux, runner: { id: 1, tokenParameter: '/1' } };
    const config = await loadSample({
      pools: {
        first: other,
        linux: { ...LINUX, sizes: { small: SMALL, large: LARGE } },
        last: { ...other, runner: { id: 2, tokenParameter: '/2' } },
      },
    });
    expect(Object.keys(config.pools)).toEqual(['first', 'linux-small', 'linux-large', 'last']);
    expect(config.pools['linux-large']).toMatchObject({ name: 'linux-large', runner: LARGE.runner });
    expect(config.pools['linux-large']).not.toHaveProperty('sizes');
  });

  it('has the tags of the pool, and each with the size behind it', async () => {
    const config = await loadSample(sized({ small: SMALL, large: LARGE }, { tags: ['linux', 'docker'] }));
    expect(policyOf(config).pools.map(({ tags }) => tags)).toEqual([
      ['linux', 'docker', 'linux-small', 'docker-small'],
      ['linux', 'docker', 'linux-large', 'docker-large'],
    ]);
  });

  it('inherits what a size does not say', async () => {
    const large = { ...LARGE, slots: 4, max: 3, min: 1, idle: { slots: 2 }, maxPrice: 0.5 };
    const over = { max: 20, idle: { slots: 1, time: '9m' }, cooldown: '1m' };
    const { pools } = policyOf(await loadSample(sized({ small: SMALL, large }, over)));
    expect(pools).toMatchObject([
      {
        name: 'linux-small',
        slots: 1,
        min: 0,
        max: 20,
        surge: 1,
        idle: { slots: 1, time: 540_000 },
        cooldown: 60_000,
      },
      { name: 'linux-large', slots: 4, min: 1, max: 3, idle: { slots: 2, time: 540_000 }, maxPrice: 0.5 },
    ]);
    expect(pools.map(({ offerings }) => offerings[0]?.instanceType)).toEqual(['m7i.large', 'm7i.2xlarge']);
  });

  it('takes requirements of a size in place of the types of the pool, and the other way round', async () => {
    const requirements = { vcpu: { min: 8, max: 8 }, memoryGiB: { min: 32, max: 32 }, architecture: 'amd64' };
    const config = await loadSample(sized({ small: SMALL, large: { runner: LARGE.runner, requirements } }));
    expect(config.pools['linux-small']?.instances.types).toEqual(['m7i.large']);
    expect(config.pools['linux-large']?.instances.types).toContain('m7i.2xlarge');
    const { types: _types, ...instances } = LINUX.instances;
    const turned = await loadSample(
      sized({ small: SMALL, large: LARGE }, { instances: { ...instances, requirements } }),
    );
    expect(turned.pools['linux-small']?.instances.types).toContain('m7i.2xlarge');
    expect(turned.pools['linux-large']?.instances).toMatchObject({ types: ['m7i.2xlarge'] });
    expect(turned.pools['linux-large']?.instances).not.toHaveProperty('requirements');
  });

  it('may recycle its instances in its own way', async () => {
    const large = { ...LARGE, maxJobs: 1, min: 2, minAvailable: 1 };
    const { pools } = policyOf(await loadSample(sized({ small: SMALL, large })));
    expect(pools[0]).not.toHaveProperty('maxJobs');
    expect(pools[0]).toMatchObject({ minAvailable: 0 });
    expect(pools[1]).toMatchObject({ maxJobs: 1, min: 2, minAvailable: 1 });
  });

  it('keeps the rules about that, each where it is written', async () => {
    expect(await mistakes(sized({ small: SMALL, large: { ...LARGE, maxJobs: 1, slots: 4 } }))).toMatchObject([
      ['pools.linux.sizes.large.slots', '4'],
    ]);
    expect(await mistakes(sized({ small: { ...SMALL, maxJobs: 1 } }, { slots: 2 }))).toMatchObject([
      ['pools.linux.slots', '2'],
    ]);
    expect(
      await mistakes(sized({ small: SMALL, large: { ...LARGE, min: 4 } }, { min: 2, minAvailable: 3 })),
    ).toMatchObject([['pools.linux.minAvailable', '3']]);
    expect(
      await mistakes(sized({ small: SMALL, large: { ...LARGE, surge: 0 } }, { min: 2, minAvailable: 2 })),
    ).toMatchObject([['pools.linux.sizes.large.surge', '0']]);
  });

  it('has a surge that fits its max', async () => {
    const config = await loadSample(sized({ small: { ...SMALL, max: 0 } }));
    expect(config.pools['linux-small']?.surge).toBe(0);
  });

  it('drifts size by size', async () => {
    const before = await loadSample(sized({ small: SMALL, large: LARGE }));
    const after = await loadSample(sized({ small: SMALL, large: { ...LARGE, slots: 2 } }));
    expect(generationOf(after, 'linux-small')).toBe(generationOf(before, 'linux-small'));
    expect(generationOf(after, 'linux-large')).not.toBe(generationOf(before, 'linux-large'));
  });

  it.each<[what: string, edits: Edits, found: readonly [string, string][]]>([
    ['no size', sized({}), [['pools.linux.sizes', 'a map']]],
    ['a size without a runner', sized({ small: {} }), [['pools.linux.sizes.small.runner', 'missing']]],
    [
      'a runner beside sizes',
      sized({ small: SMALL }, { runner: LARGE.runner }),
      [['pools.linux.runner', 'a map']],
    ],
    ['neither a runner nor sizes', { 'pools.linux': LINUX }, [['pools.linux.runner', 'missing']]],
    [
      'sizes that no tag chooses',
      sized({ small: SMALL }, { tags: [], runUntagged: true }),
      [['pools.linux.tags', 'a list of 0 items']],
    ],
    [
      'two sizes with one runner',
      sized({ small: SMALL, large: { ...LARGE, runner: SMALL.runner } }),
      [
        ['pools.linux.sizes.large.runner.id', '12'],
        ['pools.linux.sizes.large.runner.tokenParameter', '"/small"'],
      ],
    ],
    [
      'a size whose name does not fit',
      sized({ Small: SMALL }),
      [['pools.linux.sizes.Small', 'a size that makes the pool linux-Small']],
    ],
    [
      'a size whose pool has a name that is too long',
      sized({ ['x'.repeat(20)]: SMALL }),
      [[`pools.linux.sizes.${'x'.repeat(20)}`, `a size that makes the pool linux-${'x'.repeat(20)}`]],
    ],
    [
      'a size that collides with a pool',
      {
        ...sized({ small: SMALL }),
        'pools.linux-small': { ...SMALLEST.pools.linux, runner: { id: 99, tokenParameter: '/99' } },
      },
      [['pools.linux.sizes.small', 'a size that makes the pool linux-small']],
    ],
    [
      'a min above the max of its size',
      sized({ small: { ...SMALL, max: 2 }, large: LARGE }, { min: 3 }),
      [['pools.linux.min', '3']],
    ],
    [
      'a min of its own above max',
      sized({ small: { ...SMALL, min: 11 } }),
      [['pools.linux.sizes.small.min', '11']],
    ],
    [
      'types and requirements in one size',
      sized({
        large: { ...LARGE, requirements: { vcpu: { min: 1 }, memoryGiB: { min: 1 }, architecture: 'amd64' } },
      }),
      [['pools.linux.sizes.large.requirements', 'a map']],
    ],
    [
      'types of two architectures in a size',
      sized({ large: { ...LARGE, types: ['m7i.large', 'm7g.large'] } }),
      [['pools.linux.sizes.large.types[1]', '"m7g.large"']],
    ],
  ])('refuses %s', async (_what, edits, found) => {
    expect(await mistakes(edits)).toEqual(found);
  });

  it('needs no types of its own where every size has some', async () => {
    const { types: _types, ...instances } = LINUX.instances;
    expect(await mistakes(sized({ large: LARGE }, { instances }))).toEqual([]);
    expect(await mistakes(sized({ small: SMALL, large: LARGE }, { instances }))).toEqual([
      ['pools.linux.instances.types', 'missing'],
    ]);
  });
});
