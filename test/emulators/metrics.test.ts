import {
  type CloudWatchClient,
  GetMetricStatisticsCommand,
  ListMetricsCommand,
} from '@aws-sdk/client-cloudwatch';
import { expect, inject, it } from 'vitest';
import { cloudWatchClient } from '../../src/adapters/aws/clients.ts';
import { cloudWatchMetrics } from '../../src/adapters/aws/cloudwatch-metrics.ts';
import { after, instant, minutes, seconds } from '../../src/engine/time.ts';
import { measurementsOf } from '../../src/status/measurements.ts';
import { StatusBoard } from '../../src/status/model.ts';
import { plan } from '../../src/engine/plan.ts';
import {
  anInstance,
  anObservation,
  aPolicy,
  aPool,
  fresh,
  jobs,
  NOW,
  pending,
} from '../support/observations.ts';
import { resetMoto } from './moto.ts';

const NEVER = new AbortController().signal;
const NAMESPACE = 'Runtide';

async function emptyCloudWatch(): Promise<CloudWatchClient> {
  await resetMoto(inject('motoUrl'));
  return cloudWatchClient({
    region: 'eu-central-1',
    endpoints: { cloudwatch: inject('motoUrl') },
    credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'example' },
  });
}

/** What a process has to publish that has seen three jobs wait and one instance boot. */
function measured() {
  const board = new StatusBoard('acme', NOW);
  const observation = anObservation({
    jobs: fresh(jobs([pending(3)])),
    instances: fresh([anInstance('i-1')]),
  });
  board.passed(
    { pass: 'acted', observation, plan: plan(observation, aPolicy(aPool())), outcomes: [] },
    NOW,
    NOW,
  );
  return measurementsOf(board.status(NOW));
}

it('puts every metric into CloudWatch with its dimensions, its unit and its value', async () => {
  const cloudWatch = await emptyCloudWatch();
  const sink = cloudWatchMetrics({ cloudWatch, namespace: NAMESPACE, timeout: seconds(30) });
  const at = instant(Date.UTC(2026, 10, 30, 8));
  const measurements = measured();
  const accepted: unknown[] = [];
  await sink.publish(measurements, at, (some) => accepted.push(...some), NEVER);
  expect(accepted).toEqual(measurements);

  const { Metrics = [] } = await cloudWatch.send(new ListMetricsCommand({ Namespace: NAMESPACE }));
  const listed = Metrics.map(({ MetricName, Dimensions = [] }) => [
    MetricName,
    Object.fromEntries(Dimensions.map(({ Name, Value }) => [Name, Value])),
  ]);
  expect(new Set(listed.map((one) => JSON.stringify(one)))).toEqual(
    new Set(measurements.map(({ metric, dimensions }) => JSON.stringify([metric, dimensions]))),
  );

  const read = async (metric: string, dimensions: Readonly<Record<string, string>>) => {
    const { Datapoints = [] } = await cloudWatch.send(
      new GetMetricStatisticsCommand({
        Namespace: NAMESPACE,
        MetricName: metric,
        Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
        StartTime: new Date(at),
        EndTime: new Date(after(at, minutes(1))),
        Period: 60,
        Statistics: ['Maximum'],
      }),
    );
    return Datapoints.map(({ Maximum, Unit }) => [Maximum, Unit]);
  };
  const linux = { Installation: 'acme', Pool: 'linux' };
  expect(await read('runtide_jobs_pending', linux)).toEqual([[3, 'Count']]);
  expect(await read('runtide_oldest_pending_seconds', linux)).toEqual([[10, 'Seconds']]);
  expect(await read('runtide_instances', { ...linux, Phase: 'booting' })).toEqual([[1, 'Count']]);
  expect(await read('runtide_deciding', { Installation: 'acme' })).toEqual([[1, 'None']]);
  cloudWatch.destroy();
});
