import type { Config } from '../config/schema.ts';
import { closest } from '../config/spelling.ts';

/** The name of a pool that is configured. Throws for any other; `doing` says what for. */
export function poolNamed({ pools }: Pick<Config, 'pools'>, name: string, doing: string): string {
  const all = Object.keys(pools);
  if (all.includes(name)) return name;
  const meant = closest(name, all);
  const next = meant === undefined ? `name one of ${all.join(', ')}` : `did you mean ${meant}?`;
  throw new Error(`${doing} pool ${name}: there is none of that name; ${next}`);
}
