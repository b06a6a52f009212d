import { describe, expect, it } from 'vitest';
import { anObservation, aPolicy, aPool, fresh, jobs, pending } from '../../test/support/observations.ts';
import { busy } from '../../test/support/views.ts';
import type { InstanceView } from './capacity.ts';
import { demandByPool, type PoolDemand } from './demand.ts';
import type { HeldJob, KindDemand } from './job.ts';
import type { PoolPolicy } from './pool.ts';
import type { Terms } from './terms.ts';

const ofProject = (project: number, count: number): KindDemand => ({
  kind: { project, tags: ['linux'] },
  pending: pending(count).pending.map((job) => ({ ...job, id: job.id + project * 100 })),
});

interface Scene {
  readonly live?: readonly InstanceView[];
  readonly held?: readonly HeldJob[];
  readonly terms?: Pick<Terms, 'closed' | 'affordable'>;
}

function demandOf(pools: readonly PoolPolicy[], waiting: readonly KindDemand[], scene: Scene = {}) {
  const { live = [], held = [], terms = {} } = scene;
  const observation = anObservation({ jobs: fresh(jobs(waiting, held)) });
  const [first] = pools;
  const mustered = new Map([[first?.name ?? '', { live, draining: 0, terms }]]);
  return [...demandByPool(observation, aPolicy(...pools), mustered).values()];
}

const told = ({ pending: count, capped }: PoolDemand): unknown => [
  count,
  capped?.jobs ?? 0,
  capped?.projects ?? [],
];

const capped = aPool({ projectCaps: { others: 3, of: { 7: 1, 8: 0 } } });

describe('a cap on projects', () => {
  it.each<[string, readonly KindDemand[], Scene, unknown]>([
    ['is nothing to those below it', [ofProject(1, 3)], {}, [3, 0, []]],
    ['lets a project count for no more', [ofProject(1, 5)], {}, [3, 2, [1]]],
    ['is each project’s own', [ofProject(1, 5), ofProject(2, 2), ofProject(7, 4)], {}, [6, 5, [1, 7]]],
    ['may shut one out', [ofProject(8, 2)], {}, [0, 2, [8]]],
    [
      'counts what the project runs there',
      [ofProject(1, 5)],
      {
        live: [busy('i-1'), busy('i-2')],
        held: [
          { id: 1, project: 1, instance: 'i-1' },
          { id: 2, project: 1, instance: 'i-2' },
        ],
      },
      [1, 4, [1]],
    ],
    [
      'and not what it runs elsewhere, or others run',
      [ofProject(1, 5)],
      {
        live: [busy('i-1')],
        held: [
          { id: 1, project: 1, instance: 'i-9' },
          { id: 2, project: 2, instance: 'i-1' },
          { id: 3, project: 1 },
        ],
      },
      [3, 2, [1]],
    ],
  ])('%s', (_name, waiting, scene, expected) => {
    expect(demandOf([capped], waiting, scene).map(told)).toEqual([expected]);
  });

  it('holds over all kinds of a project', () => {
    const other = { ...ofProject(1, 2), kind: { project: 1, tags: [] } };
    const pool = aPool({ ...capped, runUntagged: true });
    expect(demandOf([pool], [ofProject(1, 2), other]).map(told)).toEqual([[3, 1, [1]]]);
  });

  it('lets the next pool that serves the jobs have them', () => {
    const next = aPool({ name: 'next' });
    expect(demandOf([capped, next], [ofProject(1, 5)]).map(told)).toEqual([
      [3, 0, []],
      [2, 0, []],
    ]);
  });

  it('is told by the first pool where every pool has one', () => {
    const next = aPool({ name: 'next', projectCaps: { others: 1, of: {} } });
    expect(demandOf([capped, next], [ofProject(1, 6)]).map(told)).toEqual([
      [3, 2, [1]],
      [1, 0, []],
    ]);
  });
});

describe('a pool that may not buy', () => {
  const next = aPool({ name: 'next' });
  const standing = { of: 'pool', period: 'hour', spent: 0, limit: 1, allows: 'everything' } as const;

  it.each<[string, Scene['terms'], readonly number[]]>([
    ['because it is paused leaves its jobs to the next', { closed: 'pause' }, [0, 4]],
    ['because its budget is spent as well', { closed: 'budget' }, [0, 4]],
    ['more than it can pay for leaves the rest', { affordable: { count: 1, standing } }, [1, 3]],
  ])('%s', (_name, terms, expected) => {
    const counts = demandOf([aPool(), next], [ofProject(1, 4)], { ...(terms !== undefined && { terms }) });
    expect(counts.map(({ pending: count }) => count)).toEqual(expected);
  });
});
