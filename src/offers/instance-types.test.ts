import { describe, expect, it } from 'vitest';
import document from '../../data/instance-types.json' with { type: 'json' };
import { FAMILIES_BEFORE_NITRO, familyOf, gpusOf, isBareMetal, isForOtherWork, nitro } from './families.ts';
import { bundledTypes, instanceType } from './instance-types.ts';
import { ARCHITECTURES, INTERRUPTION_BANDS, readTypeTable } from './type-table.ts';

const NAME = /^[a-z][a-z0-9-]*\.(?:nano|micro|small|medium|large|\d{0,3}xlarge|metal(?:-\d{1,3}xl)?)$/;

describe('the bundled table', () => {
  it('holds the types of one region', () => {
    expect(bundledTypes.types.size).toBe(Object.keys(document.types).length);
    expect(bundledTypes.types.size).toBeGreaterThan(1000);
  });

  it('holds only whole, finite, plausible facts', () => {
    const odd = [...bundledTypes.types].flatMap(([name, type]) => {
      const { vcpu, memoryMiB, onDemandUsdPerHour = 1, spotSavingPercent = 0 } = type;
      const checks = {
        name: NAME.test(name),
        vcpu: Number.isInteger(vcpu) && vcpu >= 1 && vcpu <= 2048,
        memory: Number.isInteger(memoryMiB) && memoryMiB >= 512 && memoryMiB / vcpu <= 65_536,
        arch: ARCHITECTURES.includes(type.arch),
        price: onDemandUsdPerHour > 0.003 && onDemandUsdPerHour < 500,
        saving: spotSavingPercent >= 0 && spotSavingPercent < 100,
        band: INTERRUPTION_BANDS.includes(type.interruptionBand ?? '<5%'),
        flags: [type.currentGeneration, type.spot, type.burstable].every((flag) => typeof flag === 'boolean'),
      };
      return Object.entries(checks).flatMap(([check, ok]) => (ok ? [] : [`${check} of ${name}`]));
    });
    expect(odd).toEqual([]);
  });

  it('knows a saving exactly where it knows a band, and neither where there is no spot market', () => {
    const types = [...bundledTypes.types.values()];
    expect(
      types.filter(
        (type) => (type.spotSavingPercent === undefined) !== (type.interruptionBand === undefined),
      ),
    ).toEqual([]);
    expect(types.filter(({ spot, spotSavingPercent }) => !spot && (spotSavingPercent ?? 0) > 0)).toEqual([]);
  });

  it('says of every source where it is, under which licence, and how old', () => {
    expect(bundledTypes.sources.map(({ repository, licence }) => ({ repository, licence }))).toEqual([
      { repository: 'getmoto/moto', licence: 'Apache-2.0' },
      { repository: 'aws/karpenter-provider-aws', licence: 'Apache-2.0' },
      { repository: 'alexei-led/spotinfo', licence: 'Apache-2.0' },
    ]);
    expect(bundledTypes.sources.flatMap(({ gives }) => gives)).toEqual(document.columns);
    for (const { date } of bundledTypes.sources) expect(date).toMatch(/^20\d\d-\d\d-\d\d$/);
  });
});

describe('instanceType', () => {
  it.each([
    ['m7i.large', { vcpu: 2, memoryMiB: 8192, arch: 'amd64', currentGeneration: true, burstable: false }],
    ['c8g.4xlarge', { vcpu: 16, memoryMiB: 32_768, arch: 'arm64', spot: true }],
    ['t4g.small', { vcpu: 2, memoryMiB: 2048, arch: 'arm64', burstable: true }],
    ['g4dn.12xlarge', { vcpu: 48, gpu: 4, arch: 'amd64' }],
    ['g6f.large', { gpu: 0.125 }],
    ['c4.large', { currentGeneration: false }],
    ['m7i.large', { onDemandUsdPerHour: 0.1008, spotSavingPercent: 68, interruptionBand: '15-20%' }],
  ])('knows %s', (name, facts) => {
    expect(instanceType(name)).toMatchObject(facts);
  });

  it('leaves out what is not known', () => {
    const type = instanceType('c9g.large');
    expect(type).toBeDefined();
    expect(Object.keys(type ?? {})).not.toContain('interruptionBand');
    expect(Object.keys(instanceType('m7i.large') ?? {})).not.toContain('gpu');
  });

  it.each(['m99.large', '', 'constructor', '__proto__', 'm7i'])('does not know %j', (name) => {
    expect(instanceType(name)).toBeUndefined();
  });
});

