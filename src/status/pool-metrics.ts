import { type Metric, ofPools, type Sample } from './metric.ts';
import type { InstanceStatus, Status } from './model.ts';

const PHASES = ['launching', 'booting', 'idle', 'busy', 'draining', 'terminating'] as const;

function sumOf(instances: readonly InstanceStatus[], value: (instance: InstanceStatus) => number): number {
  return instances.reduce((sum, instance) => sum + value(instance), 0);
}

function slotsByState({ pools }: Status): readonly Sample[] {
  return pools.flatMap(({ pool, slots }) =>
    Object.entries(slots).map(([state, value]: [string, number]) => ({ labels: { pool, state }, value })),
  );
}

function instancesByPhase({ pools }: Status): readonly Sample[] {
  return pools.flatMap(({ pool, instances }) =>
    PHASES.map((phase) => ({
      labels: { pool, phase },
      value: instances.filter((instance) => instance.phase === phase).length,
    })),
  );
}

/** What waits for each pool, what it has, and what holds it back. */
export const POOL_METRICS: readonly Metric[] = [
  ofPools(
    {
      name: 'runtide_jobs_pending',
      unit: 'Count',
      help: 'Pending jobs that count for the pool.',
      published: true,
    },
    ({ pending }) => pending,
  ),
  ofPools(
    {
      name: 'runtide_jobs_unserved',
      unit: 'Count',
      help: 'Pending jobs that GitLab does not hand out although a fitting slot is free.',
      published: true,
    },
    ({ unserved }) => unserved.length,
  ),
  ofPools(
    {
      name: 'runtide_jobs_running',
      unit: 'Count',
      help: 'Slots that hold a job, on draining instances as well; those of a manager whose job is unknown all count.',
      published: true,
    },
    ({ instances }) => sumOf(instances, ({ busySlots }) => busySlots),
  ),
  ofPools(
    {
      name: 'runtide_oldest_pending_seconds',
      unit: 'Seconds',
      help: 'How long the oldest pending job of the pool has waited; 0 when none waits.',
      published: true,
    },
    ({ oldestPendingSeconds }) => oldestPendingSeconds ?? 0,
  ),
  {
    name: 'runtide_slots',
    kind: 'gauge',
    unit: 'Count',
    help: 'Slots of the pool by state: free, busy, booting, leaving.',
    labels: ['pool', 'state'],
    published: false,
    samples: slotsByState,
  },
  ofPools(
    {
      name: 'runtide_pool_slots',
      unit: 'Count',
      help: 'Slots of the pool in all, whatever they do: how many jobs its instances may run at once.',
      published: true,
    },
    ({ instances }) => sumOf(instances, ({ slots }) => slots),
  ),
  {
    name: 'runtide_instances',
    kind: 'gauge',
    unit: 'Count',
    help: 'Instances of the pool by phase: launching, booting, idle, busy, draining, terminating.',
    labels: ['pool', 'phase'],
    published: true,
    samples: instancesByPhase,
  },
  ofPools(
    {
      name: 'runtide_desired_instances',
      unit: 'Count',
      help: 'Instances that the pool should have.',
      published: true,
    },
    ({ desired }) => desired.count,
  ),
  ofPools(
    {
      name: 'runtide_min_instances',
      unit: 'Count',
      help: 'Fewest instances that the pool may want.',
      published: false,
    },
    ({ limits }) => limits.min,
  ),
  ofPools(
    {
      name: 'runtide_max_instances',
      unit: 'Count',
      help: 'Most instances that the pool may want.',
      published: true,
    },
    ({ limits }) => limits.max,
  ),
  ofPools(
    {
      name: 'runtide_holds',
      unit: 'Count',
      help: 'Reasons why something that the pool wants is not done now.',
      published: false,
    },
    ({ holds }) => holds.length,
  ),
  ofPools(
    {
      name: 'runtide_setbacks',
      unit: 'Count',
      help: 'Launches that gave less than was asked and boots that failed, in a row.',
      published: true,
    },
    ({ setbacks }) => setbacks,
  ),
  ofPools(
    {
      name: 'runtide_backoff_seconds',
      unit: 'Seconds',
      help: 'How long the pool still waits after setbacks before it buys again.',
      published: false,
    },
    ({ backoffSeconds }) => backoffSeconds ?? 0,
  ),
  ofPools(
    {
      name: 'runtide_boot_failures_total',
      unit: 'Count',
      help: 'Instances that were not ready in time.',
      published: true,
    },
    ({ pool }, { totals }) => totals.bootFailures[pool] ?? 0,
  ),
];
