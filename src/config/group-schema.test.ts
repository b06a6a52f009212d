import { describe, expect, it } from 'vitest';
import { type Edits, loadSample, mistakesWith } from '../../test/support/sample-config.ts';
import { minutes, seconds } from '../engine/time.ts';
import { compareConfigs } from './changes.ts';
import { generationOf } from './generation.ts';
import { type GroupChoice, groupOf, isAttached } from './group-settings.ts';
import { machineChoice } from './machine-settings.ts';
import { policyOf } from './policy.ts';

const POOL = 'pools.linux';
const AT = `${POOL}.instances`;

/** A pool whose group is the operator's. */
const ATTACHED: Edits = {
  [`${AT}.image`]: undefined,
  [`${AT}.subnets`]: undefined,
  [`${AT}.securityGroups`]: undefined,
  [`${AT}.profile`]: undefined,
  [`${AT}.group`]: { name: 'ci-runners' },
};

/** A second pool beside `linux`, with a group. */
function other(group: object, instances: object = {}): Edits {
  return {
    'pools.arm.runner': { id: 13, tokenParameter: '/runtide/arm/runner-token' },
    'pools.arm.tags': ['arm'],
    'pools.arm.instances': { types: ['m7g.large'], group, ...instances },
  };
}

async function group(edits: Edits): Promise<GroupChoice | undefined> {
  const config = await loadSample(edits);
  const pool = config.pools['linux'];
  return pool === undefined ? undefined : groupOf(config, pool);
}

async function generation(edits: Edits): Promise<string> {
  return generationOf(await loadSample(edits), 'linux');
}

describe('the group of a pool', () => {
  it('is none where nothing is said', async () => {
    expect(await group({})).toBe(undefined);
    expect(policyOf(await loadSample()).pools[0]).not.toHaveProperty('group');
  });

  it('is made by Runtide where it has no name', async () => {
    const own = { name: 'runtide-acme-linux', attached: false, heartbeat: minutes(60) };
    expect(await group({ [`${AT}.group`]: {} })).toEqual(own);
    expect(await group({ [`${AT}.group`]: { heartbeat: '30m' } })).toEqual({
      ...own,
      heartbeat: minutes(30),
    });
  });

  it('is attached where it has one', async () => {
    expect(await group(ATTACHED)).toEqual({ name: 'ci-runners', attached: true, heartbeat: minutes(60) });
  });

  it('is one of its own for every size', async () => {
    const config = await loadSample({
      [`${POOL}.runner`]: undefined,
      [`${POOL}.sizes`]: {
        small: { runner: { id: 1, tokenParameter: '/small' } },
        large: { runner: { id: 2, tokenParameter: '/large' } },
      },
      [`${AT}.group`]: {},
    });
    expect(Object.values(config.pools).map((pool) => groupOf(config, pool)?.name)).toEqual([
      'runtide-acme-linux-small',
      'runtide-acme-linux-large',
    ]);
  });

  it('is told to the engine by its heartbeat', async () => {
    const [pool] = policyOf(await loadSample({ [`${AT}.group`]: { heartbeat: '45s' } })).pools;
    expect(pool?.group).toEqual({ heartbeat: seconds(45) });
  });

  it('offers its types without subnets where those are its own', async () => {
    const [pool] = policyOf(
      await loadSample({ ...ATTACHED, [`${AT}.types`]: ['m7i.large', 'm6i.large'] }),
    ).pools;
    expect(pool?.offerings).toEqual([
      { instanceType: 'm7i.large', market: 'spot' },
      { instanceType: 'm6i.large', market: 'spot' },
    ]);
  });

  it('makes machines of its own, which Runtide has no parts of', async () => {
    const { linux } = (await loadSample(ATTACHED)).pools;
    if (linux === undefined) throw new Error('reading the sample: no pool');
    expect(isAttached(linux)).toBe(true);
    expect(() => machineChoice(linux)).toThrow('reading the machines of pool linux: ');
  });
});

