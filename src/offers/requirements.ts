import type { Market } from '../engine/pool.ts';
import { familyOf, isBareMetal, isForOtherWork, nitro } from './families.ts';
import { bundledTypes } from './instance-types.ts';
import {
  type Architecture,
  INTERRUPTION_BANDS,
  type InstanceType,
  type InterruptionBand,
  type TypeTable,
} from './type-table.ts';

/** From `min` to `max`, both included; without `max` there is no upper end. */
export interface Range {
  readonly min: number;
  readonly max?: number;
}

/** What an instance must be, in place of a list of types. */
export interface Requirements {
  readonly vcpu: Range;
  readonly memoryGiB: Range;
  readonly architecture: Architecture;
  /** Whether older generations are left out; absent: they are. */
  readonly currentGeneration?: boolean;
  /** Whether burstable types, whose CPU credits run out under jobs, are let in as well; absent: they are not. */
  readonly burstable?: boolean;
  /** Fewest GPUs, a fraction for a shared one, 0 for "with or without"; absent: only types without GPUs. */
  readonly gpu?: { readonly min: number };
  /** Patterns of families, in which `*` stands for any characters, such as `m7*`; absent: every family. */
  readonly families?: { readonly include?: readonly string[]; readonly exclude?: readonly string[] };
  /** The market that the type must be sold on; absent: any. */
  readonly market?: Market;
  /** Types whose spot instances are known to be taken back more often are left out; absent: none is. */
  readonly maxInterruption?: InterruptionBand;
}

/** A requirement by its key; `kind` is what is never chosen by requirements. */
export type RequirementName = keyof Requirements | 'kind';

/** The types that meet the requirements, or why there are none. */
export type Matching =
  | {
      readonly found: true;
      /** The cheapest first; types without a price last. */
      readonly names: readonly string[];
      /** How many there were before the list was cut. */
      readonly of: number;
    }
  | {
      readonly found: false;
      /** The requirement that the last candidates did not meet. */
      readonly requirement: RequirementName;
      readonly why: string;
    };

export interface MatchingOptions {
  /** Most types that are answered. A launch may name 300 offerings, so 30 types in 10 subnets. */
  readonly limit?: number;
  /** What to sort by, in dollars an hour; absent: the on-demand price of the table. */
  readonly usdPerHour?: (instanceType: string) => number | undefined;
}

const LIMIT = 30;
/** Candidates that a refusal names. */
const EXAMPLES = 3;
const MIB_PER_GIB = 1024;

interface Candidate {
  readonly name: string;
  readonly type: InstanceType;
}

interface Rule {
  readonly requirement: RequirementName;
  /** The requirement in words that can follow "with". */
  readonly words: string;
  readonly admits: (candidate: Candidate) => boolean;
}

function isWithin(value: number, { min, max = Infinity }: Range): boolean {
  return value >= min && value <= max;
}

function rangeWords({ min, max }: Range): string {
  return max === undefined ? `${min} or more` : `${min} to ${max}`;
}

function patternOf(pattern: string): RegExp {
  const escaped = pattern.split('*').map((part) => part.replace(/[^\w-]/g, String.raw`\$&`));
  return new RegExp(`^${escaped.join('.*')}$`);
}

function familyRule({ include, exclude = [] }: NonNullable<Requirements['families']>): Rule {
  const wanted = include?.map(patternOf);
  const unwanted = exclude.map(patternOf);
  const words = [
    ...(include === undefined ? [] : [`of ${include.join(', ')}`]),
    ...(exclude.length === 0 ? [] : [`not of ${exclude.join(', ')}`]),
  ];
  return {
    requirement: 'families',
    words: `a family ${words.join(' and ')}`,
    admits: ({ name }) => {
      const family = familyOf(name);
      const isWanted = wanted === undefined || wanted.some((pattern) => pattern.test(family));
      return isWanted && !unwanted.some((pattern) => pattern.test(family));
    },
  };
}

function gpuRule(gpu: Requirements['gpu']): Rule {
  return {
    requirement: 'gpu',
    words: gpu === undefined ? 'no GPU' : `${rangeWords(gpu)} GPUs`,
    admits: ({ type }) => (gpu === undefined ? type.gpu === undefined : (type.gpu ?? 0) >= gpu.min),
  };
}