describe('families', () => {
  it.each(FAMILIES_BEFORE_NITRO)('%s is older than Nitro', (family) => {
    expect(nitro(`${family}.xlarge`)).toBe(false);
  });

  it.each(['m7i.large', 'i3en.large', 'i3.metal', 'p3dn.24xlarge', 't3.micro', 'c6gn.medium', 'z99.large'])(
    '%s runs on Nitro',
    (name) => {
      expect(nitro(name)).toBe(true);
    },
  );

  it('have GPUs in every g and p family of the table, and nowhere else', () => {
    const names = [...bundledTypes.types.keys()];
    const graphics = names.filter((name) => /^(?:g|gr|p)\d/.test(name) && nitro(name));
    expect(graphics.length).toBeGreaterThan(60);
    expect(graphics.filter((name) => gpusOf(name) === 0)).toEqual([]);
    expect(names.filter((name) => gpusOf(name) > 0 && !graphics.includes(name))).toEqual([]);
  });

  it.each([
    ['g5.xlarge', 1],
    ['g5.48xlarge', 8],
    ['p5.4xlarge', 1],
    ['p5.48xlarge', 8],
    ['gr6f.4xlarge', 0.5],
    ['m7i.large', 0],
  ])('%s has %d GPUs', (name, count) => {
    expect(gpusOf(name)).toBe(count);
  });

  it.each(['inf2.xlarge', 'trn1.2xlarge', 'f2.6xlarge', 'vt1.3xlarge', 'hpc7g.4xlarge'])(
    '%s is for other work',
    (name) => {
      expect(isForOtherWork(name)).toBe(true);
    },
  );

  it.each([
    ['m5.metal', true],
    ['c7i.metal-24xl', true],
    ['m5.large', false],
  ])('%s is bare metal: %s', (name, expected) => {
    expect(isBareMetal(name)).toBe(expected);
  });

  it('are what stands before the dot', () => {
    expect(familyOf('c7i-flex.large')).toBe('c7i-flex');
    expect(familyOf('u-6tb1.112xlarge')).toBe('u-6tb1');
  });
});

describe('a table that is not what it must be is refused by name', () => {
  const sources = [
    { name: 'a', repository: 'b/c', licence: 'Apache-2.0', date: '2026-07-20', gives: ['vcpu'] },
  ];
  const columns = document.columns;
  const good = [2, 8192, 'amd64', true, true, false, 0.1, 50, '<5%'];
  const withCell = (column: string, value: unknown) => ({
    sources,
    columns,
    types: { 'm9.large': good.map((cell, index) => (columns[index] === column ? value : cell)) },
  });

  it('takes one that is', () => {
    expect(readTypeTable(withCell('spotSavingPercent', null)).types.get('m9.large')).toEqual({
      vcpu: 2,
      memoryMiB: 8192,
      arch: 'amd64',
      currentGeneration: true,
      spot: true,
      burstable: false,
      onDemandUsdPerHour: 0.1,
      interruptionBand: '<5%',
    });
  });

  it.each([
    ['vcpu', Number.NaN],
    ['vcpu', 0],
    ['vcpu', '2'],
    ['memoryMiB', null],
    ['arch', 'i386'],
    ['spot', 1],
    ['onDemandUsdPerHour', 0],
    ['onDemandUsdPerHour', Infinity],
    ['spotSavingPercent', 101],
    ['interruptionBand', '7%'],
  ])('%s: %j', (column, value) => {
    expect(() => readTypeTable(withCell(column, value))).toThrow(
      `reading ${column} of m9.large of the instance types`,
    );
  });

  it.each([
    [undefined, 'the table'],
    [{ sources, columns, types: [] }, 'the table'],
    [{ sources, columns, types: { 'm9.large': [1] } }, 'its row does not fit the columns'],
    [{ sources: [{ ...sources[0], date: 'now' }], columns, types: {} }, 'its date is none'],
    [{ sources: [{ ...sources[0], licence: '' }], columns, types: {} }, 'licence is missing'],
    [{ sources: ['moto'], columns, types: {} }, 'it is no map'],
    [{ sources: [{ ...sources[0], gives: 'all' }], columns, types: {} }, 'it gives nothing'],
  ])('%j', (table, why) => {
    expect(() => readTypeTable(table)).toThrow(why);
  });
});
