import { DescribeInstanceTypeOfferingsCommand, type EC2Client } from '@aws-sdk/client-ec2';
import { PortError } from '../../controller/errors.ts';
import { awsCall, type CallLimits } from './aws-call.ts';
import { invalidAnswer } from './errors.ts';

/** What a pool may buy, and where. */
export interface PoolTypes {
  readonly pool: string;
  readonly types: readonly string[];
  /** Whether the configuration names each of them: one that is offered nowhere is a mistake then. */
  readonly named: boolean;
  readonly zones: readonly string[];
}

/** Types that EC2 offers. */
export interface CheckedTypes {
  readonly words: string;
  readonly isOffered: (type: string, zone: string) => boolean;
}

/** EC2 takes 200 values in all filters of one call. */
const BATCH = 100;
/** More are only counted. */
const MOST_NAMED = 4;

function key(type: string, zone: string): string {
  return `${type} in ${zone}`;
}

/** Every type in every zone where EC2 offers it. */
async function offeredIn(
  ec2: EC2Client,
  { pool, types, zones }: PoolTypes,
  limits: CallLimits,
): Promise<ReadonlySet<string>> {
  const call = {
    system: 'ec2',
    doing: `asking where the instance types of pool ${pool} are offered`,
  } as const;
  const offered = new Set<string>();
  for (let start = 0; start < types.length; start += BATCH) {
    const Filters = [
      { Name: 'instance-type', Values: types.slice(start, start + BATCH) },
      { Name: 'location', Values: [...zones] },
    ];
    let token: string | undefined;
    do {
      const page = await awsCall(call, limits, (options) =>
        ec2.send(
          new DescribeInstanceTypeOfferingsCommand({
            LocationType: 'availability-zone',
            Filters,
            NextToken: token,
          }),
          options,
        ),
      );
      const offerings = page.InstanceTypeOfferings;
      if (offerings === undefined) throw invalidAnswer(call, 'the offerings', page.$metadata.requestId);
      for (const { InstanceType = '', Location = '' } of offerings) offered.add(key(InstanceType, Location));
      token = page.NextToken;
    } while (token !== undefined && token !== '');
  }
  return offered;
}

function some(names: readonly string[]): string {
  const more = names.length - MOST_NAMED;
  const shown = names.slice(0, MOST_NAMED).join(', ');
  return more > 0 ? `${shown} and ${more} more` : shown;
}

function inWords({ types, zones }: PoolTypes, missing: readonly string[]): string {
  const what = types.length === 1 ? (types[0] ?? '') : `${types.length} instance types`;
  const where = zones.length === 1 ? zones[0] : `${zones.length} zones`;
  const all = `${what} in ${where ?? ''}`;
  return missing.length === 0 ? all : `${all}, but not ${some(missing)}`;
}

/**
 * Whether EC2 offers the types of a pool in the zones of its subnets. Throws `refused` where it offers none, or a
 * type that the configuration names nowhere.
 */
export async function checkTypes(ec2: EC2Client, pool: PoolTypes, limits: CallLimits): Promise<CheckedTypes> {
  const offered = await offeredIn(ec2, pool, limits);
  const isOffered = (type: string, zone: string): boolean => offered.has(key(type, zone));
  const nowhere = pool.types.filter((type) => !pool.zones.some((zone) => isOffered(type, zone)));
  if (nowhere.length > 0 && (pool.named || nowhere.length === pool.types.length)) {
    throw new PortError({
      kind: 'refused',
      system: 'ec2',
      doing: `checking the instance types of pool ${pool.pool}`,
      why: `EC2 does not offer ${some(nowhere)} in ${pool.zones.join(', ')}`,
      next: pool.named
        ? 'correct or remove them in instances.types, or name subnets in other zones'
        : 'widen instances.requirements, or name subnets in other zones',
    });
  }
  const missing = pool.types.flatMap((type) =>
    nowhere.includes(type)
      ? [`${type} anywhere`]
      : pool.zones.filter((zone) => !isOffered(type, zone)).map((zone) => key(type, zone)),
  );
  return { words: inWords(pool, missing), isOffered };
}