function interruptionRule(most: InterruptionBand): Rule {
  const rank = INTERRUPTION_BANDS.indexOf(most);
  return {
    requirement: 'maxInterruption',
    words: `interruptions of ${most} at most`,
    admits: ({ type: { interruptionBand: known } }) =>
      known === undefined || INTERRUPTION_BANDS.indexOf(known) <= rank,
  };
}

const KIND: Rule = {
  requirement: 'kind',
  words: 'a kind that may be chosen (Nitro, no bare metal, no FPGA, ML or HPC types)',
  admits: ({ name }) => nitro(name) && !isBareMetal(name) && !isForOtherWork(name),
};

const CURRENT: Rule = {
  requirement: 'currentGeneration',
  words: 'the current generation',
  admits: ({ type }) => type.currentGeneration,
};

const STEADY: Rule = {
  requirement: 'burstable',
  words: 'steady CPU (burstable: false)',
  admits: ({ type }) => !type.burstable,
};

/** In the order in which a refusal is most telling: what is rarely wrong comes first, sizes come last. */
function rulesOf(requirements: Requirements): readonly Rule[] {
  const { vcpu, memoryGiB, architecture, currentGeneration = true, burstable = false } = requirements;
  const { maxInterruption } = requirements;
  return [
    KIND,
    {
      requirement: 'architecture',
      words: `architecture ${architecture}`,
      admits: ({ type }) => type.arch === architecture,
    },
    ...(requirements.families === undefined ? [] : [familyRule(requirements.families)]),
    ...(currentGeneration ? [CURRENT] : []),
    ...(burstable ? [] : [STEADY]),
    gpuRule(requirements.gpu),
    ...(requirements.market === 'spot' ? [ON_SPOT] : []),
    ...(maxInterruption === undefined ? [] : [interruptionRule(maxInterruption)]),
    {
      requirement: 'vcpu',
      words: `${rangeWords(vcpu)} vCPUs`,
      admits: ({ type }) => isWithin(type.vcpu, vcpu),
    },
    {
      requirement: 'memoryGiB',
      words: `${rangeWords(memoryGiB)} GiB of memory`,
      admits: ({ type }) => isWithin(type.memoryMiB / MIB_PER_GIB, memoryGiB),
    },
  ];
}

const ON_SPOT: Rule = { requirement: 'market', words: 'a spot market', admits: ({ type }) => type.spot };

function byPrice(usdPerHour: (candidate: Candidate) => number | undefined) {
  return (one: Candidate, other: Candidate): number => {
    const difference = (usdPerHour(one) ?? Infinity) - (usdPerHour(other) ?? Infinity);
    // Infinity less Infinity is no number: neither has a price.
    if (difference !== 0 && !Number.isNaN(difference)) return difference;
    return one.name < other.name ? -1 : 1;
  };
}

function refusal(rule: Rule, before: readonly Rule[], left: readonly Candidate[]): Matching {
  const { requirement, words } = rule;
  if (left.length === 0) return { found: false, requirement, why: 'the table of instance types is empty' };
  const examples = left.slice(0, EXAMPLES).map(({ name }) => name);
  const named = [...examples, ...(left.length > EXAMPLES ? ['…'] : [])].join(', ');
  const many = left.length === 1 ? 'the only type' : `all ${left.length} types`;
  const rest = before.length === 0 ? '' : ` with ${before.map((earlier) => earlier.words).join(', ')}`;
  const why = `\`${requirement}\` (${words}) leaves out ${many}${rest}: ${named}`;
  return { found: false, requirement, why };
}

/**
 * The instance types of the table that meet every requirement, the cheapest first. Types that cannot be
 * drained (before Nitro), that boot slowly (bare metal) or that are for other work are never among them.
 */
export function matching(
  requirements: Requirements,
  table: TypeTable = bundledTypes,
  { limit = LIMIT, usdPerHour }: MatchingOptions = {},
): Matching {
  const price = ({ name, type }: Candidate): number | undefined =>
    usdPerHour === undefined ? type.onDemandUsdPerHour : usdPerHour(name);
  const rules = rulesOf(requirements);
  let left = [...table.types].map(([name, type]): Candidate => ({ name, type })).toSorted(byPrice(price));
  for (const [index, rule] of rules.entries()) {
    const admitted = left.filter(rule.admits);
    if (admitted.length === 0) return refusal(rule, rules.slice(0, index), left);
    left = admitted;
  }
  return { found: true, names: left.slice(0, limit).map(({ name }) => name), of: left.length };
}
