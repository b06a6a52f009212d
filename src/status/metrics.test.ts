import { describe, expect, it } from 'vitest';
import {
  anInstance,
  anObservation,
  aPolicy,
  aPool,
  fresh,
  jobs,
  NOW,
  pending,
} from '../../test/support/observations.ts';
import { emptyHistory } from '../engine/history.ts';
import { plan } from '../engine/plan.ts';
import { after, seconds } from '../engine/time.ts';
import { METRICS } from './metric-catalogue.ts';
import { renderMetrics } from './metrics.ts';
import { StatusBoard, type Status } from './model.ts';

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/gy;

interface Family {
  readonly help: string;
  readonly type: string;
  readonly samples: Map<string, number>;
}

function unescaped(value: string): string {
  return value.replace(/\\(.)/g, (_whole, escaped: string) => (escaped === 'n' ? '\n' : escaped));
}

function labelsIn(text: string): Readonly<Record<string, string>> {
  const found = [...text.matchAll(LABEL)];
  const read = found.reduce((length, [whole]) => length + whole.length, 0);
  if (read !== text.length) throw new Error(`not labels: ${text}`);
  return Object.fromEntries(found.map(([, label = '', value = '']) => [label, unescaped(value)]));
}

/** Reads Prometheus' text format 0.0.4 as strictly as its specification is; throws at the first mistake. */
function parse(text: string): ReadonlyMap<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const found = new Map<string, Family>();
  let help: readonly [name: string, text: string] = ['', ''];
  let current: readonly [name: string, family: Family] | undefined;
  for (const line of text.slice(0, -1).split('\n')) {
    const [, word, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (word === 'HELP') help = [name, rest];
    else if (word === 'TYPE') {
      if (help[0] !== name || found.has(name) || !NAME.test(name)) throw new Error(`misplaced: ${line}`);
      current = [name, { help: help[1], type: rest, samples: new Map() }];
      found.set(...current);
    } else addSample(line, current);
  }
  return found;
}

function addSample(line: string, current: readonly [name: string, family: Family] | undefined): void {
  const [, name, labels = '', value = ''] = SAMPLE.exec(line) ?? [];
  if (current === undefined || name !== current[0]) throw new Error(`not a sample of its family: ${line}`);
  const { samples } = current[1];
  const key = JSON.stringify(labelsIn(labels));
  if (samples.has(key)) throw new Error(`twice: ${line}`);
  if (value === '' || !Number.isFinite(Number(value))) throw new Error(`no number: ${line}`);
  samples.set(key, Number(value));
}

function board(): StatusBoard {
  const made = new StatusBoard('acme', NOW);
  const observation = anObservation({
    jobs: fresh(jobs([pending(3)])),
    instances: fresh([anInstance('i-1'), anInstance('i-2', { state: 'pending' })]),
    managers: { linux: { known: false, failure: 'not read' } },
    history: { ...emptyHistory(NOW), pools: { linux: { setbacks: 2, retryAt: after(NOW, seconds(30)) } } },
  });
  const decided = plan(observation, aPolicy(aPool()));
  made.passed({ pass: 'acted', observation, plan: decided, outcomes: [] }, NOW, after(NOW, seconds(0.25)));
  const interruption = { instance: 'i-1', pool: 'linux', kind: 'interruption', heeded: true } as const;
  made.record({ event: 'interruption noticed', interruption });
  made.record({ event: 'boot failed', pool: 'linux', instance: 'i-3', why: 'no token' });
  return made;
}

function families(status: Status): ReadonlyMap<string, Family> {
  return parse(renderMetrics(status));
}

function sample(status: Status, name: string, labels: object = {}): number | undefined {
  return families(status).get(name)?.samples.get(JSON.stringify(labels));
}

describe('the text format', () => {
  it.each([
    ['before the first pass', new StatusBoard('acme', NOW)],
    ['after a pass', board()],
  ])('is valid %s', (_when, seen) => {
    expect(families(seen.status(NOW)).get('runtide_passes_total')?.samples.size).toBe(1);
  });

  it('gives every metric a prefix, a meaning, and a name that fits its type', () => {
    const all = [...families(board().status(NOW))];
    expect(all.map(([name]) => name)).toEqual(METRICS.map(({ name }) => name));
    for (const [name, { help, type }] of all) {
      expect(name).toMatch(/^runtide_/);
      expect(help).toMatch(/^[A-Z].*\.$/);
      expect(type).toBe(name.endsWith('_total') ? 'counter' : 'gauge');
    }
  });

  it('escapes what labels hold', () => {
    const seen = board();
    const strange = 'a "quoted" \\ back\nslash';
    seen.webhook(strange);
    const text = renderMetrics(seen.status(NOW));
    expect(text).toContain('{result="a \\"quoted\\" \\\\ back\\nslash"} 1\n');
    expect(sample(seen.status(NOW), 'runtide_webhooks_total', { result: strange })).toBe(1);
  });
});

