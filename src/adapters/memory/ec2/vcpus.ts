/** Sizes below xlarge have so many in most families. */
const SMALL: Readonly<Record<string, number>> = {
  nano: 1,
  micro: 1,
  small: 1,
  medium: 1,
  large: 2,
  xlarge: 4,
};

/** What a whole machine is taken for; families differ. */
const METAL = 96;

/** The virtual processors of an instance type, by its size; all small burstable ones have two. */
export function vcpusOf(instanceType: string): number {
  const [family = '', size = ''] = instanceType.split('.');
  const times = /^([0-9]+)xlarge$/.exec(size)?.[1];
  if (times !== undefined) return 4 * Number(times);
  const metal = /^metal(?:-([0-9]+)xl)?$/.exec(size);
  if (metal !== null) return metal[1] === undefined ? METAL : 4 * Number(metal[1]);
  const few = SMALL[size] ?? 2;
  return /^t[0-9]/.test(family) ? Math.max(2, few) : few;
}

/** Whether the type counts towards the quotas of Standard instances: families A, C, D, H, I, M, R, T and Z. */
export function isStandard(instanceType: string): boolean {
  return /^(a|c|d|h|i|im|is|m|r|t|z)[0-9]/.test(instanceType);
}
