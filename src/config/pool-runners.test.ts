import { describe, expect, it } from 'vitest';
import { type Edits, loadSample, mistakesWith } from '../../test/support/sample-config.ts';
import { generationOf } from './generation.ts';
import { policyOf } from './policy.ts';
import { runnersOf, tokensOf } from './pool-runners.ts';

const AT = 'pools.linux.runner';
const ADOPTED = [
  { id: 12, tokenParameter: '/a' },
  { id: 13, tokenParameter: '/b' },
];

function made(keys: object = {}, over: Edits = {}): Edits {
  return { [AT]: { create: { project: 'acme/web' }, ...keys }, ...over };
}

async function loaded(edits: Edits) {
  const config = await loadSample(edits);
  const pool = config.pools['linux'];
  if (pool === undefined) throw new Error('the sample has no pool linux');
  return { config, pool, runners: runnersOf(config, pool) };
}

const ISOLATED = { isolation: 'runner-per-instance' };

describe('the runner of a pool', () => {
  it('may be one that somebody made, or several', async () => {
    expect((await loaded({})).runners).toEqual({
      adopted: [{ id: 12, tokenParameter: '/runtide/linux/runner-token' }],
    });
    const { config, pool, runners } = await loaded({ [AT]: ADOPTED });
    expect(runners).toEqual({ adopted: ADOPTED });
    expect(tokensOf(config, pool)).toEqual({ parameters: ['/a', '/b'], use: 'all' });
  });

  it('may be one that Runtide makes, with a default for everything', async () => {
    expect((await loaded(made())).runners).toEqual({
      created: {
        owner: { kind: 'project', project: 'acme/web', others: [] },
        isolated: false,
        tokenPrefix: '/runtide/acme/linux/runner-token',
        shards: 1,
        settings: { tags: ['linux'], runUntagged: false, protectedOnly: false, locked: true },
      },
    });
  });

  it('takes everything that is said', async () => {
    const { runners } = await loaded(
      made({
        create: { project: 7, projects: ['acme/tools', 8] },
        tokenParameter: '/own/prefix',
        protected: true,
        locked: false,
        maximumTimeout: '3h',
        description: 'of the web team',
        maintenanceNote: 'ask them',
        shards: 4,
        kmsKey: 'alias/runtide',
      }),
    );
    expect(runners).toEqual({
      created: {
        isolated: false,
        owner: { kind: 'project', project: '7', others: ['acme/tools', '8'] },
        tokenPrefix: '/own/prefix',
        shards: 4,
        settings: {
          tags: ['linux'],
          runUntagged: false,
          protectedOnly: true,
          locked: false,
          maximumTimeout: 10_800_000,
          maintenanceNote: 'ask them',
        },
        words: 'of the web team',
        kmsKey: 'alias/runtide',
      },
    });
  });

  it.each([
    [{ group: 'acme' }, { kind: 'group', group: 'acme' }],
    [{ instance: true }, { kind: 'instance' }],
  ])('may serve %j', async (create, owner) => {
    const { runners } = await loaded(made({ create }));
    expect(runners).toMatchObject({ created: { owner } });
    expect('created' in runners && runners.created.settings).not.toHaveProperty('locked');
  });

  it.each([
    [100, '3s', 2],
    [98, '3s', 1],
    [98, '1s', 3],
  ])(
    'comes as often as the limit of GitLab asks for: max %i every %s',
    async (max, checkInterval, shards) => {
      const over = {
        'pools.linux.max': max,
        'pools.linux.checkInterval': checkInterval,
        'pools.linux.surge': 2,
      };
      expect((await loaded(made({}, over))).runners).toMatchObject({ created: { shards } });
    },
  );

  it('gives instances the tokens of the runners that are known', async () => {
    const { config, pool } = await loaded(made());
    const prefix = '/runtide/acme/linux/runner-token';
    expect(tokensOf(config, pool, [7])).toEqual({ parameters: [`${prefix}/7`], use: 'all' });
    expect(tokensOf(config, pool, [7, 8])).toEqual({
      parameters: [`${prefix}/7`, `${prefix}/8`],
      use: 'one',
    });
  });

  it('is part of the generation once it is known, and until then the pool waits', async () => {
    const { config } = await loaded(made());
    expect(policyOf(config).pools[0]?.awaits).toContain('runtide runners status');
    const [known] = policyOf(config, { runners: () => [7] }).pools;
    expect(known).not.toHaveProperty('awaits');
    expect(known?.generation).toBe(generationOf(config, 'linux', [7]));
    expect(generationOf(config, 'linux', [8])).not.toBe(known?.generation);
    expect(policyOf((await loaded({})).config).pools[0]).not.toHaveProperty('awaits');
  });

  it('has one for each instance, of which the generation knows nothing', async () => {
    const { config, pool, runners } = await loaded(made(ISOLATED));
    expect(runners).toMatchObject({ created: { isolated: true, shards: 0 } });
    const own = { parameters: ['/runtide/acme/linux/runner-token'], use: 'own' };
    expect([tokensOf(config, pool), tokensOf(config, pool, [])]).toEqual([own, own]);
    const [before] = policyOf(config).pools;
    expect(before).toMatchObject({ isolated: true });
    expect(before).not.toHaveProperty('awaits');
    expect(policyOf(config, { runners: () => [] }).pools[0]?.generation).toBe(before?.generation);
    const shared = await loaded(made({ isolation: 'shared' }));
    expect(policyOf(shared.config).pools[0]).not.toHaveProperty('isolated');
  });

  it('is kept in step without touching an instance', async () => {
    const before = generationOf((await loaded(made())).config, 'linux', [7]);
    const keys = {
      create: { project: 'acme/web', projects: ['acme/tools'] },
      protected: true,
      description: 'x',
    };
    expect(generationOf((await loaded(made(keys))).config, 'linux', [7])).toBe(before);
  });
});

