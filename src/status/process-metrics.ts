import { type Metric, ofAll } from './metric.ts';

/** What this process reads, does and has done. */
export const PROCESS_METRICS: readonly Metric[] = [
  {
    name: 'runtide_source_age_seconds',
    kind: 'gauge',
    unit: 'Seconds',
    help: 'Age of the last answer of a source.',
    labels: ['source'],
    published: false,
    samples: ({ sources }) =>
      sources.flatMap(({ source, ageSeconds }) =>
        ageSeconds === undefined ? [] : [{ labels: { source }, value: ageSeconds }],
      ),
  },
  {
    name: 'runtide_source_fresh',
    kind: 'gauge',
    unit: 'None',
    help: 'Whether a source is fresh enough to scale in by (1) or not (0).',
    labels: ['source'],
    published: false,
    samples: ({ sources }) =>
      sources.map(({ source, fresh }) => ({ labels: { source }, value: fresh ? 1 : 0 })),
  },
  ofAll(
    {
      name: 'runtide_stale_sources',
      unit: 'Count',
      help: 'Sources that are not fresh.',
      published: true,
    },
    ({ sources }) => sources.filter(({ fresh }) => !fresh).length,
  ),
  ofAll(
    { name: 'runtide_alarms', unit: 'Count', help: 'Alarms that are raised now.', published: true },
    ({ alarms }) => alarms.length,
  ),
  ofAll(
    {
      name: 'runtide_deciding',
      unit: 'None',
      help: 'Whether this process decides (1) or not (0): its last pass acted under the lease.',
      published: true,
    },
    ({ role }) => (role === 'deciding' ? 1 : 0),
  ),
  ofAll(
    {
      name: 'runtide_last_pass_seconds',
      unit: 'Seconds',
      help: 'How long the last pass took.',
      published: false,
    },
    ({ lastPassSeconds }) => lastPassSeconds ?? 0,
  ),
  ofAll(
    { name: 'runtide_passes_total', unit: 'Count', help: 'Passes.', published: false },
    ({ totals }) => totals.passes,
  ),
  ofAll(
    {
      name: 'runtide_failed_passes_total',
      unit: 'Count',
      help: 'Passes that failed as a whole.',
      published: true,
    },
    ({ totals }) => totals.failedPasses,
  ),
  ofAll(
    {
      name: 'runtide_launched_instances_total',
      unit: 'Count',
      help: 'Instances launched, and those that groups were asked for.',
      published: true,
    },
    ({ totals }) => totals.launched,
  ),
  ofAll(
    {
      name: 'runtide_drained_instances_total',
      unit: 'Count',
      help: 'Instances asked to drain.',
      published: true,
    },
    ({ totals }) => totals.drained,
  ),
  ofAll(
    {
      name: 'runtide_terminated_instances_total',
      unit: 'Count',
      help: 'Instances terminated by Runtide; a drained one powers itself off.',
      published: false,
    },
    ({ totals }) => totals.terminated,
  ),
  ofAll(
    {
      name: 'runtide_retried_jobs_total',
      unit: 'Count',
      help: 'Jobs that were retried because their instance was lost.',
      published: true,
    },
    ({ totals }) => totals.retried,
  ),
  ofAll(
    {
      name: 'runtide_failed_actions_total',
      unit: 'Count',
      help: 'Actions that failed.',
      published: true,
    },
    ({ totals }) => totals.failedActions,
  ),
  {
    name: 'runtide_interruptions_total',
    kind: 'counter',
    unit: 'Count',
    help: 'Instances that EC2 took (interruption) or was likely to take (rebalance), as far as it was heard.',
    labels: ['kind'],
    published: true,
    samples: ({ totals }) =>
      Object.entries(totals.interruptions).map(([kind, value]) => ({ labels: { kind }, value })),
  },
  {
    name: 'runtide_webhooks_total',
    kind: 'counter',
    unit: 'Count',
    help: 'Webhook deliveries by what became of them.',
    labels: ['result'],
    published: false,
    samples: ({ totals }) =>
      Object.entries(totals.webhooks).map(([result, value]) => ({ labels: { result }, value })),
  },
];
