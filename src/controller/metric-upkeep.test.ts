import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../adapters/memory/clock.ts';
import { minutes } from '../engine/time.ts';
import { PortError, type PortErrorKind } from './errors.ts';
import type { Measurement, MetricSink } from './metric-sink.ts';
import { metricUpkeep, PublishedTotals } from './metric-upkeep.ts';

const NEVER = new AbortController().signal;

function failing(kind: PortErrorKind): PortError {
  const doing = 'publishing metrics in namespace Runtide';
  return new PortError({
    kind,
    system: 'cloudwatch',
    doing,
    why: 'no',
    requestId: 'request-7',
    next: 'do it',
  });
}

function launched(value: number, pool = 'linux'): Measurement {
  return {
    metric: 'runtide_launched_instances_total',
    kind: 'counter',
    unit: 'Count',
    dimensions: { Installation: 'acme', Pool: pool },
    value,
  };
}

function pendingJobs(value: number): Measurement {
  return { ...launched(value), metric: 'runtide_jobs_pending', kind: 'gauge' };
}

/** An upkeep over a sink that takes `takes` measurements and then fails, where a failure is given. */
function scene() {
  const around = {
    measured: [] as readonly Measurement[],
    takes: Infinity,
    failure: undefined as Error | undefined,
  };
  const sent: (readonly number[])[] = [];
  const sink: MetricSink = {
    async publish(measurements, _at, accepted) {
      const arrived = measurements.slice(0, around.takes);
      sent.push(measurements.map(({ value }) => value));
      accepted(arrived);
      if (around.failure !== undefined) throw around.failure;
    },
  };
  const clock = new VirtualClock();
  const upkeep = metricUpkeep({
    sink,
    measure: () => around.measured,
    published: new PublishedTotals(),
    every: minutes(1),
    clock,
  });
  return { around, sent, upkeep, tend: () => upkeep.tend(NEVER) };
}

describe('publishing', () => {
  it('comes as often as it is asked for', () => {
    expect(scene().upkeep.every()).toBe(minutes(1));
  });

  it('sends gauges as they are, and of counters what came to them', async () => {
    const { around, sent, tend } = scene();
    around.measured = [launched(3), launched(1, 'arm'), pendingJobs(5)];
    expect(await tend()).toEqual([]);
    around.measured = [launched(7), launched(1, 'arm'), pendingJobs(5)];
    await tend();
    expect(sent).toEqual([
      [3, 1, 5],
      [4, 0, 5],
    ]);
  });

  it('sends again what did not arrive, and only that', async () => {
    const { around, sent, tend } = scene();
    around.measured = [launched(3), launched(2, 'arm'), pendingJobs(1)];
    around.takes = 1;
    around.failure = failing('throttled');
    await expect(tend()).rejects.toThrow(/request-7/);
    around.takes = Infinity;
    around.failure = undefined;
    await tend();
    expect(sent).toEqual([
      [3, 2, 1],
      [0, 2, 1],
    ]);
  });
});

describe('a failure', () => {
  it.each<PortErrorKind>(['unauthorized', 'refused', 'not-found'])(
    'that somebody must mend is a concern until it is: %s',
    async (kind) => {
      const { around, tend } = scene();
      around.failure = failing(kind);
      expect(await tend()).toEqual([
        {
          about: 'metrics in CloudWatch',
          why: 'publishing metrics in namespace Runtide: no (request request-7)',
          next: 'do it',
        },
      ]);
      around.failure = undefined;
      expect(await tend()).toEqual([]);
    },
  );

  it.each<PortErrorKind>(['throttled', 'unavailable', 'unreachable', 'invalid-answer'])(
    'that passes is thrown, to be tried sooner: %s',
    async (kind) => {
      const { around, tend } = scene();
      around.failure = failing(kind);
      await expect(tend()).rejects.toThrow(around.failure);
    },
  );

  it('of ours is no concern', async () => {
    const { around, tend } = scene();
    around.failure = new TypeError('a mistake');
    await expect(tend()).rejects.toThrow('a mistake');
  });
});
