import { marketsOf, priceIn, pricesIn } from './known-prices.ts';
import { marketSchema, splitOf } from './market-schema.ts';
import type { Breach, Rule } from './rules.ts';
import { isMap, type Path, valueAt } from './tree.ts';

/** Region, types and market of a pool, where they are right. */
interface Priced {
  readonly region: string;
  readonly types: readonly string[];
  readonly market: unknown;
}

function pricedOf(config: unknown, pool: unknown): Priced | undefined {
  const region = valueAt(pool, ['instances', 'region']) ?? valueAt(config, ['aws', 'region']);
  const types = valueAt(pool, ['instances', 'types']);
  if (typeof region !== 'string' || !Array.isArray(types)) return undefined;
  const names = types.filter((type) => typeof type === 'string');
  return { region, types: names, market: valueAt(pool, ['instances', 'market']) };
}

/** Types of a pool that has no known price at all; where some are known, the dearest stands for the others. */
function unpriced(config: unknown, pool: unknown): Priced | undefined {
  const priced = pricedOf(config, pool);
  const market = marketSchema.safeParse(priced?.market);
  const file = valueAt(config, ['prices']);
  // A file of prices that could not be read is a mistake of its own.
  if (priced === undefined || !market.success || typeof file === 'string') return undefined;
  const prices = pricesIn(priced.region, file);
  const knowsOne = priced.types.some((type) =>
    marketsOf(splitOf(market.data)).some((one) => priceIn(prices, type, one).price !== undefined),
  );
  return knowsOne || priced.types.length === 0 ? undefined : priced;
}

function breachOf(path: Path, name: string, { region, types }: Priced): Breach {
  return {
    path,
    value: `a budget over pool ${name}, of whose types (${types.join(', ')}) no price in ${region} is known`,
    allowed: 'a budget over pools whose prices are known',
    mend: `run \`runtide prices refresh\` and name the file that it wrote in \`prices\`, or remove the budget`,
  };
}

/** Without prices a budget would count nothing, and never bind. */
function budgetsArePriced(config: unknown): readonly Breach[] {
  const pools = valueAt(config, ['pools']);
  return Object.entries(isMap(pools) ? pools : {}).flatMap(([name, pool]) => {
    const own = valueAt(pool, ['budget']) !== undefined;
    if (!own && valueAt(config, ['budget']) === undefined) return [];
    const found = unpriced(config, pool);
    return found === undefined ? [] : [breachOf(own ? ['pools', name, 'budget'] : ['budget'], name, found)];
  });
}

/** The rules over budgets. */
export const BUDGET_RULES: readonly Rule[] = [budgetsArePriced];
