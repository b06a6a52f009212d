import { describe, expect, it } from 'vitest';
import { type Edits, loadSample, mistakesWith, SMALLEST } from '../../test/support/sample-config.ts';
import { bundledRegion } from '../offers/price.ts';
import { compareConfigs } from './changes.ts';
import { generationOf } from './generation.ts';
import { cappedPaths } from './limits-policy.ts';
import { periodOf } from './period.ts';
import { policyOf } from './policy.ts';

const POOL = 'pools.linux';
const HOME = { 'aws.region': bundledRegion };
const OFFICE = { periods: ['* 8-17 * * mon-fri'], timezone: 'Europe/Berlin' };
const { runner: _, ...LINUX } = SMALLEST.pools.linux;
const SMALL = { runner: { id: 12, tokenParameter: '/small' } };
const LARGE = { runner: { id: 13, tokenParameter: '/large' } };

/** The one project that was looked up. */
const projects = (path: string): number | undefined => (path === 'acme/web' ? 7 : undefined);

async function mistakes(edits: Edits): Promise<readonly [path: string, allowed: string][]> {
  return (await mistakesWith(edits)).map(({ path, allowed }) => [path, allowed]);
}

describe('limits in the configuration', () => {
  it('become the terms of a pool', async () => {
    const config = await loadSample({
      ...HOME,
      [`${POOL}.idle`]: { slots: 10, factor: 0.2, minimum: 1 },
      [`${POOL}.schedules`]: [
        { ...OFFICE, idle: { slots: 20, time: '20m' }, min: 2, max: 8 },
        { periods: ['0 0 * * sun', '* * 1 1 *'] },
      ],
      [`${POOL}.budget`]: { day: 50, hour: 2.5, timezone: 'Europe/Berlin', idleUntil: 0.5 },
      [`${POOL}.projectCaps`]: { default: 20, 'acme/web': 50, 'acme/unknown': 1, 1234: 10 },
    });
    expect(policyOf(config, { projects }).pools[0]).toMatchObject({
      idle: { slots: 10, factor: 0.2, minimum: 1, time: 300_000 },
      schedules: [
        {
          name: '* 8-17 * * mon-fri Europe/Berlin',
          periods: [periodOf('* 8-17 * * mon-fri')],
          timeZone: 'Europe/Berlin',
          idle: { slots: 20, time: 1_200_000 },
          min: 2,
          max: 8,
        },
        { name: '0 0 * * sun, * * 1 1 * UTC', timeZone: 'UTC' },
      ],
      budget: { day: 50, hour: 2.5, timeZone: 'Europe/Berlin', idleUntil: 0.5, onDemandUntil: 0.9 },
      projectCaps: { others: 20, of: { 7: 50, 1234: 10 } },
      place: `own account ${bundledRegion}`,
    });
    expect(cappedPaths(config)).toEqual(['acme/web', 'acme/unknown']);
  });

  it('become the limits of all pools', async () => {
    const role = 'arn:aws:iam::111122223333:role/runtide';
    const config = await loadSample({
      ...HOME,
      maxInstances: 40,
      budget: { month: 1000, onDemandUntil: '95%' },
      'aws.launchLimits': { requests: { perSecond: 5 } },
      'pools.other': {
        ...SMALLEST.pools.linux,
        runner: { id: 13, tokenParameter: '/other' },
        instances: { ...SMALLEST.pools.linux.instances, role },
      },
    });
    const limits = { requests: { most: 5, perSecond: 5 }, instances: { most: 1000, perSecond: 2 } };
    const { pools, ...fleet } = policyOf(config);
    expect(fleet).toMatchObject({
      max: 40,
      budget: { month: 1000, timeZone: 'UTC', idleUntil: 0.8, onDemandUntil: 0.95 },
      launchLimits: {
        [`own account ${bundledRegion}`]: limits,
        [`111122223333 ${bundledRegion}`]: limits,
      },
    });
    expect(pools.map(({ place }) => place)).toEqual([
      `own account ${bundledRegion}`,
      `111122223333 ${bundledRegion}`,
    ]);
  });

  it('pace no pool whose group launches', async () => {
    const [pool] = policyOf(await loadSample({ [`${POOL}.instances.group`]: {} })).pools;
    expect(pool).not.toHaveProperty('place');
  });

  it('are inherited by sizes, but for the budget', async () => {
    const config = await loadSample({
      ...HOME,
      [POOL]: {
        ...LINUX,
        schedules: [{ ...OFFICE, min: 1 }],
        projectCaps: { default: 5 },
        idle: { slots: 4, factor: 0.5 },
        sizes: {
          small: SMALL,
          large: {
            ...LARGE,
            schedules: [],
            projectCaps: { default: 1 },
            budget: { day: 5 },
            idle: { minimum: 2 },
          },
        },
      },
    });
    const [small, large] = policyOf(config).pools;
    expect(small).toMatchObject({
      schedules: [{ min: 1 }],
      projectCaps: { others: 5 },
      idle: { slots: 4, factor: 0.5 },
    });
    expect(small).not.toHaveProperty('budget');
    expect(large).toMatchObject({
      projectCaps: { others: 1 },
      budget: { day: 5 },
      idle: { slots: 4, factor: 0.5, minimum: 2 },
    });
    expect(large).not.toHaveProperty('schedules');
  });

  it('change without new instances', async () => {
    const before = await loadSample(HOME);
    const after = await loadSample({
      ...HOME,
      maxInstances: 5,
      budget: { day: 1 },
      'aws.launchLimits': {},
      [`${POOL}.idle`]: { slots: 4, factor: 0.5, minimum: 1 },
      [`${POOL}.schedules`]: [{ ...OFFICE, min: 1 }],
      [`${POOL}.budget`]: { hour: 1 },
      [`${POOL}.projectCaps`]: { default: 1 },
    });
    expect(generationOf(after, 'linux')).toBe(generationOf(before, 'linux'));
    const changes = compareConfigs(before, after);
    expect(new Set(changes.map(({ path }) => path))).toEqual(
      new Set([
        'aws.launchLimits',
        'maxInstances',
        'budget',
        ...['idle.slots', 'idle.factor', 'idle.minimum', 'schedules', 'budget', 'projectCaps'].map(
          (key) => `${POOL}.${key}`,
        ),
      ]),
    );
    expect(new Set(changes.map(({ applies }) => applies))).toEqual(new Set(['hot']));
  });
});

