import type { Status } from './model.ts';

interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter';
  readonly samples: readonly Sample[];
}

const PHASES = ['launching', 'booting', 'idle', 'busy', 'draining', 'terminating'] as const;

function byPool(status: Status, value: (pool: Status['pools'][number]) => number): readonly Sample[] {
  return status.pools.map((pool) => ({ labels: { pool: pool.pool }, value: value(pool) }));
}

function slots(status: Status): readonly Sample[] {
  return status.pools.flatMap(({ pool, slots: counts }) =>
    Object.entries(counts).map(([state, value]: [string, number]) => ({ labels: { pool, state }, value })),
  );
}

function instances(status: Status): readonly Sample[] {
  return status.pools.flatMap(({ pool, instances: all }) =>
    PHASES.map((phase) => ({
      labels: { pool, phase },
      value: all.filter((instance) => instance.phase === phase).length,
    })),
  );
}

const one = (value: number): readonly Sample[] => [{ labels: {}, value }];

function gauge(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name, help, type: 'gauge', samples };
}

function counter(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name, help, type: 'counter', samples };
}

/** Every metric, in one place: name, meaning, and where the number comes from. */
function metrics(status: Status): readonly Metric[] {
  const { totals } = status;
  return [
    gauge(
      'runtide_jobs_pending',
      'Pending jobs that count for the pool.',
      byPool(status, ({ pending }) => pending),
    ),
    gauge(
      'runtide_jobs_unserved',
      'Pending jobs that GitLab does not hand out although a fitting slot is free.',
      byPool(status, ({ unserved }) => unserved.length),
    ),
    gauge(
      'runtide_oldest_pending_seconds',
      'How long the oldest pending job of the pool has waited.',
      byPool(status, ({ oldestPendingSeconds }) => oldestPendingSeconds ?? 0),
    ),
    gauge('runtide_slots', 'Slots of the pool by state.', slots(status)),
    gauge('runtide_instances', 'Instances of the pool by phase.', instances(status)),
    gauge(
      'runtide_desired_instances',
      'Instances that the pool should have.',
      byPool(status, ({ desired }) => desired.count),
    ),
    gauge(
      'runtide_source_age_seconds',
      'Age of the last answer of a source.',
      status.sources.flatMap(({ source, ageSeconds }) =>
        ageSeconds === undefined ? [] : [{ labels: { source }, value: ageSeconds }],
      ),
    ),
    gauge(
      'runtide_source_fresh',
      'Whether a source is fresh enough to scale in by (1) or not (0).',
      status.sources.map(({ source, fresh }) => ({ labels: { source }, value: fresh ? 1 : 0 })),
    ),
    gauge('runtide_alarms', 'Alarms that are raised now.', one(status.alarms.length)),
    gauge(
      'runtide_deciding',
      'Whether this process holds the lease (1) or not (0).',
      one(status.role === 'deciding' ? 1 : 0),
    ),
    gauge('runtide_last_pass_seconds', 'How long the last pass took.', one(status.lastPassSeconds ?? 0)),
    counter('runtide_passes_total', 'Passes.', one(totals.passes)),
    counter('runtide_failed_passes_total', 'Passes that failed as a whole.', one(totals.failedPasses)),
    counter('runtide_launched_instances_total', 'Instances launched.', one(totals.launched)),
    counter('runtide_drained_instances_total', 'Instances asked to drain.', one(totals.drained)),
    counter('runtide_terminated_instances_total', 'Instances terminated.', one(totals.terminated)),
    counter(
      'runtide_retried_jobs_total',
      'Jobs that were retried because their instance was lost.',
      one(totals.retried),
    ),
    counter('runtide_failed_actions_total', 'Actions that failed.', one(totals.failedActions)),
    counter(
      'runtide_interruptions_total',
      'Instances that EC2 took (interruption) or was likely to take (rebalance), as far as it was heard.',
      Object.entries(totals.interruptions).map(([kind, value]) => ({ labels: { kind }, value })),
    ),
    counter(
      'runtide_webhooks_total',
      'Webhook deliveries by what became of them.',
      Object.entries(totals.webhooks).map(([result, value]) => ({ labels: { result }, value })),
    ),
  ];
}

function escape(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function line(name: string, { labels, value }: Sample): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escape(text)}"`);
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`;
}

/** The status in Prometheus' text format, version 0.0.4. */
export function renderMetrics(status: Status): string {
  return metrics(status)
    .flatMap(({ name, help, type, samples }) => [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} ${type}`,
      ...samples.map((sample) => line(name, sample)),
    ])
    .join('\n')
    .concat('\n');
}
