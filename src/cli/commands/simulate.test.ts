import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Ended, runtide } from '../../../test/support/command-line.ts';
import { type Edits, sample } from '../../../test/support/sample-config.ts';

const documentSchema = z.looseObject({
  workload: z.looseObject({ name: z.string(), jobs: z.number() }),
  policies: z.array(z.looseObject({ name: z.string(), own: z.boolean(), cost: z.number() })),
});

/** Three jobs of one pipeline, the last of which waits for the others, and one that only others' runners take. */
const HISTORY = `pipeline_id,project,name,stage,tag_list,status,created_at,started_at,finished_at,duration,queued_duration
1,acme/web,unit,test,linux,success,2026-01-12T09:00:00Z,2026-01-12T09:00:02Z,2026-01-12T09:02:02Z,120,2
1,acme/web,lint,test,linux,success,2026-01-12T09:00:00Z,2026-01-12T09:00:02Z,2026-01-12T09:01:02Z,60,2
1,acme/web,train,test,gpu,success,2026-01-12T09:00:00Z,2026-01-12T09:00:02Z,2026-01-12T09:01:02Z,60,2
1,acme/web,publish,deploy,linux,success,2026-01-12T09:00:00Z,2026-01-12T09:02:04Z,2026-01-12T09:03:04Z,60,2
`;

/** Every run is a process of its own, with threads. */
const PROCESSES = { timeout: 120_000 };
const QUICK = ['--workload', 'fan-out'];

interface Workplace {
  readonly folder: string;
  readonly run: (...args: readonly string[]) => Promise<Ended>;
  readonly configure: (file: string, edits?: Edits) => Promise<void>;
}

async function inFolder<T>(use: (place: Workplace) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'runtide-simulate-'));
  try {
    return await use({
      folder,
      run: (...args) => runtide(['simulate', ...args], { cwd: folder }),
      configure: (file, edits) => writeFile(join(folder, file), JSON.stringify(sample(edits))),
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

describe('runtide simulate', PROCESSES, () => {
  it('shows autoscalers side by side, without a configuration', () =>
    inFolder(async ({ run }) => {
      const { code, stdout, stderr } = await run(...QUICK, '--against', 'fixed-50,fixed-200');
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const lines = stdout.split('\n');
      expect(lines[0]).toBe('fan-out: 502 jobs of 1 pipeline; a machine starts in 45 s; seed 1');
      expect(lines[2]).toMatch(/^policy +cost +dollars +mean +p50 +p95 +p99 +≤ 1 s +machines +peak +calls/);
      expect(lines[3]).toMatch(/^fixed-50 .* 50 +50 +1 +0$/);
      expect(lines[4]).toMatch(/^fixed-200 .* 200 +200 +1 +0$/);
      expect(lines[6]).toMatch(/^clairvoyant: cost 1\.\d{3} and no wait/);
    }));

  it('prints JSON, the same for the same seed, whatever else is compared', () =>
    inFolder(async ({ run }) => {
      const one = await run(...QUICK, '--json', '--against', 'fixed-50,fixed-60,fixed-70', '--seed', '9');
      const again = await run(...QUICK, '--json', '--against', 'fixed-50,fixed-60,fixed-70', '--seed', '9');
      expect(again.stdout).toBe(one.stdout);
      const { policies, workload } = documentSchema.parse(JSON.parse(one.stdout));
      expect(policies.map(({ name, own }) => [name, own])).toEqual([
        ['fixed-50', false],
        ['fixed-60', false],
        ['fixed-70', false],
      ]);
      expect(workload).toMatchObject({ name: 'fan-out', jobs: 502 });
      const alone = await run(...QUICK, '--json', '--against', 'fixed-60', '--seed', '9');
      expect(documentSchema.parse(JSON.parse(alone.stdout)).policies).toEqual([policies[1]]);
    }));

  it('simulates the policies of configurations over a history, on the jobs that both serve', () =>
    inFolder(async ({ folder, run, configure }) => {
      await configure('runtide.yaml', { 'pools.linux.idle': { slots: 2, time: '5m' } });
      await configure('lean.yaml', { 'pools.linux.idle': { slots: 0, time: '30s' } });
      await writeFile(join(folder, 'jobs.csv'), HISTORY);
      const { code, stdout, stderr } = await run(
        '--json',
        '--history=jobs.csv',
        '--policy=lean=lean.yaml',
        '--against=fixed-1',
      );
      expect(stderr).toBe('left out: 1 of jobs tagged gpu, which a policy of yours has no pool for\n');
      expect(code).toBe(0);
      const { workload, policies } = documentSchema.parse(JSON.parse(stdout));
      expect(workload).toMatchObject({ name: 'jobs.csv', jobs: 3 });
      expect(policies.map(({ name, own }) => [name, own])).toEqual([
        ['yours', true],
        ['lean', true],
        ['fixed-1', false],
      ]);
      const [yours, lean] = policies;
      expect(yours?.cost).toBeGreaterThan(Number(lean?.cost));
    }));

  it('writes a report that stands for itself', () =>
    inFolder(async ({ folder, run }) => {
      const { code, stderr } = await run(...QUICK, '--against', 'fixed-50', '--html', 'report.html');
      expect({ code, stderr }).toEqual({ code: 0, stderr: 'the report is in report.html\n' });
      const report = await readFile(join(folder, 'report.html'), 'utf8');
      expect(report).toContain('fixed-50');
      expect(report).not.toMatch(/<script|https?:/);
    }));

  it.each([
    [['--against', 'nobody'], 'There is no "nobody"'],
    [['--workload', 'bot-wav'], 'There is no "bot-wav", did you mean bot-wave?'],
    [['--start-delay', '44'], 'It must be fast (25 seconds), standard (45) or slow (90).'],
    [['--seed', 'x'], 'It must be a whole number from 0 to 4294967295.'],
    [['--policy', 'x.yaml'], 'It must be a name and a file'],
  ])('refuses %s in one line', async (args, why) => {
    const { code, stdout, stderr } = await runtide(['simulate', ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(why);
    expect(stderr.trimEnd().split('\n')).toHaveLength(2);
  });

  it.each([
    [['-c', 'none.yaml'], 2, 'none.yaml'],
    [['--against', 'none'], 1, 'simulating policies: there are none'],
    [[...QUICK, '--against', 'fixed-1', '--html', 'no/such/report.html'], 1, 'name another file with --html'],
  ])('says why it cannot with %s', (args, status, why) =>
    inFolder(async ({ run }) => {
      const { code, stdout, stderr } = await run(...args);
      expect({ code, stdout }).toEqual({ code: status, stdout: '' });
      expect(stderr).toContain(why);
    }),
  );
});
