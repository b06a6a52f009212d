import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { familyOf, nitro } from './families.ts';
import { bundledTypes } from './instance-types.ts';
import { type Matching, matching, type Range, type Requirements } from './requirements.ts';
import { ARCHITECTURES, type InstanceType, type TypeTable } from './type-table.ts';

const range = (top: number) =>
  fc.oneof(
    fc.record({ min: fc.nat(top) }),
    fc.tuple(fc.nat(top), fc.nat(top)).map(([min, more]) => ({ min, max: min + more })),
  );

const families = fc.array(fc.constantFrom('m*', 'c7*', 'r8g', '*i', 'g*', 't3', 'm7i-flex', 'z9'), {
  minLength: 1,
  maxLength: 3,
});

const requirements: fc.Arbitrary<Requirements> = fc.record(
  {
    vcpu: range(16),
    memoryGiB: range(64),
    architecture: fc.constantFrom(...ARCHITECTURES),
    currentGeneration: fc.boolean(),
    burstable: fc.boolean(),
    gpu: fc.record({ min: fc.constantFrom(0, 1 / 8, 1, 2, 8) }),
    families: fc.record({ include: families, exclude: families }, { requiredKeys: [] }),
    market: fc.constantFrom('spot', 'on-demand'),
  },
  { requiredKeys: ['vcpu', 'memoryGiB', 'architecture'] },
);

/** What can be demanded on top of a set of requirements. */
const tightenings: fc.Arbitrary<(from: Requirements) => Requirements> = fc.oneof(
  fc
    .nat(8)
    .map((more) => (from: Requirements) => ({ ...from, vcpu: { ...from.vcpu, min: from.vcpu.min + more } })),
  fc.nat(64).map((max) => (from: Requirements) => ({
    ...from,
    memoryGiB: { ...from.memoryGiB, max: Math.min(from.memoryGiB.max ?? Infinity, max) },
  })),
  fc.constant((from: Requirements) => ({ ...from, currentGeneration: true })),
  fc.constant((from: Requirements) => ({ ...from, burstable: false })),
  fc.constant((from: Requirements) => ({ ...from, market: 'spot' as const })),
  fc
    .nat(4)
    .map(
      (more) => (from: Requirements) =>
        from.gpu === undefined ? from : { ...from, gpu: { min: from.gpu.min + more } },
    ),
  families.map((exclude) => (from: Requirements) => ({
    ...from,
    families: { ...from.families, exclude: [...(from.families?.exclude ?? []), ...exclude] },
  })),
  families.map(
    (include) => (from: Requirements) =>
      from.families?.include === undefined ? { ...from, families: { ...from.families, include } } : from,
  ),
);

function whole(answer: Matching): readonly string[] {
  return answer.found ? answer.names : [];
}

const all = { limit: Infinity };

function isWithin(value: number, { min, max }: Range): boolean {
  return value >= min && (max === undefined || value <= max);
}

/** The requirements that the type does not meet. */
function unmet(type: InstanceType, wanted: Requirements): readonly string[] {
  const checks = {
    vcpu: isWithin(type.vcpu, wanted.vcpu),
    memoryGiB: isWithin(type.memoryMiB / 1024, wanted.memoryGiB),
    architecture: type.arch === wanted.architecture,
    currentGeneration: type.currentGeneration || wanted.currentGeneration === false,
    burstable: !type.burstable || wanted.burstable === true,
    market: type.spot || wanted.market !== 'spot',
    gpu: wanted.gpu === undefined ? type.gpu === undefined : (type.gpu ?? 0) >= wanted.gpu.min,
  };
  return Object.entries(checks).flatMap(([check, ok]) => (ok ? [] : [check]));
}

describe('matching, given any requirements', () => {
  it('every match is in the table, runs on Nitro and meets them', () => {
    fc.assert(
      fc.property(requirements, (wanted) => {
        const wrong = whole(matching(wanted, bundledTypes, all)).filter((name) => {
          const type = bundledTypes.types.get(name);
          return type === undefined || !nitro(name) || unmet(type, wanted).length > 0;
        });
        expect(wrong).toEqual([]);
      }),
    );
  });

  it('more requirements never give more matches', () => {
    fc.assert(
      fc.property(requirements, tightenings, (wanted, tighten) => {
        const before = new Set(whole(matching(wanted, bundledTypes, all)));
        const after = whole(matching(tighten(wanted), bundledTypes, all));
        expect(after.filter((name) => !before.has(name))).toEqual([]);
      }),
    );
  });

  it('the list is as long as it may be, without repetition, and a beginning of the whole', () => {
    fc.assert(
      fc.property(requirements, fc.integer({ min: 1, max: 50 }), (wanted, limit) => {
        const answer = matching(wanted, bundledTypes, { limit });
        const every = whole(matching(wanted, bundledTypes, all));
        expect(whole(answer)).toEqual(every.slice(0, limit));
        expect(new Set(every).size).toBe(every.length);
        expect(answer.found ? answer.of : 0).toBe(every.length);
      }),
    );
  });

  it('the order of the table does not change the answer', () => {
    const entries = [...bundledTypes.types].filter(([name]) => /^[mcg][678]/.test(familyOf(name)));
    const tables = fc
      .shuffledSubarray(entries, { minLength: entries.length })
      .map((types): TypeTable => ({ ...bundledTypes, types: new Map(types) }));
    const straight: TypeTable = { ...bundledTypes, types: new Map(entries) };
    fc.assert(
      fc.property(requirements, tables, (wanted, shuffled) => {
        expect(matching(wanted, shuffled)).toEqual(matching(wanted, straight));
      }),
    );
  });

  it('is found, or refused in a sentence that begins with the requirement', () => {
    fc.assert(
      fc.property(requirements, (wanted) => {
        const answer = matching(wanted, bundledTypes, all);
        const [said, expected] = answer.found
          ? [String(answer.names.length), /^[1-9]/]
          : [
              answer.why,
              new RegExp(`^\`${answer.requirement}\` \\(.+\\) leaves out (?:the only type|all \\d+ types) `),
            ];
        expect(said).toMatch(expected);
      }),
    );
  });
});
