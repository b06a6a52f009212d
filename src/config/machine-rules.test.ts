import { describe, expect, it } from 'vitest';
import { type Edits, loadSample, mistakesWith } from '../../test/support/sample-config.ts';

const AT = 'pools.linux.instances';
const WITHOUT_PARTS = {
  [`${AT}.image`]: undefined,
  [`${AT}.securityGroups`]: undefined,
  [`${AT}.profile`]: undefined,
};

function required(requirements: object, over: Edits = {}): Edits {
  const usual = { vcpu: { min: 2, max: 2 }, memoryGiB: { min: 8, max: 8 }, architecture: 'amd64' };
  return { [`${AT}.types`]: undefined, [`${AT}.requirements`]: { ...usual, ...requirements }, ...over };
}

async function paths(edits: Edits): Promise<readonly string[]> {
  return (await mistakesWith(edits)).map(({ path }) => path.replace(`${AT}.`, ''));
}

async function types(edits: Edits): Promise<readonly string[]> {
  return (await loadSample(edits)).pools['linux']?.instances.types ?? [];
}

describe('the machines of a pool', () => {
  it.each<[what: string, edits: Edits, found: readonly string[]]>([
    ['a template needs nothing beside it', { ...WITHOUT_PARTS, [`${AT}.template`]: 'lt-01234567' }, []],
    [
      'a template and what it says',
      { [`${AT}.template`]: 'lt-01234567', [`${AT}.volume`]: { size: 8 } },
      ['image', 'securityGroups', 'profile', 'volume'],
    ],
    [
      'a template whose user data has to say it',
      {
        ...WITHOUT_PARTS,
        [`${AT}.template`]: 'lt-01234567',
        'pools.linux.executor': 'docker',
        'pools.linux.docker': { image: 'alpine:3' },
        'pools.linux.cache': { bucket: 'acme' },
        'pools.linux.proxy': { url: 'http://proxy.example.com:3128' },
        'pools.linux.environment': { LANG: 'C' },
        'pools.linux.checkInterval': '4s',
      },
      ['executor', 'checkInterval', 'docker', 'cache', 'proxy', 'environment'].map(
        (key) => `pools.linux.${key}`,
      ),
    ],
    [
      'a template and what concerns the pool',
      {
        ...WITHOUT_PARTS,
        [`${AT}.template`]: 'lt-01234567',
        [`${AT}.maxPrice`]: 1,
        'pools.linux.checkInterval': '3s',
        'pools.linux.maxJobs': 1,
        'pools.linux.rebalance': 'ignore',
      },
      [],
    ],
    [
      'a template and an executor that is enough to refuse',
      { ...WITHOUT_PARTS, [`${AT}.template`]: 'lt-01234567', 'pools.linux.executor': 'docker' },
      ['pools.linux.executor'],
    ],
    ['neither a template nor parts', WITHOUT_PARTS, ['image', 'securityGroups', 'profile']],
    ['a template that is none', { ...WITHOUT_PARTS, [`${AT}.template`]: 'lt-1' }, ['template']],
    [
      'a version that is none',
      { ...WITHOUT_PARTS, [`${AT}.template`]: { id: 'lt-01234567', version: '3' } },
      ['template.version'],
    ],
    ['an image by parameter and by name', { [`${AT}.image`]: { parameter: '/a', name: 'abc' } }, ['image']],
    ['an image by nothing', { [`${AT}.image`]: { follow: true } }, ['image']],
    ['the owner of a parameter', { [`${AT}.image`]: { parameter: '/a', owner: 'self' } }, ['image.owner']],
    ['types and requirements', { ...required({}), [`${AT}.types`]: ['m7i.large'] }, ['requirements']],
    ['neither types nor requirements', { [`${AT}.types`]: undefined }, ['types']],
    [
      'types of two architectures',
      { [`${AT}.types`]: ['m7i.large', 'm6i.large', 'm7g.large'] },
      ['types[2]'],
    ],
    ['types that nobody knows yet', { [`${AT}.types`]: ['m7i.large', 'z99g.large'] }, []],
    ['a range that runs backwards', required({ vcpu: { min: 4, max: 2 } }), ['requirements.vcpu.max']],
    ['too much memory for the vCPUs', required({ memoryGiB: { min: 4000 } }), ['requirements.memoryGiB']],
    ['a family that is none', required({ families: { include: ['xx9'] } }), ['requirements.families']],
    ['GPUs where there are none', required({ gpu: { min: 9 } }), ['requirements.gpu']],
    [
      'throughput without operations',
      { [`${AT}.volume`]: { size: 100, throughput: 751 } },
      ['volume.throughput'],
    ],
    ['operations for so small a volume', { [`${AT}.volume`]: { size: 8, iops: 4001 } }, ['volume.iops']],
    ['a small volume with what is free', { [`${AT}.volume`]: { size: 1, iops: 3000, throughput: 750 } }, []],
  ])('%s', async (_what, edits, found) => {
    expect(await paths(edits)).toEqual(found);
  });

  it('say which requirement left nothing', async () => {
    const [mistake] = await mistakesWith(required({ vcpu: { min: 7, max: 7 } }));
    expect(mistake).toMatchObject({
      path: `${AT}.requirements.vcpu`,
      allowed: expect.stringMatching(
        /^what some instance type has, but `vcpu` \(7 to 7 vCPUs\) leaves out all/,
      ),
      mend: 'widen the requirements, or name the `types` yourself',
    });
  });

  it('are chosen by requirements: the cheapest first, and no more than one launch takes', async () => {
    const chosen = await types(required({}));
    expect(chosen).toContain('m7i.large');
    expect(chosen.length).toBeLessThanOrEqual(30);
    const subnets = Array.from({ length: 60 }, (_, index) => `subnet-${index}`);
    const wide = required({ vcpu: { min: 2 }, memoryGiB: { min: 4 } }, { [`${AT}.subnets`]: subnets });
    expect(await types(wide)).toHaveLength(5);
  });

  it('are of the architecture that is asked for', async () => {
    const config = await loadSample(required({ architecture: 'arm64' }));
    expect(config.pools['linux']?.instances.types).toContain('m7g.large');
    expect(config.pools['linux']?.instances.types).not.toContain('m7i.large');
  });
});
