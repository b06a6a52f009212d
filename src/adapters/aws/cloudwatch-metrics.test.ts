import { describe, expect, it } from 'vitest';
import { type Reply, type Script, scriptedAws } from '../../../test/support/scripted-aws.ts';
import { isPortError } from '../../controller/errors.ts';
import type { Measurement } from '../../controller/metric-sink.ts';
import { type Duration, instant, milliseconds, seconds } from '../../engine/time.ts';
import { cloudWatchClient } from './clients.ts';
import { cloudWatchMetrics } from './cloudwatch-metrics.ts';

const NEVER = new AbortController().signal;
const AT = instant(Date.UTC(2026, 0, 5, 8));
const TAKEN: Reply = { status: 200, body: '{}' };

function refusal(code: string, status: number): Reply {
  return { status, body: JSON.stringify({ __type: code, message: `about ${code}` }) };
}

function measured(count: number, installation = 'acme'): readonly Measurement[] {
  return Array.from({ length: count }, (_, index) => ({
    metric: 'runtide_jobs_pending',
    kind: 'gauge' as const,
    unit: 'Count' as const,
    dimensions: { Installation: installation, Pool: `pool-${index}` },
    value: index,
  }));
}

/** One publication of `measurements`: the requests, what was accepted, and what failed. */
async function published(
  measurements: readonly Measurement[],
  script: Script[string],
  {
    signal = NEVER,
    timeout = seconds(10),
  }: { readonly signal?: AbortSignal; readonly timeout?: Duration } = {},
) {
  await using aws = await scriptedAws({ PutMetricData: script });
  const cloudWatch = cloudWatchClient(aws.access);
  const sink = cloudWatchMetrics({ cloudWatch, namespace: 'Acme/CI', timeout });
  const accepted: Measurement[] = [];
  const failure = await sink
    .publish(measurements, AT, (some) => accepted.push(...some), signal)
    .then(
      () => undefined,
      (error: unknown) => error,
    );
  cloudWatch.destroy();
  return { requests: aws.calls.map(({ body }) => body), accepted, failure };
}

function sizes(requests: readonly string[]): readonly number[] {
  return requests.map((body) => body.split('"MetricName"').length - 1);
}

describe('publishing in CloudWatch', () => {
  it('sends names, dimensions, units and the moment in the configured namespace', async () => {
    const [one] = measured(1);
    if (one === undefined) throw new Error('nothing was measured');
    const { requests, accepted, failure } = await published([{ ...one, value: 2.5 }], () => TAKEN);
    expect(failure).toBeUndefined();
    expect(requests.map((body): unknown => JSON.parse(body))).toEqual([
      {
        Namespace: 'Acme/CI',
        MetricData: [
          {
            MetricName: 'runtide_jobs_pending',
            Dimensions: [
              { Name: 'Installation', Value: 'acme' },
              { Name: 'Pool', Value: 'pool-0' },
            ],
            Timestamp: AT / 1000,
            Unit: 'Count',
            Value: 2.5,
          },
        ],
      },
    ]);
    expect(accepted).toEqual([{ ...one, value: 2.5 }]);
  });

  it('asks nothing where there is nothing to send', async () => {
    const { requests, failure } = await published([], () => TAKEN);
    expect([requests, failure]).toEqual([[], undefined]);
  });

  it('sends at most 1,000 metrics in a request', async () => {
    const { requests, accepted } = await published(measured(2001), () => TAKEN);
    expect(sizes(requests)).toEqual([1000, 1000, 1]);
    expect(accepted).toEqual(measured(2001));
  });

  it('sends less than 1 MB in a request, however the letters are counted', async () => {
    const all = measured(1200, 'ä'.repeat(700));
    const { requests, accepted } = await published(all, () => TAKEN);
    expect(requests.length).toBeGreaterThan(1);
    for (const body of requests) expect(Buffer.byteLength(body)).toBeLessThan(1_000_000);
    expect(accepted).toEqual(all);
  });

  it('stops at the first request that fails, and says which have arrived', async () => {
    const { requests, accepted, failure } = await published(measured(2001), (_call, nth) =>
      nth === 1 ? refusal('InternalServiceFault', 500) : TAKEN,
    );
    expect(requests).toHaveLength(2);
    expect(accepted).toEqual(measured(1000));
    expect(isPortError(failure, 'unavailable')).toBe(true);
  });
});

describe('a failed publication', () => {
  it.each([
    ['AccessDeniedException', 400, 'unauthorized', /IAM policy/],
    ['AccessDenied', 403, 'unauthorized', /IAM policy/],
    ['ThrottlingException', 400, 'throttled', /about Throttling/],
    ['InvalidParameterValueException', 400, 'refused', /about InvalidParameterValue/],
    ['InternalServiceFault', 500, 'unavailable', /InternalServiceFault/],
  ])('with %s is tried once, and named with its request', async (code, status, kind, words) => {
    const { requests, failure } = await published(measured(1), () => refusal(code, status));
    expect(requests).toHaveLength(1);
    expect(failure).toMatchObject({ kind, details: { system: 'cloudwatch', requestId: 'request-1' } });
    expect(String(failure)).toMatch(/publishing metrics in namespace Acme\/CI: .* \(request request-1\)/);
    expect(String(failure)).toMatch(words);
  });

  it.each<[string, Reply, Duration]>([
    ['broken connection', 'hang-up', seconds(10)],
    ['silence', 'silence', milliseconds(50)],
  ])('by a %s is unreachable', async (_how, reply, timeout) => {
    const { failure, accepted } = await published(measured(1), () => reply, { timeout });
    expect(failure).toMatchObject({ kind: 'unreachable' });
    expect(accepted).toEqual([]);
  });

  it('does not begin once it is stopped', async () => {
    const { requests, failure } = await published(measured(1), () => TAKEN, { signal: AbortSignal.abort() });
    expect(requests).toEqual([]);
    expect(failure).toMatchObject({ kind: 'unreachable' });
  });
});
