import type { Breach } from './rules.ts';
import { isMap, type Path, valueAt } from './tree.ts';

type Idle = Readonly<Record<string, unknown>>;

/** An idle target as it is written at a place, and what it leaves to the one around it. */
interface WrittenIdle {
  readonly path: Path;
  readonly own: Idle;
  readonly around: Idle;
}

const mapAt = (tree: unknown, path: Path): Idle => {
  const value = valueAt(tree, path);
  return isMap(value) ? value : {};
};

function schedulesIn(tree: unknown): readonly unknown[] {
  const schedules = valueAt(tree, ['schedules']);
  return Array.isArray(schedules) ? schedules : [];
}

function idleOf(tree: unknown, path: Path, around: Idle): readonly WrittenIdle[] {
  const own = mapAt(tree, ['idle']);
  const inside = { ...around, ...own };
  return [
    { path: [...path, 'idle'], own, around },
    ...schedulesIn(tree).map((schedule, index) => ({
      path: [...path, 'schedules', index, 'idle'],
      own: mapAt(schedule, ['idle']),
      around: inside,
    })),
  ];
}

/** `slots` is the most: whoever lowers it alone need not lower the rest as well. */
function idleBreaches({ path, own, around }: WrittenIdle): readonly Breach[] {
  const { slots, factor } = { ...around, ...own };
  const { minimum } = own;
  const breaches: Breach[] = [];
  if (own['factor'] !== undefined && slots === 0) {
    breaches.push({
      path: [...path, 'factor'],
      allowed: 'nothing here with `slots: 0`: that is the most that it comes to',
      mend: 'raise `slots`, or remove `factor`',
    });
  }
  if (minimum !== undefined && factor === undefined) {
    breaches.push({
      path: [...path, 'minimum'],
      allowed: 'nothing here without `factor`: then `slots` is wanted at all times',
      mend: 'write `factor: 0.2` beside it, or remove it',
    });
  } else if (typeof minimum === 'number' && typeof slots === 'number' && minimum > slots) {
    breaches.push({
      path: [...path, 'minimum'],
      allowed: 'at most `slots`',
      mend: 'lower `minimum` or raise `slots`',
    });
  }
  return breaches;
}

/** The idle targets of a pool, of its sizes and of the schedules of both make sense. */
export function sensibleIdle(pool: unknown): readonly Breach[] {
  const sizes = Object.entries(mapAt(pool, ['sizes']));
  const idle = mapAt(pool, ['idle']);
  return [
    ...idleOf(pool, [], {}),
    ...sizes.flatMap(([name, size]) => idleOf(size, ['sizes', name], idle)),
  ].flatMap(idleBreaches);
}

/** What a schedule makes of `min` and `max`, with those of the pool where it says nothing. */
export function minBelowMaxAtAllTimes(pool: unknown): readonly Breach[] {
  return schedulesIn(pool).flatMap((schedule, index): readonly Breach[] => {
    const [ownMin, ownMax] = ['min', 'max'].map((key) => valueAt(schedule, [key]));
    const min = ownMin ?? valueAt(pool, ['min']);
    const max = ownMax ?? valueAt(pool, ['max']);
    const isSaid = ownMin !== undefined || ownMax !== undefined;
    if (!isSaid || typeof min !== 'number' || typeof max !== 'number' || min <= max) return [];
    const path: Path = ['schedules', index];
    return ownMin === undefined
      ? [
          {
            path: [...path, 'max'],
            allowed: `at least \`min\`, which is ${min}`,
            mend: 'raise it, or write a lower `min` beside it',
          },
        ]
      : [
          {
            path: [...path, 'min'],
            allowed: `at most \`max\`, which is ${max}`,
            mend: 'lower it, or write a higher `max` beside it',
          },
        ];
  });
}

/** Sizes are pools with budgets of their own. */
export function budgetOfEachSize(pool: unknown): readonly Breach[] {
  if (valueAt(pool, ['sizes']) === undefined || valueAt(pool, ['budget']) === undefined) return [];
  return [
    {
      path: ['budget'],
      value: 'a budget of several sizes',
      allowed: 'nothing here, because every size is a pool of its own',
      mend: 'move it below the `sizes`, or write one for all pools at the top of the file',
    },
  ];
}
