import { describe, expect, it } from 'vitest';
import { systemIdOf } from '../../../controller/system-id.ts';
import type { JobSnapshot } from '../../../engine/job.ts';
import { instant } from '../../../engine/time.ts';
import { JobPicture } from './job-picture.ts';
import { addJob, emptyDraft, Kinds } from './job-reading.ts';
import { type GitLabJob, jobsPage } from '../client/schemas.ts';

const INSTANCE = 'i-0123456789abcdef0';
const OURS = { system_id: systemIdOf(INSTANCE) };
const CREATED = '2026-01-05T09:59:00.000+02:00';
const NOW = instant(Date.UTC(2026, 0, 5, 8));

/** A job as GitLab sends it; `undefined` leaves a field out. */
function sent(fields: object = {}): object {
  return {
    id: 1,
    status: 'pending',
    created_at: CREATED,
    queued_duration: null,
    tag_list: [],
    pipeline: { id: 100, project_id: 7 },
    runner: null,
    runner_manager: null,
    commit: { id: 'abc' },
    ...fields,
  };
}

/** What the jobs of one reading come to. */
function snapshotOf(jobs: readonly GitLabJob[]): JobSnapshot {
  const kinds = new Kinds();
  const draft = emptyDraft();
  for (const job of jobs) addJob(draft, job, kinds, NOW);
  const picture = new JobPicture();
  picture.sweep({ project: 7, began: picture.begin(), at: NOW, pipelines: new Map([[100, draft]]) });
  return picture.snapshot();
}

function waiting(tags: string[], queuedAt: number): JobSnapshot {
  return {
    demand: [{ kind: { project: 7, tags }, pending: [{ id: 1, queuedAt: instant(queuedAt) }] }],
    held: [],
    later: 0,
  };
}

function held(by: { readonly instance?: string }): JobSnapshot {
  return { demand: [], held: [{ id: 1, project: 7, ...by }], later: 0 };
}

describe('a job', () => {
  const nothing: JobSnapshot = { demand: [], held: [], later: 0 };
  const runner = { id: 3 };
  const stranger = { system_id: 's_0a1b2c3d4e5f' };

  it.each<[string, object, JobSnapshot]>([
    ['pending', { queued_duration: 90.5 }, waiting([], NOW - 90_500)],
    ['pending for an unknown time', {}, waiting([], Date.parse(CREATED))],
    ['pending, without the field', { queued_duration: undefined }, waiting([], Date.parse(CREATED))],
    ['pending for less than no time', { queued_duration: -3 }, waiting([], NOW)],
    ['pending with tags', { queued_duration: 0, tag_list: ['x', 'arm', 'x'] }, waiting(['arm', 'x'], NOW)],
    ['handed over', { runner, runner_manager: OURS }, held({ instance: INSTANCE })],
    ['handed over to a runner without manager', { runner }, held({})],
    ['running', { status: 'running', runner, runner_manager: OURS }, held({ instance: INSTANCE })],
    ['running elsewhere', { status: 'running', runner, runner_manager: stranger }, held({})],
    ['running on a deleted runner', { status: 'running' }, held({})],
    ['canceling', { status: 'canceling', runner, runner_manager: OURS }, held({ instance: INSTANCE })],
    ['created', { status: 'created' }, { ...nothing, later: 1 }],
    ['over', { status: 'success', runner, runner_manager: OURS }, nothing],
    ['manual', { status: 'manual' }, nothing],
    ['of a status to come', { status: 'hibernating' }, nothing],
  ])('that is %s', (_name, fields, snapshot) => {
    expect(snapshotOf(jobsPage.parse([sent(fields)]))).toEqual(snapshot);
  });

  it.each([
    { id: '1' },
    { tag_list: undefined },
    { pipeline: { id: 1 } },
    { created_at: 'x' },
    { status: 1 },
  ])('of another shape is refused: %j', (fields) => {
    expect(jobsPage.safeParse([sent(fields)]).success).toBe(false);
  });
});

describe('kinds', () => {
  it('are one for equal projects and tags, in any order', () => {
    const kinds = new Kinds();
    expect(kinds.of(7, ['x', 'y'])).toBe(kinds.of(7, ['y', 'x', 'y']));
  });

  it('are told apart by project and by tag', () => {
    const kinds = new Kinds();
    const names = [
      kinds.of(7, ['x', 'y']),
      kinds.of(8, ['x', 'y']),
      kinds.of(7, ['x,y']),
      kinds.of(7, ['x","y']),
    ];
    expect(new Set(names.map(({ name }) => name)).size).toBe(4);
  });

  it('count together across pipelines and readings', () => {
    const picture = new JobPicture();
    const pipelines = [1, 2].map((id) => {
      const draft = emptyDraft();
      const jobs = jobsPage.parse([sent({ id, tag_list: ['x'] })]);
      for (const job of jobs) addJob(draft, job, new Kinds(), NOW);
      return [id, draft] as const;
    });
    picture.sweep({ project: 7, began: picture.begin(), at: NOW, pipelines: new Map(pipelines) });
    const { demand } = picture.snapshot();
    expect(demand.map(({ pending }) => pending.map(({ id }) => id))).toEqual([[1, 2]]);
  });
});

describe('100,000 jobs', () => {
  it('are mapped in well under a second', () => {
    const jobs = jobsPage.parse(
      Array.from({ length: 100_000 }, (_, id) =>
        sent(
          id % 2 === 0
            ? { id, tag_list: ['linux', `t${id % 40}`], queued_duration: id }
            : { id, status: 'running', runner_manager: OURS },
        ),
      ),
    );
    const started = performance.now();
    const snapshot = snapshotOf(jobs);
    expect(performance.now() - started).toBeLessThan(1000);
    expect([snapshot.demand.length, snapshot.held.length]).toEqual([20, 50_000]);
  });
});