describe('the numbers', () => {
  it.each<[string, object, number]>([
    ['runtide_jobs_pending', { pool: 'linux' }, 3],
    ['runtide_jobs_unserved', { pool: 'linux' }, 0],
    ['runtide_oldest_pending_seconds', { pool: 'linux' }, 15],
    ['runtide_slots', { pool: 'linux', state: 'booting' }, 2],
    ['runtide_slots', { pool: 'linux', state: 'busy' }, 0],
    ['runtide_instances', { pool: 'linux', phase: 'launching' }, 1],
    ['runtide_instances', { pool: 'linux', phase: 'booting' }, 1],
    ['runtide_instances', { pool: 'linux', phase: 'draining' }, 0],
    ['runtide_desired_instances', { pool: 'linux' }, 3],
    ['runtide_jobs_running', { pool: 'linux' }, 0],
    ['runtide_pool_slots', { pool: 'linux' }, 2],
    ['runtide_min_instances', { pool: 'linux' }, 0],
    ['runtide_max_instances', { pool: 'linux' }, 10],
    ['runtide_holds', { pool: 'linux' }, 1],
    ['runtide_idle_target_slots', { pool: 'linux' }, 0],
    ['runtide_dollars_per_hour', { pool: 'linux' }, 0],
    ['runtide_capped_jobs', { pool: 'linux' }, 0],
    ['runtide_paused', { pool: 'linux' }, 0],
    ['runtide_setbacks', { pool: 'linux' }, 2],
    ['runtide_backoff_seconds', { pool: 'linux' }, 25],
    ['runtide_boot_failures_total', { pool: 'linux' }, 1],
    ['runtide_source_age_seconds', { source: 'jobs' }, 5],
    ['runtide_source_fresh', { source: 'jobs' }, 1],
    ['runtide_source_fresh', { source: 'managers of linux' }, 0],
    ['runtide_stale_sources', {}, 1],
    ['runtide_alarms', {}, 1],
    ['runtide_deciding', {}, 1],
    ['runtide_last_pass_seconds', {}, 0.25],
    ['runtide_passes_total', {}, 1],
    ['runtide_failed_passes_total', {}, 0],
    ['runtide_interruptions_total', { kind: 'interruption' }, 1],
  ])('%s %j is %d', (name, labels, value) => {
    expect(sample(board().status(after(NOW, seconds(5))), name, labels)).toBe(value);
  });

  it('have no age for what was never read', () => {
    expect(
      sample(board().status(NOW), 'runtide_source_age_seconds', { source: 'managers of linux' }),
    ).toBeUndefined();
  });

  it('count nothing for pools once another process decides', () => {
    const seen = board();
    seen.passed({ pass: 'stood by', holder: 'host-2/17' }, NOW, NOW);
    const status = seen.status(NOW);
    expect(sample(status, 'runtide_deciding')).toBe(0);
    expect(families(status).get('runtide_instances')?.samples.size).toBe(0);
  });
});

describe('the parser of this test', () => {
  it.each([
    ['without a last line end', '# HELP a A.\n# TYPE a gauge\na 1'],
    ['with a sample of no family', 'a 1\n'],
    ['with a sample of another family', '# HELP a A.\n# TYPE a gauge\nb 1\n'],
    ['with a family twice', '# HELP a A.\n# TYPE a gauge\n# HELP a A.\n# TYPE a gauge\n'],
    ['with a type that has no help', '# TYPE a gauge\n'],
    ['with the same sample twice', '# HELP a A.\n# TYPE a gauge\na 1\na 1\n'],
    ['with an open quote', '# HELP a A.\n# TYPE a gauge\na{b="c} 1\n'],
    ['without a number', '# HELP a A.\n# TYPE a gauge\na NaN\n'],
  ])('refuses a text %s', (_how, text) => {
    expect(() => parse(text)).toThrow(/./);
  });
});
