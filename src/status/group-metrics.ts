import type { GroupStatus } from './group-status.ts';
import type { Metric, MetricDoc, Sample } from './metric.ts';
import type { Status } from './model.ts';

function byGroup(
  { pools }: Status,
  samples: (
    group: GroupStatus,
    labels: { readonly pool: string; readonly group: string },
  ) => readonly Sample[],
): readonly Sample[] {
  return pools.flatMap(({ pool, group }) =>
    group === undefined ? [] : samples(group, { pool, group: group.group }),
  );
}

function ofGroups(metric: MetricDoc, value: (group: GroupStatus) => number): Metric {
  return {
    ...metric,
    kind: 'gauge',
    labels: ['pool', 'group'],
    samples: (status) => byGroup(status, (group, labels) => [{ labels, value: value(group) }]),
  };
}

/** The Auto Scaling groups of pools that have one. */
export const GROUP_METRICS: readonly Metric[] = [
  ofGroups(
    {
      name: 'runtide_group_desired_instances',
      unit: 'Count',
      help: 'Desired capacity of the group.',
      published: true,
    },
    ({ desired }) => desired,
  ),
  ofGroups(
    {
      name: 'runtide_group_min_instances',
      unit: 'Count',
      help: 'Minimum size of the group.',
      published: false,
    },
    ({ min }) => min,
  ),
  ofGroups(
    {
      name: 'runtide_group_max_instances',
      unit: 'Count',
      help: 'Maximum size of the group.',
      published: false,
    },
    ({ max }) => max,
  ),
  ofGroups(
    {
      name: 'runtide_group_members',
      unit: 'Count',
      help: 'Instances of the group, those that wait at a hook and retained ones as well.',
      published: true,
    },
    ({ members }) => members,
  ),
  ofGroups(
    {
      name: 'runtide_group_ordered_instances',
      unit: 'Count',
      help: 'Instances that the group was asked for and has not launched yet.',
      published: true,
    },
    ({ ordered }) => ordered,
  ),
  {
    name: 'runtide_group_waiting_instances',
    kind: 'gauge',
    unit: 'Count',
    help: 'Instances that wait at a lifecycle hook of the group, by transition: launch, termination.',
    labels: ['pool', 'group', 'transition'],
    published: true,
    samples: (status) =>
      byGroup(status, ({ waiting }, labels) =>
        Object.entries(waiting).map(([transition, value]) => ({ labels: { ...labels, transition }, value })),
      ),
  },
  ofGroups(
    {
      name: 'runtide_group_retained_instances',
      unit: 'Count',
      help: 'Instances that the group has let go of because nobody answered at their termination hook in time.',
      published: true,
    },
    ({ retained }) => retained,
  ),
];
