import { describe, expect, it } from 'vitest';
import type { Manager } from '../engine/instance.ts';
import type { RunnerScope } from '../engine/job.ts';
import { instant } from '../engine/time.ts';
import { unitedManagers, unitedScope } from './united-runners.ts';

function manager(systemId: string, over: Partial<Manager> = {}): Manager {
  return { systemId, firstSeenAt: instant(100), contactedAt: instant(200), active: false, ...over };
}

describe('unitedManagers', () => {
  it('keeps those apart that are apart', () => {
    expect(unitedManagers([[manager('r_1')], [], [manager('r_2')]])).toEqual([
      manager('r_1'),
      manager('r_2'),
    ]);
  });

  it.each<[what: string, one: Partial<Manager>, other: Partial<Manager>, merged: Partial<Manager>]>([
    ['active where it runs a job of any runner', {}, { active: true }, { active: true }],
    ['first seen where it was seen first', {}, { firstSeenAt: instant(50) }, { firstSeenAt: instant(50) }],
    ['last seen where it was seen last', {}, { contactedAt: instant(900) }, { contactedAt: instant(900) }],
    ['of the instance that it names', { instance: 'i-1' }, { instance: 'i-1' }, { instance: 'i-1' }],
  ])('takes a manager of several runners as one: %s', (_, one, other, merged) => {
    const expected = [manager('r_1', merged)];
    expect(unitedManagers([[manager('r_1', one)], [manager('r_1', other)]])).toEqual(expected);
    expect(unitedManagers([[manager('r_1', other)], [manager('r_1', one)]])).toEqual(expected);
  });

  it('knows when a manager spoke that was heard of by one runner alone', () => {
    const { contactedAt: _, ...silent } = manager('r_1');
    expect(unitedManagers([[silent], [manager('r_1')]])).toEqual([manager('r_1')]);
    expect(unitedManagers([[silent], [silent]])).toEqual([silent]);
  });
});

describe('unitedScope', () => {
  const open: RunnerScope = { paused: false, protectedOnly: false };
  const first = new Set([1]);

  it.each<[what: string, scopes: readonly RunnerScope[], united: RunnerScope]>([
    ['one is as it is', [{ ...open, projects: first }], { ...open, projects: first }],
    [
      'the projects of all',
      [
        { ...open, projects: first },
        { ...open, projects: new Set([2]) },
      ],
      { ...open, projects: new Set([1, 2]) },
    ],
    ['every project where one serves every', [{ ...open, projects: first }, open], open],
    ['protected jobs alone where no runner takes others', [{ ...open, protectedOnly: true }, open], open],
    [
      'protected jobs alone where each takes those alone',
      [
        { ...open, protectedOnly: true },
        { ...open, protectedOnly: true },
      ],
      { ...open, protectedOnly: true },
    ],
    [
      'nothing of a paused one',
      [
        { ...open, projects: first },
        { ...open, paused: true },
      ],
      { ...open, projects: first },
    ],
    ['paused where all are', [{ ...open, paused: true }], { ...open, paused: true }],
  ])('%s', (_, scopes, united) => {
    expect(unitedScope(scopes)).toEqual(united);
  });
});
