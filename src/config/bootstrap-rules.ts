import { instanceType } from '../offers/instance-types.ts';
import type { Breach, Rule } from './rules.ts';
import { isMap, type Path, valueAt } from './tree.ts';

const BOOTSTRAP: Path = ['instances', 'bootstrap'];
const SUMS: Path = [...BOOTSTRAP, 'runner', 'sha256'];
const PROCESSORS = ['amd64', 'arm64'] as const;

type Processor = (typeof PROCESSORS)[number];

/** The processor of the pool's types, as far as one of them is known. */
function processorIn(pool: unknown): Processor | undefined {
  const required = valueAt(pool, ['instances', 'requirements', 'architecture']);
  const types = valueAt(pool, ['instances', 'types']);
  const known = Array.isArray(types)
    ? types.map((type) => (typeof type === 'string' ? instanceType(type)?.arch : undefined))
    : [];
  return PROCESSORS.find((one) => one === required || known.includes(one));
}

/** A checksum for each processor that the pool's types have; another size of it may have another one. */
function sumOfItsProcessor(pool: unknown): readonly Breach[] {
  const sums = valueAt(pool, SUMS);
  if (!isMap(sums)) return [];
  const processor = processorIn(pool);
  const given = PROCESSORS.filter((one) => sums[one] !== undefined);
  if (processor === undefined) return given.length === 1 ? [] : [{ path: SUMS, ...ONE_PROCESSOR }];
  if (given.includes(processor)) return [];
  return [
    {
      path: [...SUMS, processor],
      allowed: `the SHA-256 of the binary for ${processor}, which the types of the pool are`,
    },
  ];
}

const ONE_PROCESSOR = {
  allowed: 'the SHA-256 for one processor: Runtide does not know which one the types have',
  mend: 'give the one of your image alone',
};

/** Docker comes with its executor. */
function dockerForImages(pool: unknown): readonly Breach[] {
  if (valueAt(pool, ['executor']) !== 'shell') return [];
  return ['images', 'ecrRegistries']
    .filter((key) => valueAt(pool, [...BOOTSTRAP, key]) !== undefined)
    .map((key) => ({
      path: [...BOOTSTRAP, key],
      allowed: 'nothing here, because the executor is shell',
      mend: 'remove it, or write `executor: docker`',
    }));
}

/** The first whose `run-single` takes the system id that the agent gives it: the boot fails with an older one. */
const COUNTS_JOBS = { major: 18, minor: 1 };

function runnerThatCountsJobs(pool: unknown): readonly Breach[] {
  const version = valueAt(pool, [...BOOTSTRAP, 'runner', 'version']);
  if (valueAt(pool, ['maxJobs']) === undefined || typeof version !== 'string') return [];
  const [, major, minor] = /^(\d+)\.(\d+)\./.exec(version) ?? [];
  if (major === undefined || minor === undefined) return [];
  const newer = Number(major) - COUNTS_JOBS.major || Number(minor) - COUNTS_JOBS.minor;
  if (newer >= 0) return [];
  return [
    {
      path: [...BOOTSTRAP, 'runner', 'version'],
      allowed: `${COUNTS_JOBS.major}.${COUNTS_JOBS.minor}.0 or newer, because of \`maxJobs\``,
      mend: 'name a newer version with its checksums, or remove `maxJobs`',
    },
  ];
}

/** What the bootstrap of one pool must keep. */
export const BOOTSTRAP_RULES: readonly Rule[] = [sumOfItsProcessor, dockerForImages, runnerThatCountsJobs];