describe('mistakes in the runner of a pool', () => {
  const TEMPLATE: Edits = { 'pools.linux.instances.template': 'lt-0123456789abcdef0' };

  it.each<[what: string, edits: Edits, path: string, says: string]>([
    ['nothing at all', { [AT]: {} }, AT, '`create`'],
    ['no parameter', { [AT]: { id: 12 } }, `${AT}.tokenParameter`, 'SSM parameter'],
    ['no id', { [AT]: { tokenParameter: '/a' } }, `${AT}.id`, 'whole number'],
    ['an id and create', made({ id: 12 }), `${AT}.id`, 'Runtide makes the runner'],
    [
      'what only made runners have',
      { [AT]: { ...ADOPTED[0], protected: true } },
      `${AT}.protected`,
      'set in GitLab',
    ],
    ['no owner', made({ create: {} }), `${AT}.create`, '`project`, `group` and `instance`'],
    ['two owners', made({ create: { project: 'a/b', group: 'a' } }), `${AT}.create.group`, 'one of'],
    [
      'projects of a group',
      made({ create: { group: 'a', projects: ['a/b'] } }),
      `${AT}.create.projects`,
      'only the runner of a project',
    ],
    [
      'the owner twice',
      made({ create: { project: 'a/b', projects: ['A/b'] } }),
      `${AT}.create.projects[0]`,
      'another project',
    ],
    [
      'a locked group runner',
      made({ create: { group: 'a' }, locked: true }),
      `${AT}.locked`,
      'only runners of projects',
    ],
    ['a prefix that is no path', made({ tokenParameter: 'token' }), `${AT}.tokenParameter`, 'begins with /'],
    [
      'isolation of one that somebody made',
      { [AT]: { ...ADOPTED[0], isolation: 'shared' } },
      `${AT}.isolation`,
      'set in GitLab',
    ],
    ['shards of isolated ones', made({ ...ISOLATED, shards: 2 }), `${AT}.shards`, 'runner of its own'],
    [
      'a registration token of isolated ones',
      made({ ...ISOLATED, registrationToken: 'GR-hunter2' }),
      `${AT}.registrationToken`,
      'runner of its own',
    ],
    [
      'isolated ones where jobs are found by runners',
      made(ISOLATED, { 'gitlab.instance': true }),
      `${AT}.isolation`,
      '`gitlab.groups`',
    ],
    ['a template of the operator', made({}, TEMPLATE), `${AT}.create`, 'launch template of yours'],
    ['one runner twice', { [AT]: [ADOPTED[0], ADOPTED[0]] }, `${AT}[1].id`, 'of its own'],
    [
      'a wrong id in a list',
      { [AT]: [{ id: 0, tokenParameter: '/a' }] },
      `${AT}[0].id`,
      'whole number from 1',
    ],
    ['several runners that count jobs', { [AT]: ADOPTED, 'pools.linux.maxJobs': 3 }, AT, '`maxJobs`'],
  ])('%s', async (_, edits, path, says) => {
    const mistakes = await mistakesWith(edits);
    const found = mistakes.find((mistake) => mistake.path === path);
    expect(mistakes.map((mistake) => mistake.path)).toContain(path);
    expect(`${found?.allowed} ${found?.mend}`).toContain(says);
  });

  it('never show a registration token', async () => {
    const mistakes = await mistakesWith({ [AT]: { ...ADOPTED[0], registrationToken: 'GR-hunter2' } });
    expect(JSON.stringify(mistakes)).not.toContain('hunter2');
    expect(mistakes.map(({ path }) => path)).toEqual([`${AT}.registrationToken`]);
  });
});
