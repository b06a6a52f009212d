import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Edits, loadSample } from '../../test/support/sample-config.ts';
import { type Script, scriptedAws } from '../../test/support/scripted-aws.ts';
import { VirtualClock } from '../adapters/memory/clock.ts';
import type { Measurement } from '../controller/metric-sink.ts';
import { PublishedTotals } from '../controller/metric-upkeep.ts';
import { minutes } from '../engine/time.ts';
import { composeMetricUpkeep } from './metrics.ts';

const LAUNCHED: Measurement = {
  metric: 'runtide_launched_instances_total',
  kind: 'counter',
  unit: 'Count',
  dimensions: { Installation: 'acme' },
  value: 3,
};

beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAEXAMPLE');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'example');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

/** The upkeeps of a configuration over CloudWatch's double, where it is at `url`. */
async function composed(edits: Edits, url: string, published = new PublishedTotals()) {
  const config = await loadSample({ 'aws.endpoints': { cloudwatch: url }, ...edits });
  return composeMetricUpkeep(config, { clock: new VirtualClock(), measure: () => [LAUNCHED], published });
}

/** What was published as launched, request by request. */
function launchedIn(bodies: readonly string[]): readonly unknown[] {
  return bodies.map((body) => /"Namespace":"(\w+)".*"Value":(\d+)/.exec(body)?.slice(1));
}

async function cloudWatch(answer: Script[string] = () => ({ status: 200, body: '{}' })) {
  return scriptedAws({ PutMetricData: answer });
}

describe('aws.metrics', () => {
  it('is asked for: without it nothing is published', async () => {
    await using aws = await cloudWatch();
    expect(await composed({}, aws.access.endpoints?.cloudwatch ?? '')).toEqual([]);
  });

  it('names the namespace and the interval, and a reload publishes nothing twice', async () => {
    await using aws = await cloudWatch();
    const url = aws.access.endpoints?.cloudwatch ?? '';
    const published = new PublishedTotals();
    const [before] = await composed({ 'aws.metrics': {} }, url, published);
    const reloaded = { 'aws.metrics': { namespace: 'Acme', every: '5m' } };
    const [after] = await composed(reloaded, url, published);
    expect([before?.every(), after?.every()]).toEqual([minutes(1), minutes(5)]);
    const signal = AbortSignal.timeout(10_000);
    expect([await before?.tend(signal), await after?.tend(signal)]).toEqual([[], []]);
    expect(launchedIn(aws.calls.map(({ body }) => body))).toEqual([
      ['Runtide', '3'],
      ['Acme', '0'],
    ]);
  });

  it('lets what CloudWatch refuses be told, with its request', async () => {
    await using aws = await cloudWatch(() => ({
      status: 400,
      body: '{"__type":"AccessDeniedException","message":"not allowed"}',
    }));
    const [upkeep] = await composed({ 'aws.metrics': {} }, aws.access.endpoints?.cloudwatch ?? '');
    expect(await upkeep?.tend(AbortSignal.timeout(10_000))).toEqual([
      {
        about: 'metrics in CloudWatch',
        why: 'publishing metrics in namespace Runtide: AccessDeniedException: not allowed (request request-1)',
        next: "allow the named action in the IAM policy of Runtide's role",
      },
    ]);
  });
});
