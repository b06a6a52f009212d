import type { FleetPool, FleetRequest } from './fleet-request.ts';

/** What an offering costs and how much of it there is; only comparisons matter. */
export interface Supply {
  /** Price per hour in any one currency. */
  price(pool: FleetPool): number;
  /** How much spare capacity there is; more is better. */
  depth(pool: FleetPool): number;
}

/** In which order a fleet tries its offerings for instance number `index` of the launch. */
export function tryOrder(
  request: FleetRequest,
  pools: readonly FleetPool[],
  supply: Supply,
): (index: number) => readonly FleetPool[] {
  if (strategyOf(request) === 'diversified') {
    return (index) => [...pools.slice(index % pools.length), ...pools.slice(0, index % pools.length)];
  }
  const sorted = pools.toSorted(preference(request, supply));
  return () => sorted;
}

function strategyOf(request: FleetRequest): string {
  return request.market === 'spot'
    ? (request.spotStrategy ?? 'lowest-price')
    : (request.onDemandStrategy ?? 'lowest-price');
}

function preference(request: FleetRequest, supply: Supply): (a: FleetPool, b: FleetPool) => number {
  const cheaper = (a: FleetPool, b: FleetPool): number => supply.price(a) - supply.price(b);
  const deeper = (a: FleetPool, b: FleetPool): number => supply.depth(b) - supply.depth(a);
  switch (strategyOf(request)) {
    case 'prioritized':
    case 'capacity-optimized-prioritized':
      return (a, b) => priorityOf(a) - priorityOf(b);
    case 'capacity-optimized':
      return deeper;
    case 'price-capacity-optimized':
      return (a, b) => supply.price(a) / supply.depth(a) - supply.price(b) / supply.depth(b);
    default:
      return cheaper;
  }
}

function priorityOf(pool: FleetPool): number {
  return pool.override.priority ?? Number.MAX_SAFE_INTEGER;
}

const sizes = ['nano', 'micro', 'small', 'medium', 'large', 'xlarge'];

/** Whether EC2 could have such a type: a family, a dot and a size. */
export function isInstanceType(name: string): boolean {
  return /^[a-z]+[0-9]+[a-z0-9-]*\.(nano|micro|small|medium|large|([0-9]+)?xlarge|metal(-[0-9]+xl)?)$/.test(
    name,
  );
}

/** A plausible price per hour, doubling with every size. */
export function priceOf(instanceType: string): number {
  const size = instanceType.split('.')[1] ?? '';
  const times = /^([0-9]+)xlarge$/.exec(size)?.[1];
  if (times !== undefined) return 0.2 * Number(times);
  const rank = sizes.indexOf(size);
  return rank === -1 ? 5 : 0.2 / 2 ** (sizes.length - 1 - rank);
}
