import { describe, expect, it } from 'vitest';
import { bundledTypes } from './instance-types.ts';
import { type Matching, matching, type Requirements } from './requirements.ts';

const SMALL: Requirements = {
  vcpu: { min: 2, max: 2 },
  memoryGiB: { min: 8, max: 8 },
  architecture: 'amd64',
};

function namesOf(answer: Matching): readonly string[] {
  if (!answer.found) throw new Error(answer.why);
  return answer.names;
}

const all = { limit: Infinity };

function bandOf(name: string): string | undefined {
  return bundledTypes.types.get(name)?.interruptionBand;
}

describe('matching', () => {
  it('answers with the cheapest first', () => {
    const names = namesOf(matching(SMALL));
    const prices = names.map((name) => bundledTypes.types.get(name)?.onDemandUsdPerHour ?? Infinity);
    expect(prices.length).toBeGreaterThan(10);
    expect(prices).toEqual(prices.toSorted((one, other) => one - other));
    expect(names).toContain('m7i.large');
    expect(names[0]).toBe('m5a.large');
  });

  it.each<[string, Partial<Requirements>, string[], string[]]>([
    ['amd64', {}, ['m7i.large', 'm7a.large'], ['m7g.large']],
    ['arm64', { architecture: 'arm64' }, ['m7g.large', 'm8g.large'], ['m7i.large']],
    ['the current generation', {}, ['m7i.large'], ['m5.large']],
    ['any generation', { currentGeneration: false }, ['m7i.large', 'm5.large'], ['m4.large']],
    ['steady types', {}, [], ['t3.large', 't3a.large']],
    ['burstable types as well', { burstable: true }, ['t3.large', 'm7i.large'], ['t2.large']],
    [
      'listed families',
      { families: { include: ['m7*', 'm6i*'] } },
      ['m7i.large', 'm6in.large'],
      ['m8i.large'],
    ],
    ['no listed families', { families: { exclude: ['m7*'] } }, ['m8i.large'], ['m7i.large', 'm7a.large']],
    [
      'families both ways',
      { families: { include: ['m7*'], exclude: ['m7i-flex'] } },
      ['m7i.large'],
      ['m7i-flex.large'],
    ],
    ['spot', { market: 'spot' }, ['m7i.large'], []],
  ])('%s', (_what, changes, members, strangers) => {
    const names = namesOf(matching({ ...SMALL, ...changes }, bundledTypes, all));
    expect(names).toEqual(expect.arrayContaining(members));
    expect(names.filter((name) => strangers.includes(name))).toEqual([]);
  });

  it('chooses GPUs only when asked', () => {
    const large: Requirements = { ...SMALL, vcpu: { min: 4 }, memoryGiB: { min: 16 } };
    const without = namesOf(matching(large, bundledTypes, all));
    const one = namesOf(matching({ ...large, gpu: { min: 1 } }, bundledTypes, all));
    const eight = namesOf(matching({ ...large, gpu: { min: 8 } }, bundledTypes, all));
    const either = namesOf(matching({ ...large, gpu: { min: 0 } }, bundledTypes, all));
    expect(without.filter((name) => name.startsWith('g'))).toEqual([]);
    expect(one[0]).toBe('g4ad.xlarge');
    expect(one).toContain('g4dn.xlarge');
    expect(eight).toContain('p4d.24xlarge');
    expect(eight).not.toContain('g4dn.12xlarge');
    expect(either.toSorted()).toEqual(
      [
        ...new Set([...without, ...namesOf(matching({ ...large, gpu: { min: 1 / 8 } }, bundledTypes, all))]),
      ].toSorted(),
    );
  });

  it('leaves out what is interrupted more often, not what nobody knows', () => {
    const any = namesOf(matching({ ...SMALL, currentGeneration: false }, undefined, all));
    const calm = namesOf(
      matching({ ...SMALL, currentGeneration: false, maxInterruption: '5-10%' }, undefined, all),
    );
    expect(calm).toEqual(any.filter((name) => ['<5%', '5-10%', undefined].includes(bandOf(name))));
    expect(calm.length).toBeLessThan(any.length);
    expect(calm.length).toBeGreaterThan(0);
  });

  it('takes a share of a GPU for what it is', () => {
    const share: Requirements = { ...SMALL, memoryGiB: { min: 4 }, gpu: { min: 1 / 8 } };
    expect(namesOf(matching(share))).toEqual(['g6f.large']);
    expect(matching({ ...share, gpu: { min: 1 } })).toMatchObject({ found: false, requirement: 'vcpu' });
  });

  it('never chooses bare metal, types before Nitro, or types for other work', () => {
    const anything: Requirements = {
      vcpu: { min: 1 },
      memoryGiB: { min: 0 },
      architecture: 'amd64',
      currentGeneration: false,
      burstable: true,
      gpu: { min: 0 },
    };
    const names = namesOf(matching(anything, bundledTypes, all));
    expect(names.length).toBeGreaterThan(700);
    expect(names.filter((name) => /metal|^(?:t2|m4|i3|inf1|f2|vt1|trn1)\./.test(name))).toEqual([]);
  });

  it('answers with no more than is asked for, and says how many there were', () => {
    const cut = matching(SMALL, bundledTypes, { limit: 3 });
    const whole = matching(SMALL, bundledTypes, all);
    expect(namesOf(cut)).toEqual(namesOf(whole).slice(0, 3));
    expect(cut).toMatchObject({ of: namesOf(whole).length });
    expect(namesOf(matching({ ...SMALL, vcpu: { min: 1 }, memoryGiB: { min: 1 } })).length).toBe(30);
  });

  it('sorts by the prices that it is given, types without one last', () => {
    const prices = new Map([
      ['m7i.large', 2],
      ['m8i.large', 1],
    ]);
    const names = namesOf(
      matching({ ...SMALL, families: { include: ['m7i', 'm8i', 'm7a'] } }, bundledTypes, {
        usdPerHour: (name) => prices.get(name),
      }),
    );
    expect(names).toEqual(['m8i.large', 'm7i.large', 'm7a.large']);
  });
});