describe('a change of the group', () => {
  it('replaces instances when it comes, goes or is another, and not when its heartbeat changes', async () => {
    const generations = await Promise.all([
      generation({}),
      generation({ [`${AT}.group`]: {} }),
      generation({ [`${AT}.group`]: { heartbeat: '30m' } }),
      generation(ATTACHED),
      generation({ ...ATTACHED, [`${AT}.group`]: { name: 'other' } }),
    ]);
    expect(generations[2]).toBe(generations[1]);
    expect(new Set(generations).size).toBe(4);
  });

  it('drifts but for the heartbeat', async () => {
    const [fleet, own, short, attached] = await Promise.all(
      [{}, { [`${AT}.group`]: {} }, { [`${AT}.group`]: { heartbeat: '45m' } }, ATTACHED].map((edits) =>
        loadSample(edits),
      ),
    );
    if (fleet === undefined || own === undefined || short === undefined || attached === undefined) {
      throw new Error('reading the samples: one is missing');
    }
    expect(compareConfigs(fleet, own)).toMatchObject([{ path: `${AT}.group`, applies: 'drifts' }]);
    expect(compareConfigs(own, short)).toEqual([
      { path: `${AT}.group.heartbeat`, from: '1h', to: '45m', applies: 'hot' },
    ]);
    expect(compareConfigs(own, attached)).toContainEqual({
      path: `${AT}.group.name`,
      from: undefined,
      to: 'ci-runners',
      applies: 'drifts',
    });
  });
});

