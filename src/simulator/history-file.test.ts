import { describe, expect, it } from 'vitest';
import { instant } from '../engine/time.ts';
import { generateWorkload } from './generator.ts';
import { type History, HistoryError, readHistory } from './history-file.ts';
import { unhinderedJobs } from './unhindered.ts';
import type { Workload } from './workload.ts';

const HEADER =
  'pipeline_id,project,name,stage,tag_list,status,created_at,started_at,finished_at,duration,queued_duration';

const csv = (...lines: readonly string[]) => readHistory('jobs.csv', [HEADER, ...lines, ''].join('\n'));
const json = (...jobs: readonly object[]) =>
  readHistory('jobs.jsonl', jobs.map((job) => `${JSON.stringify(job)}\n`).join(''));

/** A job of GitLab's API that was queued at `queued`, seconds after nine, and picked up two seconds later. */
const job = (id: number, stage: string, queued: number, duration: number, more: object = {}) => ({
  id,
  name: `job-${id}`,
  stage,
  status: 'success',
  tag_list: ['linux'],
  created_at: '2026-01-12T08:59:59.000Z',
  started_at: new Date(Date.UTC(2026, 0, 12, 9, 0, queued + 2)).toISOString(),
  finished_at: new Date(Date.UTC(2026, 0, 12, 9, 0, queued + 2 + duration)).toISOString(),
  duration,
  queued_duration: 2,
  pipeline: { id: 7, project_id: 3 },
  ...more,
});

const only = ({ workload }: History) => {
  const [pipeline, ...others] = workload.pipelines;
  if (pipeline === undefined || others.length > 0) throw new Error('there is not one pipeline');
  return pipeline;
};

function mistakesOf(read: () => History): readonly string[] {
  try {
    read();
  } catch (error) {
    if (error instanceof HistoryError) return error.message.split('\n').map((line) => line.trim());
    throw error;
  }
  throw new Error('nothing was wrong');
}

describe('a history in comma-separated values', () => {
  it('becomes pipelines in the order in which they came, from the first job that was queued', () => {
    const { workload, jobs, projects, leftOut } = csv(
      '2,acme/api,unit,test,,success,,2026-01-12T09:10:00Z,,30,0',
      '1,acme/web,build,build,"linux, arm",success,,2026-01-12T09:00:05.500Z,,60.25,5.5',
      '1,acme/web,unit,test,linux,failed,,2026-01-12 10:01:07+01:00,2026-01-12 09:01:37 UTC,,1',
    );
    expect(workload).toEqual({
      name: 'jobs.csv',
      start: instant(Date.UTC(2026, 0, 12, 9)),
      length: 11 * 60_000,
      pipelines: [
        {
          at: 0,
          project: 'acme/web',
          stages: ['build', 'test'],
          jobs: [
            { name: 'build', stage: 'build', tags: ['linux', 'arm'], duration: 60_250 },
            { name: 'unit', stage: 'test', tags: ['linux'], duration: 30_000, fails: true },
          ],
        },
        {
          at: 600_000,
          project: 'acme/api',
          stages: ['test'],
          jobs: [{ name: 'unit', stage: 'test', tags: [], duration: 30_000 }],
        },
      ],
    });
    expect({ jobs, projects, leftOut }).toEqual({ jobs: 3, projects: 2, leftOut: [] });
  });

  it('may have quotes, line breaks in them, CRLF, a byte order mark, empty lines and columns of its own', () => {
    const text =
      '\u{FEFF}Pipeline_ID,"name",runner_id,Started_At,duration\r\n' +
      '1,"unit ""fast"", all\r\nof it",9,2026-01-12T09:00:00Z,10\r\n\r\n' +
      '1,lint,9,2026-01-12T09:00:00Z,1e1';
    expect(only(readHistory('jobs.csv', text))).toEqual({
      at: 0,
      project: 'project',
      stages: ['test'],
      jobs: [
        { name: 'unit "fast", all\r\nof it', stage: 'test', tags: [], duration: 10_000 },
        { name: 'lint', stage: 'test', tags: [], duration: 10_000 },
      ],
    });
  });

  it('names line and column of what cannot be understood, and all of it at once', () => {
    expect(
      mistakesOf(() =>
        csv(
          '1,web,unit,test,,success,,yesterday,,10,',
          '1,web,"two\nlines",test,,success,,2026-01-12T09:00:00Z,,long,',
          ',web,unit,test,,success,,2026-01-12T09:00:00Z,,10,',
          '1,web,unit,test,,fine,,2026-01-12T09:00:00Z,,10,',
          '1,web,unit,test,,success,,2026-01-12T09:00:00Z,2026-01-12T08:00:00Z,,',
          '1,web,unit,test,,success,,2026-01-12T09:00:00Z,,,',
          '1,web,unit,test,,success,,,,10,',
          '1,web,un"it,test,,success,,2026-01-12T09:00:00Z,,10,',
          '1,web',
          '1,web,unit,test,,success,,2026-13-12T09:00:00Z,,-5,',
        ),
      ),
    ).toEqual([
      'reading the history in jobs.csv: 11 mistakes; mend them, or take the rows out',
      'line 2, column started_at: “yesterday” is no date and time, such as 2026-01-12T15:27:31Z',
      'line 3, column duration: “long” is no number of seconds',
      'line 5, column pipeline_id: it is missing',
      "line 6, column status: “fine” is no status of GitLab's",
      'line 7, column finished_at: it is before started_at',
      'line 8, column duration: it is missing, and so is started_at or finished_at',
      'line 9, column queued_at: it is missing, and so are started_at, finished_at and created_at',
      'line 10: a double quote stands where none may, or is never closed',
      'line 11: it has 2 fields, and the first line names 11',
      'line 12, column started_at: “2026-13-12T09:00:00Z” is no date and time, such as 2026-01-12T15:27:31Z',
      'line 12, column duration: “-5” is no number of seconds',
    ]);
  });

  it('tells the first twenty mistakes, and how many more there are', () => {
    const told = mistakesOf(() => csv(...Array.from({ length: 30 }, () => '1,web,unit,test,,fine,,,,10,')));
    expect(told).toHaveLength(22);
    expect(told.at(-1)).toBe('and 10 more');
  });

  it('says once that a column is missing which every row must have', () => {
    expect(mistakesOf(() => readHistory('jobs.csv', 'name,duration\nunit,3\nlint,4\n'))).toEqual([
      'reading the history in jobs.csv: 1 mistake; mend them, or take the rows out',
      'line 1, column pipeline_id: no row has it',
    ]);
  });

  it.each([
    { text: '', why: 'it has no jobs' },
    { text: `${HEADER}\n`, why: 'it has no jobs' },
    { text: `${HEADER}\n1,web,unit,test,,skipped,,,,,\n`, why: 'none of its jobs has run: 1 skipped' },
  ])('is none where nothing ran: $why', ({ text, why }) => {
    expect(mistakesOf(() => readHistory('jobs.csv', text)).at(-1)).toBe(`line 1: ${why}`);
  });
});

