import { expect, it } from 'vitest';
import type { InstanceStatus } from '../status/model.ts';
import { checkCycle, type PoolLimits } from './cycle-limits.ts';

const LIMITS: PoolLimits = { min: 2, max: 6, surge: 1, minAvailable: 0 };

const instance = (id: string, phase: InstanceStatus['phase']): InstanceStatus => ({
  id,
  phase,
  instanceType: 'm7i.large',
  market: 'spot',
  slots: 1,
  busySlots: 0,
  ageSeconds: 60,
});

/** Why it was refused; empty where it was not. */
function refusal(check: () => void): string {
  try {
    check();
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Of these one leaves. */
const FOUR = {
  limits: { min: 2, max: 6 },
  instances: [
    instance('i-1', 'idle'),
    instance('i-2', 'busy'),
    instance('i-3', 'booting'),
    instance('i-4', 'draining'),
  ],
};

it.each<
  [string, { surge?: number; minAvailable?: number }, Partial<PoolLimits>, typeof FOUR | undefined, string]
>([
  ['what the pool has', {}, {}, FOUR, ''],
  ['as many as there are, with a surge', { minAvailable: 3 }, {}, FOUR, ''],
  ['fewer, without a surge', { minAvailable: 2, surge: 0 }, {}, FOUR, ''],
  ['none of a pool of one, without a surge', { minAvailable: 0, surge: 0 }, { min: 1 }, undefined, ''],
  ['any within max, where nobody knows what there is', { minAvailable: 6 }, {}, undefined, ''],
  [
    'more than max',
    { minAvailable: 7 },
    {},
    undefined,
    'cycling pool linux: --min-available 7 is more than its max of 6; name fewer, or raise `max`',
  ],
  [
    'more than there are',
    { minAvailable: 4 },
    {},
    FOUR,
    'cycling pool linux: --min-available 4 is more than the 3 instances that it has; name fewer',
  ],
  [
    'all of them without a surge',
    { minAvailable: 3, surge: 0 },
    {},
    FOUR,
    'cycling pool linux: --min-available 3 keeps all of its 3 instances, and without a surge no new one comes first; add --surge 1, or name fewer',
  ],
  [
    'all of them without the surge that the pool would have',
    { surge: 0 },
    { minAvailable: 3 },
    FOUR,
    'cycling pool linux: --min-available 3 keeps all of its 3 instances, and without a surge no new one comes first; add --surge 1, or name fewer',
  ],
])('%s', (_name, cycle, over, seen, message) => {
  expect(refusal(() => checkCycle({ pool: 'linux', ...cycle }, { ...LIMITS, ...over }, seen))).toBe(message);
});