describe('a refusal names the requirement that the last candidates did not meet', () => {
  it.each<[string, Partial<Requirements>, string, string]>([
    ['too few vCPUs', { vcpu: { min: 3, max: 3 } }, 'vcpu', '`vcpu` (3 to 3 vCPUs) leaves out all '],
    [
      'too much memory',
      { memoryGiB: { min: 9, max: 10 } },
      'memoryGiB',
      '`memoryGiB` (9 to 10 GiB of memory) leaves out',
    ],
    ['a range upside down', { vcpu: { min: 8, max: 4 } }, 'vcpu', '8 to 4 vCPUs'],
    ['an unknown family', { families: { include: ['m77'] } }, 'families', 'a family of m77'],
    [
      'a family of the other architecture',
      { families: { include: ['m7g'] } },
      'families',
      'types with a kind that may be chosen (Nitro, no bare metal, no FPGA, ML or HPC types), architecture amd64: ',
    ],
    ['a family before Nitro', { families: { include: ['m4'] } }, 'families', '`families` (a family of m4)'],
    [
      'an old family',
      { families: { include: ['m5'] } },
      'currentGeneration',
      '(the current generation) leaves out all 8 types',
    ],
    ['a burstable family', { families: { include: ['t3'] } }, 'burstable', 't3.nano, t3.micro, t3.small, …'],
    [
      'a GPU family without GPUs',
      { families: { include: ['g6'] } },
      'gpu',
      '`gpu` (no GPU) leaves out all 8 types',
    ],
    [
      'GPUs of a family without',
      { families: { include: ['m7i'] }, gpu: { min: 1 } },
      'gpu',
      '1 or more GPUs',
    ],
    [
      'spot where there is none',
      { families: { include: ['m8ine'] }, market: 'spot' },
      'market',
      '(a spot market) leaves out all 6 types',
    ],
  ])('%s', (_what, changes, requirement, why) => {
    const answer = matching({ ...SMALL, ...changes });
    expect(answer).toMatchObject({ found: false, requirement, why: expect.stringContaining(why) });
  });

  it('in a sentence', () => {
    const answer = matching({ ...SMALL, families: { include: ['m7i'] }, memoryGiB: { min: 1, max: 7.5 } });
    expect(answer).toEqual({
      found: false,
      requirement: 'memoryGiB',
      why:
        '`memoryGiB` (1 to 7.5 GiB of memory) leaves out the only type with a kind that may be chosen ' +
        '(Nitro, no bare metal, no FPGA, ML or HPC types), architecture amd64, a family of m7i, the current generation, ' +
        'steady CPU (burstable: false), no GPU, 2 to 2 vCPUs: m7i.large',
    });
  });

  it('also of an empty table', () => {
    expect(matching(SMALL, { types: new Map(), sources: [] })).toMatchObject({
      found: false,
      why: 'the table of instance types is empty',
    });
  });
});