describe('a history in JSON', () => {
  it.each([
    { form: 'an array', write: (jobs: readonly object[]) => JSON.stringify(jobs, undefined, 2) },
    {
      form: 'lines',
      write: (jobs: readonly object[]) => jobs.map((one) => JSON.stringify(one)).join('\r\n'),
    },
  ])('may be $form, as GitLab answers', ({ write }) => {
    const jobs = [
      job(3, 'deploy', 53, 5, { id: undefined, name: 'a "quoted", [odd] {name}\\' }),
      job(2, 'test', 30, 20, { id: undefined }),
      job(1, 'build', 0, 28),
    ];
    const { workload } = readHistory('jobs.json', write(jobs));
    expect(workload.pipelines).toEqual([
      {
        at: 0,
        project: '3',
        stages: ['build', 'test', 'deploy'],
        jobs: [
          { name: 'job-1', stage: 'build', tags: ['linux'], duration: 28_000 },
          { name: 'job-2', stage: 'test', tags: ['linux'], duration: 20_000 },
          { name: 'a "quoted", [odd] {name}\\', stage: 'deploy', tags: ['linux'], duration: 5000 },
        ],
      },
    ]);
  });

  it('names the lines of what is wrong in an array', () => {
    const text = `[\n  ${JSON.stringify(job(1, 'build', 0, 5))},\n  {"pipeline_id": 1,\n   "name": 5e},\n\n  7,\n  ${JSON.stringify(job(2, 'build', 0, 5, { tag_list: [1] }))}`;
    expect(mistakesOf(() => readHistory('jobs.json', text)).slice(1)).toEqual([
      'line 3: it is no JSON object',
      'line 6: it is no JSON object',
      'line 7: the array has no end: the file is not whole',
      'line 7, column tag_list: it is no list of texts',
    ]);
  });

  it('names the lines of what is wrong in lines', () => {
    const text = `${JSON.stringify(job(1, 'build', 0, 5))}\n\n{"id":\n`;
    expect(mistakesOf(() => readHistory('jobs.jsonl', text)).slice(1)).toEqual([
      'line 3: it is no JSON object',
    ]);
  });
});

