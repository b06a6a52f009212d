import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { anInstance, anObservation, aPolicy, aPool, fresh, NOW } from '../../test/support/observations.ts';
import { plan } from '../engine/plan.ts';
import { groupStatus } from './group-status.ts';
import { METRICS } from './metric-catalogue.ts';
import { measurementsOf } from './measurements.ts';
import { type Status, StatusBoard } from './model.ts';

const DOCUMENT = fileURLToPath(new URL('../../docs/metrics.md', import.meta.url));

/** A deciding process that has heard of everything, with one pool in a group. */
function seen(): Status {
  const board = new StatusBoard('acme', NOW);
  const observation = anObservation({ instances: fresh([anInstance('i-1')]) });
  const budget = { day: 10, timeZone: 'UTC', idleUntil: 0.8, onDemandUntil: 0.9 };
  const policy = { ...aPolicy(aPool({ budget })), budget };
  board.passed({ pass: 'acted', observation, plan: plan(observation, policy), outcomes: [] }, NOW, NOW);
  board.webhook('accepted');
  for (const kind of ['interruption', 'rebalance'] as const) {
    const interruption = { instance: 'i-1', pool: 'linux', kind, heeded: true };
    board.record({ event: 'interruption noticed', interruption });
  }
  const status = board.status(NOW);
  const group = groupStatus(
    { pool: 'linux', group: 'acme-linux', min: 0, max: 9, desired: 1, ordered: 0 },
    [],
  );
  return { ...status, pools: status.pools.map((pool) => ({ ...pool, group })) };
}

/** Tables of the document, as cells without the spaces that align them. */
function documented(): readonly (readonly string[])[] {
  return readFileSync(DOCUMENT, 'utf8')
    .split('\n')
    .filter((line) => /^\| `runtide_\w+` /.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
}

it('docs/metrics.md holds the whole catalogue, and nothing else', () => {
  expect(documented()).toEqual(
    METRICS.map(({ name, kind, unit, labels, published, help }) => [
      `\`${name}\``,
      kind,
      unit,
      labels.map((label) => `\`${label}\``).join(', '),
      published ? 'yes' : '',
      help,
    ]),
  );
});

describe('a metric', () => {
  it('has a name of its own', () => {
    expect(new Set(METRICS.map(({ name }) => name)).size).toBe(METRICS.length);
  });

  it.each(METRICS.map((metric) => [metric.name, metric] as const))(
    '%s has a sample, and the labels that it names',
    (name, { kind, labels, samples }) => {
      const all = samples(seen());
      expect(all.length).toBeGreaterThan(0);
      for (const sample of all) expect(Object.keys(sample.labels)).toEqual(labels);
      expect(kind).toBe(name.endsWith('_total') ? 'counter' : 'gauge');
    },
  );
});

describe('what CloudWatch gets', () => {
  const measurements = measurementsOf(seen());

  it('is never without a dimension, and never something that it refuses', () => {
    for (const { dimensions, value } of measurements) {
      expect(Object.keys(dimensions)[0]).toBe('Installation');
      for (const text of Object.values(dimensions)) expect(text).toMatch(/^[\x21-\x7e]{1,255}$/);
      expect(Number.isFinite(value)).toBe(true);
    }
  });

  it('is what the document says that it costs: 16 for a pool, 6 for a group, 10 for the rest', () => {
    const kinds = measurements.map(({ dimensions }) => {
      if ('Group' in dimensions) return 'group';
      return 'Pool' in dimensions ? 'pool' : 'installation';
    });
    const count = (of: string): number => kinds.filter((kind) => kind === of).length;
    expect([count('pool'), count('group'), count('installation')]).toEqual([16, 6, 10]);
  });

  it('begins with what must not be sent twice', () => {
    const kinds = measurements.map(({ kind }) => kind);
    expect(kinds.lastIndexOf('counter')).toBeLessThan(kinds.indexOf('gauge'));
  });

  it('carries labels as dimensions', () => {
    expect(measurements).toContainEqual({
      metric: 'runtide_instances',
      kind: 'gauge',
      unit: 'Count',
      dimensions: { Installation: 'acme', Pool: 'linux', Phase: 'booting' },
      value: 1,
    });
  });
});