describe('a group is refused', () => {
  it.each<[what: string, edits: Edits, path: string, allowed: string, mend: string]>([
    [
      'with a colon',
      { ...ATTACHED, [`${AT}.group.name`]: 'a:b' },
      `${AT}.group.name`,
      'at most 255 characters',
      '',
    ],
    ['with a wildcard', { ...ATTACHED, [`${AT}.group.name`]: 'ci-*' }, `${AT}.group.name`, 'no : * ? $', ''],
    ['with a space', { ...ATTACHED, [`${AT}.group.name`]: 'a b' }, `${AT}.group.name`, 'no spaces', ''],
    ['with no name in it', { ...ATTACHED, [`${AT}.group.name`]: '' }, `${AT}.group.name`, 'the name of', ''],
    [
      'with a name that is too long',
      { ...ATTACHED, [`${AT}.group.name`]: 'a'.repeat(256) },
      `${AT}.group.name`,
      'at most 255 characters',
      '',
    ],
    [
      'with a short heartbeat',
      { [`${AT}.group`]: { heartbeat: '29s' } },
      `${AT}.group.heartbeat`,
      'from 30s to 2h',
      '',
    ],
    [
      'with a long heartbeat',
      { [`${AT}.group`]: { heartbeat: '3h' } },
      `${AT}.group.heartbeat`,
      'from 30s to 2h',
      '',
    ],
    [
      'whose heartbeat is over before Runtide renews it',
      { pollInterval: '15s', [`${AT}.group`]: { heartbeat: '44s' } },
      `${AT}.group.heartbeat`,
      'at least 45s, three times `pollInterval`',
      'write `heartbeat: 45s`',
    ],
    [
      'whose heartbeats do not last for a boot',
      { pollInterval: '1s', [`${POOL}.bootTimeout`]: '55m', [`${AT}.group`]: { heartbeat: '30s' } },
      `${AT}.group.heartbeat`,
      'at least 33s, a hundredth of `bootTimeout`',
      'write `heartbeat: 33s`',
    ],
    [
      'that another pool names',
      { ...ATTACHED, ...other({ name: 'ci-runners' }) },
      'pools.arm.instances.group.name',
      'a group of its own for every pool',
      'name another group',
    ],
    [
      'that Runtide makes for another pool',
      { [`${AT}.group`]: {}, ...other({ name: 'runtide-acme-linux' }) },
      'pools.arm.instances.group.name',
      'a group of its own for every pool',
      'name another group',
    ],
    [
      'that has requirements of types',
      {
        ...ATTACHED,
        [`${AT}.types`]: undefined,
        [`${AT}.requirements`]: { vcpu: { min: 2 }, memoryGiB: { min: 4 }, architecture: 'amd64' },
      },
      `${AT}.requirements`,
      'nothing here, because your Auto Scaling group decides it',
      'write `types`',
    ],
    ['and no types', { ...ATTACHED, [`${AT}.types`]: undefined }, `${AT}.types`, 'a list of one or more', ''],
    [
      'and no subnets, without its name',
      { [`${AT}.group`]: {}, [`${AT}.subnets`]: undefined },
      `${AT}.subnets`,
      '',
      '',
    ],
    [
      'and a runner whose token nobody has told its machines',
      { ...ATTACHED, [`${POOL}.runner`]: { create: { project: 'acme/web' } } },
      `${POOL}.runner.create`,
      'nothing here, because a launch template of yours',
      '',
    ],
    [
      'and sizes',
      {
        ...ATTACHED,
        [`${POOL}.runner`]: undefined,
        [`${POOL}.sizes`]: { small: { runner: { id: 1, tokenParameter: '/small' } } },
      },
      `${AT}.group.name`,
      'every one of the `sizes` has a group of its own',
      'make a pool for each size',
    ],
  ])('%s', async (_what, edits, path, allowed, mend) => {
    const found = await mistakesWith(edits);
    expect(found).toMatchObject([{ path }]);
    expect(found[0]?.allowed).toContain(allowed);
    expect(found[0]?.mend).toContain(mend);
  });

  it.each<[key: string, value: unknown]>([
    ['subnets', ['subnet-0abc']],
    ['market', 'on-demand'],
    ['market', { spotShare: 0.5 }],
    ['maxPrice', 1],
    ['image', 'ami-0123456789abcdef0'],
    ['securityGroups', ['sg-0abc']],
    ['profile', 'runtide-instance'],
    ['volume', { size: 50 }],
    ['template', 'lt-0123456789abcdef0'],
    ['preInstall', 'true'],
  ])('with `%s`, which it decides: %j', async (key, value) => {
    const found = await mistakesWith({ ...ATTACHED, [`${AT}.${key}`]: value });
    expect(found).toMatchObject([
      {
        path: `${AT}.${key}`,
        allowed: expect.stringMatching(/^nothing here, because .* Auto Scaling group/),
      },
    ]);
  });

  it('with what would stand in user data', async () => {
    const found = await mistakesWith({ ...ATTACHED, [`${POOL}.environment`]: { LANG: 'C' } });
    expect(found).toMatchObject([{ path: `${POOL}.environment` }]);
  });
});

describe('groups of one name', () => {
  it.each<[where: string, instances: object]>([
    ['regions', { region: 'eu-west-1' }],
    ['roles', { role: 'arn:aws:iam::111122223333:role/runtide' }],
  ])('are two in two %s', async (_where, instances) => {
    const config = await loadSample({ ...ATTACHED, ...other({ name: 'ci-runners' }, instances) });
    expect(Object.keys(config.pools)).toEqual(['linux', 'arm']);
  });
});

describe('a group that Runtide makes', () => {
  it.each<[beside: string, edits: Edits]>([
    [
      'a template of the operator',
      {
        [`${AT}.image`]: undefined,
        [`${AT}.securityGroups`]: undefined,
        [`${AT}.profile`]: undefined,
        [`${AT}.template`]: 'lt-0123456789abcdef0',
      },
    ],
    ['a divided market and a highest price', { [`${AT}.market`]: { spotShare: 0.5 }, [`${AT}.maxPrice`]: 1 }],
    [
      'requirements',
      {
        [`${AT}.types`]: undefined,
        [`${AT}.requirements`]: { vcpu: { min: 2 }, memoryGiB: { min: 4 }, architecture: 'amd64' },
      },
    ],
  ])('goes with %s', async (_beside, edits) => {
    expect(await mistakesWith({ ...edits, [`${AT}.group`]: {} })).toEqual([]);
  });
});