describe('what a history is made of', () => {
  it('counts what is left out, by why', () => {
    const unended = ['skipped', 'manual', 'created', 'skipped', 'running'];
    const { jobs, leftOut } = json(
      job(1, 'build', 0, 5),
      ...unended.map((status, index) => ({ ...job(10 + index, 'test', 0, 5), status })),
      { ...job(20, 'test', 0, 0), status: 'canceled', started_at: null, duration: null, finished_at: null },
      { ...job(21, 'test', 0, 0), status: 'failed', started_at: null, duration: null },
      job(1, 'build', 0, 5),
      job(2, 'build', 0, 5, { needs: ['gone'] }),
    );
    expect(jobs).toBe(2);
    expect(leftOut).toEqual([
      { why: 'skipped', count: 2 },
      { why: 'manual', count: 1 },
      { why: 'created', count: 1 },
      { why: 'running', count: 1 },
      { why: 'canceled before it ran', count: 1 },
      { why: 'failed before it ran', count: 1 },
      { why: 'told twice', count: 1 },
      { why: 'needs of jobs that are not there', count: 1 },
    ]);
  });

  it('keeps the stages in the order in which they began, whatever the order of the rows', () => {
    expect(
      only(
        json(job(5, 'deploy', 90, 1), job(4, 'scan', 40, 40), job(3, 'build', 0, 30), job(2, 'lint', 0, 30)),
      ).stages,
    ).toEqual(['lint', 'build', 'scan', 'deploy']);
  });

  it('counts retried jobs, and lets a failure end only the pipeline that it ended', () => {
    const retried = only(
      json(
        job(1, 'build', 0, 10, { status: 'failed', name: 'build' }),
        job(2, 'build', 20, 10, { name: 'build' }),
        job(3, 'test', 33, 5, { status: 'failed' }),
      ),
    );
    expect(retried.jobs.map(({ name, fails = false }) => ({ name, fails }))).toEqual([
      { name: 'build', fails: false },
      { name: 'build', fails: false },
      { name: 'job-3', fails: true },
    ]);
    const needed = only(
      json(job(1, 'test', 0, 10, { status: 'failed' }), job(2, 'test', 13, 10, { needs: ['job-1'] })),
    );
    expect(needed.jobs.some(({ fails }) => fails)).toBe(false);
  });

  it('runs every job that ran, when nobody waits for a machine, about when it was queued', () => {
    const history = json(
      job(1, 'build', 0, 30),
      job(2, 'build', 0, 90),
      job(3, 'test', 32, 10),
      job(4, 'test', 0, 5),
      job(5, 'deploy', 93, 5),
    );
    // The third began before the second had ended, and after the first; the fourth at once.
    expect(only(history).jobs.map(({ name, needs }) => [name, needs])).toEqual([
      ['job-1', undefined],
      ['job-2', undefined],
      ['job-4', []],
      ['job-3', ['job-1']],
      ['job-5', undefined],
    ]);
    expect(unhinderedJobs(history.workload).map(({ from }) => from / 1000)).toEqual([0, 0, 0, 30, 90]);
  });
});

/** The jobs of a workload without needs, as GitLab would tell them had each got a machine at once. */
function toldBy({ start, pipelines }: Workload): string {
  const rows = pipelines.flatMap(({ at, project, stages, jobs }, pipeline) => {
    let from = start + at;
    let failed = false;
    return stages.flatMap((stage) => {
      if (failed) return [];
      const ofStage = jobs.filter((one) => one.stage === stage);
      const told = ofStage.map(({ name, tags, duration, fails = false }) => ({
        pipeline_id: pipeline,
        project,
        name,
        stage,
        tag_list: tags,
        status: fails ? 'failed' : 'success',
        started_at: new Date(from).toISOString(),
        duration: duration / 1000,
      }));
      failed = ofStage.some(({ fails }) => fails === true);
      from += Math.max(...ofStage.map(({ duration }) => duration));
      return told;
    });
  });
  return rows.map((row) => JSON.stringify(row)).join('\n');
}

describe('a workload that is told as a history', () => {
  it('comes back: the same jobs at the same times', () => {
    const workload = generateWorkload({ jobsPerWeek: 2000, weeks: 1, seed: 5 });
    const { workload: again, leftOut } = readHistory('jobs.jsonl', toldBy(workload));
    const first = workload.pipelines[0]?.at ?? 0;
    const expected = unhinderedJobs(workload).map(({ from, to }) => ({ from: from - first, to: to - first }));
    expect(unhinderedJobs(again)).toEqual(expected);
    expect(again.pipelines.map(({ project }) => project)).toEqual(
      workload.pipelines.map(({ project }) => project),
    );
    expect(leftOut).toEqual([]);
  });
});
