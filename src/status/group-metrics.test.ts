import { expect, it } from 'vitest';
import { anObservation, aPolicy, aPool, NOW } from '../../test/support/observations.ts';
import { plan } from '../engine/plan.ts';
import { GROUP_METRICS } from './group-metrics.ts';
import { groupStatus } from './group-status.ts';
import { type Status, StatusBoard } from './model.ts';

const GROUP = 'runtide-acme-linux';

const STATUS = groupStatus({ pool: 'linux', group: GROUP, min: 0, max: 8, desired: 6, ordered: 1 }, [
  { membership: { group: GROUP, hook: 'launch' } },
  { membership: { group: GROUP } },
  { membership: { group: GROUP, hook: 'termination' } },
  { membership: { group: GROUP, hook: 'termination' } },
  { membership: { group: GROUP, retained: true } },
  { membership: { group: 'another' } },
  {},
]);

function withGroup(): Status {
  const board = new StatusBoard('acme', NOW);
  const observation = anObservation();
  const policy = aPolicy(aPool(), aPool({ name: 'fleet' }));
  board.passed({ pass: 'acted', observation, plan: plan(observation, policy), outcomes: [] }, NOW, NOW);
  const status = board.status(NOW);
  return {
    ...status,
    pools: status.pools.map((pool) => (pool.pool === 'linux' ? { ...pool, group: STATUS } : pool)),
  };
}

it('counts the members of the group, and no other instances', () => {
  expect(STATUS).toEqual({
    group: GROUP,
    min: 0,
    max: 8,
    desired: 6,
    ordered: 1,
    members: 5,
    waiting: { launch: 1, termination: 2 },
    retained: 1,
  });
});

it.each<[string, readonly (readonly [object, number])[]]>([
  ['runtide_group_desired_instances', [[{}, 6]]],
  ['runtide_group_min_instances', [[{}, 0]]],
  ['runtide_group_max_instances', [[{}, 8]]],
  ['runtide_group_members', [[{}, 5]]],
  ['runtide_group_ordered_instances', [[{}, 1]]],
  [
    'runtide_group_waiting_instances',
    [
      [{ transition: 'launch' }, 1],
      [{ transition: 'termination' }, 2],
    ],
  ],
  ['runtide_group_retained_instances', [[{}, 1]]],
])('%s is of the pool that has a group alone', (name, expected) => {
  const metric = GROUP_METRICS.find((one) => one.name === name);
  expect(metric?.samples(withGroup())).toEqual(
    expected.map(([labels, value]) => ({ labels: { pool: 'linux', group: GROUP, ...labels }, value })),
  );
});
