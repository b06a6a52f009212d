// Makes data/instance-types.json out of clones of the three public repositories that data/README.md names:
//   node scripts/distil-instance-types.ts MOTO KARPENTER SPOTINFO > data/instance-types.json
// Each argument is the folder of a clone, or folder@commit. Needs git.
import { execFileSync } from 'node:child_process';
import process from 'node:process';
import { z } from 'zod';

/** The region of the prices and of the advisor's data. */
const REGION = 'us-east-1';
const LARGEST_FILE = 64 * 1024 * 1024;

const PLACES = {
  types: {
    name: 'moto',
    repository: 'getmoto/moto',
    path: 'moto/ec2/resources/instance_types.json',
    gives: ['vcpu', 'memoryMiB', 'arch', 'currentGeneration', 'spot', 'burstable'],
  },
  prices: {
    name: 'karpenter-provider-aws',
    repository: 'aws/karpenter-provider-aws',
    path: 'pkg/providers/pricing/zz_generated.pricing_aws.go',
    gives: ['onDemandUsdPerHour'],
    region: REGION,
  },
  spot: {
    name: 'spotinfo',
    repository: 'alexei-led/spotinfo',
    path: 'internal/spot/data/spot-advisor-data.json',
    gives: ['spotSavingPercent', 'interruptionBand'],
    region: REGION,
    note: 'Spot Instance Advisor of AWS for Linux: the typical saving over the on-demand price, not a price',
  },
} as const;

/** What AWS's DescribeInstanceTypes says of one type, as far as it is kept. */
const typeShape = z.object({
  VCpuInfo: z.object({ DefaultVCpus: z.int().positive() }),
  MemoryInfo: z.object({ SizeInMiB: z.int().positive() }),
  ProcessorInfo: z.object({ SupportedArchitectures: z.array(z.string()) }),
  CurrentGeneration: z.boolean(),
  SupportedUsageClasses: z.array(z.string()),
  BurstablePerformanceSupported: z.boolean(),
});

const advisorShape = z.object({
  ranges: z.array(z.object({ index: z.int(), label: z.string() })),
  spot_advisor: z.record(
    z.string(),
    z.object({ Linux: z.record(z.string(), z.object({ s: z.number(), r: z.int() })) }),
  ),
});

interface Clone {
  readonly folder: string;
  readonly commit: string;
}

type Place = (typeof PLACES)[keyof typeof PLACES];
type Cell = string | number | boolean | null;

function git(folder: string, ...args: readonly string[]): string {
  return execFileSync('git', ['-C', folder, ...args], { encoding: 'utf8', maxBuffer: LARGEST_FILE });
}

function cloneOf(argument: string): Clone {
  const [folder = '', revision = 'HEAD'] = argument.split('@');
  return { folder, commit: git(folder, 'rev-parse', revision).trim() };
}

function fileOf({ folder, commit }: Clone, { path }: Place): string {
  return git(folder, 'show', `${commit}:${path}`);
}

/** The attribution that the licence asks for, and how old the facts are. */
function sourceOf({ folder, commit }: Clone, place: Place, date?: string) {
  const { gives, ...rest } = place;
  const committed = git(folder, 'log', '-1', '--format=%cs', commit).trim();
  return { ...rest, commit, licence: 'Apache-2.0', date: date ?? committed, gives };
}

/** The prices of the region out of a table in Go, and the day when they were read. */
function pricesIn(text: string): { prices: ReadonlyMap<string, number>; date: string } {
  const date = /generated at (\d{4}-\d{2}-\d{2})T\S* for us-east-1/.exec(text)?.[1];
  if (date === undefined) throw new Error(`reading ${PLACES.prices.path}: it does not say when it was made`);
  const entries = [...text.matchAll(/"([a-z][a-z0-9.-]+)": (\d+\.\d+)/g)];
  return { prices: new Map(entries.map(([, name = '', price]) => [name, Number(price)])), date };
}

function architectureOf(name: string, supported: readonly string[]): string {
  if (supported.includes('x86_64')) return 'amd64';
  if (supported.includes('arm64')) return 'arm64';
  throw new Error(`reading the architecture of ${name}: ${supported.join(', ')} is not known here`);
}

function advisorIn(text: string): (name: string) => readonly [number | null, string | null] {
  const { ranges, spot_advisor: regions } = advisorShape.parse(JSON.parse(text));
  const labels = new Map(ranges.map(({ index, label }) => [index, label]));
  const advice = new Map(Object.entries(regions[REGION]?.Linux ?? {}));
  return (name) => {
    const found = advice.get(name);
    return found === undefined ? [null, null] : [found.s, labels.get(found.r) ?? null];
  };
}

const [moto = '', karpenter = '', spotinfo = ''] = process.argv.slice(2);
const clones = { types: cloneOf(moto), prices: cloneOf(karpenter), spot: cloneOf(spotinfo) };
const { prices, date } = pricesIn(fileOf(clones.prices, PLACES.prices));
const advice = advisorIn(fileOf(clones.spot, PLACES.spot));
const described = z.record(z.string(), typeShape).parse(JSON.parse(fileOf(clones.types, PLACES.types)));

/** One row a type. A type without a price cannot be bought in the region, and is left out. */
const rows = Object.entries(described)
  .toSorted(([one], [other]) => (one < other ? -1 : 1))
  .flatMap(([name, type]): readonly (readonly [string, readonly Cell[]])[] => {
    const price = prices.get(name);
    if (price === undefined) return [];
    const cells = [
      type.VCpuInfo.DefaultVCpus,
      type.MemoryInfo.SizeInMiB,
      architectureOf(name, type.ProcessorInfo.SupportedArchitectures),
      type.CurrentGeneration,
      type.SupportedUsageClasses.includes('spot'),
      type.BurstablePerformanceSupported,
      price,
      ...advice(name),
    ];
    return [[name, cells]];
  });

const document = {
  sources: [
    sourceOf(clones.types, PLACES.types),
    sourceOf(clones.prices, PLACES.prices, date),
    sourceOf(clones.spot, PLACES.spot),
  ],
  columns: [...PLACES.types.gives, ...PLACES.prices.gives, ...PLACES.spot.gives],
  types: Object.fromEntries(rows),
};
process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