describe('limits that make no sense', () => {
  it.each<[what: string, edits: Edits, path: string, allowed: string]>([
    [
      'more at least than at most',
      { [`${POOL}.idle`]: { slots: 2, factor: 1, minimum: 3 } },
      'idle.minimum',
      'at most `slots`',
    ],
    [
      'a minimum of nothing',
      { [`${POOL}.idle`]: { slots: 2, minimum: 1 } },
      'idle.minimum',
      'without `factor`',
    ],
    ['a factor of nothing', { [`${POOL}.idle`]: { factor: 0.5 } }, 'idle.factor', '`slots: 0`'],
    [
      'a time without clocks',
      { [`${POOL}.schedules`]: [{ ...OFFICE, timezone: 'Europe/Berlinn' }] },
      'schedules[0].timezone',
      'IANA',
    ],
    [
      'an offset as a zone',
      { [`${POOL}.schedules`]: [{ ...OFFICE, timezone: '+01:00' }] },
      'schedules[0].timezone',
      'IANA',
    ],
    [
      'no period',
      { [`${POOL}.schedules`]: [{ periods: [] }] },
      'schedules[0].periods',
      'one or more periods',
    ],
    [
      'a wrong period',
      { [`${POOL}.schedules`]: [{ periods: ['* * * * *', '* 25 * * *'] }] },
      'schedules[0].periods[1]',
      'but its hour is',
    ],
    [
      'min above max',
      { [`${POOL}.schedules`]: [OFFICE, { ...OFFICE, min: 11 }] },
      'schedules[1].min',
      'at most `max`, which is 10',
    ],
    [
      'max below min',
      { [`${POOL}.min`]: 2, [`${POOL}.schedules`]: [{ ...OFFICE, max: 1 }] },
      'schedules[0].max',
      'at least `min`, which is 2',
    ],
    [
      'more idle at least than at most',
      { [`${POOL}.schedules`]: [{ ...OFFICE, idle: { slots: 1, factor: 1, minimum: 2 } }] },
      'schedules[0].idle.minimum',
      'at most `slots`',
    ],
    ['a budget of nothing', { ...HOME, [`${POOL}.budget`]: {} }, 'budget', 'at least one of'],
    [
      'a budget that is none',
      { ...HOME, [`${POOL}.budget`]: { day: 0 } },
      'budget.day',
      'a number from 0.01',
    ],
    [
      'stages upside down',
      { ...HOME, [`${POOL}.budget`]: { day: 1, idleUntil: '95%' } },
      'budget.idleUntil',
      'at most `onDemandUntil`',
    ],
    [
      'a cap of no project',
      { [`${POOL}.projectCaps`]: { 'not a project': 1 } },
      'projectCaps.not a project',
      'the full path of a project',
    ],
    [
      'a cap that is no number',
      { [`${POOL}.projectCaps`]: { default: 'many' } },
      'projectCaps.default',
      'a whole number',
    ],
  ])('%s', async (_what, edits, path, allowed) => {
    expect(await mistakes(edits)).toEqual([[`${POOL}.${path}`, expect.stringContaining(allowed)]]);
  });

  it('are told with what to do', async () => {
    const [zone] = await mistakesWith({ [`${POOL}.schedules`]: [{ ...OFFICE, timezone: 'Europe/Berlinn' }] });
    expect(zone?.mend).toBe('did you mean `Europe/Berlin`?');
    const [bucket] = await mistakesWith({ 'aws.launchLimits.requests': { most: 0 } });
    expect(bucket).toMatchObject({ path: 'aws.launchLimits.requests.most', mend: 'write `most: 5`' });
  });

  it('are allowed at night, when the pool has less than by day', async () => {
    const idle = { slots: 5, factor: 0.5, minimum: 2 };
    const night = { periods: ['* 18-23 * * *'], idle: { slots: 0 } };
    expect(await mistakes({ [`${POOL}.idle`]: idle, [`${POOL}.schedules`]: [night] })).toEqual([]);
  });

  it('are found in every size', async () => {
    const sizes = { small: { ...SMALL, max: 1, schedules: [{ ...OFFICE, min: 2 }] }, large: LARGE };
    expect(await mistakes({ ...HOME, [POOL]: { ...LINUX, sizes, budget: { day: 1 } } })).toEqual([
      [`${POOL}.budget`, 'nothing here, because every size is a pool of its own'],
      [`${POOL}.sizes.small.schedules[0].min`, 'at most `max`, which is 1'],
    ]);
    const idle = { large: { ...LARGE, idle: { factor: 0.5 } }, small: { ...SMALL, idle: { slots: 1 } } };
    expect(await mistakes({ [POOL]: { ...LINUX, sizes: idle } })).toEqual([
      [`${POOL}.sizes.large.idle.factor`, expect.stringContaining('`slots: 0`')],
    ]);
  });

  it('a budget where no price is known', async () => {
    const expected = {
      value: 'a budget over pool linux, of whose types (m7i.large) no price in eu-central-1 is known',
      mend: expect.stringContaining('runtide prices refresh'),
    };
    expect(await mistakesWith({ [`${POOL}.budget`]: { day: 1 } })).toMatchObject([
      { path: `${POOL}.budget`, ...expected },
    ]);
    expect(await mistakesWith({ budget: { day: 1 }, pollInterval: 'soon' })).toMatchObject([
      { path: 'pollInterval' },
      { path: 'budget', ...expected },
    ]);
    expect(await mistakes({ ...HOME, [`${POOL}.budget`]: { day: 1 }, budget: { hour: 1 } })).toEqual([]);
  });
});
