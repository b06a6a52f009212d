import { describe, expect, it } from 'vitest';
import type { VirtualClock } from '../../src/adapters/memory/clock.ts';
import type { GitLab } from '../../src/adapters/memory/gitlab/gitlab.ts';
import type { Job, JobDefinition } from '../../src/adapters/memory/gitlab/job.ts';
import { isPortError } from '../../src/controller/errors.ts';
import type { JobSource, PipelineRef } from '../../src/controller/ports.ts';
import { systemIdOf } from '../../src/controller/system-id.ts';
import type { JobSnapshot } from '../../src/engine/job.ts';
import { after, seconds } from '../../src/engine/time.ts';

/** A GitLab with three projects, and a source that watches two of them. */
export interface JobSourceWorld extends AsyncDisposable {
  readonly jobs: JobSource;
  readonly gitlab: GitLab;
  readonly clock: VirtualClock;
  readonly project: number;
  readonly other: number;
  readonly unwatched: number;
  /** Of a runner that takes every job. */
  readonly runnerToken: string;
  /** Makes GitLab's API fail, or work again. */
  outage(on: boolean): void;
}

const signal = new AbortController().signal;
const INSTANCE = 'i-0a1b2c3d4e5f60718';
const NOTHING: JobSnapshot = { demand: [], held: [], later: 0 };

const job = (name: string, over: Partial<JobDefinition> = {}): JobDefinition => ({
  name,
  stage: 'test',
  tags: ['linux'],
  ...over,
});

const unavailable = (error: unknown): boolean => isPortError(error, 'unavailable');

/** A new pipeline of the jobs, as a webhook names it. */
function submit(world: JobSourceWorld, jobs: readonly JobDefinition[], project = world.project): PipelineRef {
  const { id } = world.gitlab.createPipeline(project, { stages: ['test', 'deploy'], jobs });
  return { project, pipeline: id };
}

/** Lets a manager take the oldest job; one that has not confirmed it holds it in handover. */
function take(world: JobSourceWorld, { systemId = systemIdOf(INSTANCE), confirmed = true } = {}): Job {
  const taken = world.gitlab.requestJob({
    token: world.runnerToken,
    systemId,
    twoPhase: !confirmed,
    cancelsGracefully: true,
  });
  if (taken === undefined) throw new Error('taking a job: none waits');
  return taken;
}

/** The jobs of a snapshot by name, sorted. */
function names({ gitlab }: JobSourceWorld, snapshot: JobSnapshot) {
  const named = (ids: readonly number[]) => ids.map((id) => gitlab.job(id)?.name ?? '?').toSorted();
  return {
    pending: named(snapshot.demand.flatMap(({ pending }) => pending.map(({ id }) => id))),
    held: named(snapshot.held.map(({ id }) => id)),
  };
}

/** What every adapter of the port `JobSource` must do. */
export function jobSourceContract(name: string, make: () => Promise<JobSourceWorld>): void {
  describe(`job source: ${name}, a sweep`, () => {
    it('finds nothing where there is nothing', async () => {
      await using world = await make();
      expect((await world.jobs.sweep(signal)).jobs).toEqual(NOTHING);
    });

    it('counts pending jobs by project and tags, which are sorted and named once', async () => {
      await using world = await make();
      submit(world, [
        job('a', { tags: ['linux', 'docker'] }),
        job('b', { tags: ['docker', 'linux', 'docker'] }),
        job('c'),
      ]);
      submit(world, [job('d')], world.other);
      const { demand, held } = (await world.jobs.sweep(signal)).jobs;
      const counted = demand.map(({ kind, pending }) => ({ ...kind, jobs: pending.length }));
      expect(counted).toHaveLength(3);
      expect(counted).toEqual(
        expect.arrayContaining([
          { project: world.project, tags: ['docker', 'linux'], jobs: 2 },
          { project: world.project, tags: ['linux'], jobs: 1 },
          { project: world.other, tags: ['linux'], jobs: 1 },
        ]),
      );
      expect(held).toEqual([]);
    });

    it('counts jobs without tags as a kind of its own', async () => {
      await using world = await make();
      submit(world, [job('tagged'), job('untagged', { tags: [] })]);
      const { demand } = (await world.jobs.sweep(signal)).jobs;
      const kinds = demand.map(({ kind }) => kind.tags.join(' ')).toSorted();
      expect(kinds).toEqual(['', 'linux']);
    });

    it('tells since when a job waits, however late it is read', async () => {
      await using world = await make();
      await world.clock.advance(seconds(100));
      const queuedAt = world.clock.now();
      submit(world, [job('waits')]);
      await world.clock.advance(seconds(90));
      const { demand } = (await world.jobs.sweep(signal)).jobs;
      expect(demand.flatMap(({ pending }) => pending.map((one) => one.queuedAt))).toEqual([queuedAt]);
      expect(after(queuedAt, seconds(90))).toBe(world.clock.now());
    });

    it('answers a job in handover as held, not as waiting', async () => {
      await using world = await make();
      submit(world, [job('in handover'), job('waits')]);
      const taken = take(world, { confirmed: false });
      const snapshot = (await world.jobs.sweep(signal)).jobs;
      expect(names(world, snapshot)).toEqual({ pending: ['waits'], held: ['in handover'] });
      expect(taken.status).toBe('pending');
      expect(snapshot.held[0]).toMatchObject({ id: taken.id, project: world.project });
    });

    it('answers a running job as held by the instance that its manager names', async () => {
      await using world = await make();
      submit(world, [job('runs')]);
      const { id } = take(world);
      const { held } = (await world.jobs.sweep(signal)).jobs;
      expect(held).toEqual([{ id, project: world.project, instance: INSTANCE }]);
    });

    it('answers a job on a foreign machine as held by nobody of ours', async () => {
      await using world = await make();
      submit(world, [job('runs elsewhere')]);
      take(world, { systemId: 's_c2d22f638c25' });
      const { held } = (await world.jobs.sweep(signal)).jobs;
      expect(held.map(({ instance }) => instance)).toEqual([undefined]);
    });

    it('leaves out jobs that have ended or whose turn has not come', async () => {
      await using world = await make();
      submit(world, [
        job('succeeds'),
        job('fails'),
        job('is canceled'),
        job('comes later', { stage: 'deploy' }),
      ]);
      submit(world, [job('is manual', { when: 'manual' })]);
      world.gitlab.updateJob(take(world).token, { state: 'success', exitCode: 0 });
      world.gitlab.updateJob(take(world).token, { state: 'failed', failureReason: 'script_failure' });
      world.gitlab.cancelJob(take(world).id, true);
      expect(names(world, (await world.jobs.sweep(signal)).jobs)).toEqual({ pending: [], held: [] });
    });

    it('counts a retried job once: the new one', async () => {
      await using world = await make();
      submit(world, [job('flaky')]);
      const first = take(world);
      world.gitlab.updateJob(first.token, { state: 'failed', failureReason: 'script_failure' });
      const again = world.gitlab.retryJob(first.id);
      const { demand } = (await world.jobs.sweep(signal)).jobs;
      expect(demand.flatMap(({ pending }) => pending.map(({ id }) => id))).toEqual([again?.id]);
    });

    it('counts every one of many jobs, once', async () => {
      await using world = await make();
      submit(
        world,
        Array.from({ length: 230 }, (_, index) => job(`job ${index}`)),
      );
      take(world);
      const { demand, held } = (await world.jobs.sweep(signal)).jobs;
      const ids = demand.flatMap(({ pending }) => pending.map(({ id }) => id));
      expect([ids.length, new Set(ids).size, held.length]).toEqual([229, 229, 1]);
    });

    it('forgets what the last one saw', async () => {
      await using world = await make();
      submit(world, [job('ends')]);
      await world.jobs.sweep(signal);
      world.gitlab.updateJob(take(world).token, { state: 'success', exitCode: 0 });
      expect((await world.jobs.sweep(signal)).jobs).toEqual(NOTHING);
    });

    it('ignores projects that are not watched', async () => {
      await using world = await make();
      submit(world, [job('foreign'), job('foreign and later', { stage: 'deploy' })], world.unwatched);
      expect((await world.jobs.sweep(signal)).jobs).toEqual(NOTHING);
    });
  });

  describe(`job source: ${name}, a refresh`, () => {
    it('sees what the last sweep could not', async () => {
      await using world = await make();
      submit(world, [job('swept')]);
      await world.jobs.sweep(signal);
      const fresh = submit(world, [job('fresh')], world.other);
      const snapshot = (await world.jobs.refresh([fresh], signal)).jobs;
      expect(names(world, snapshot)).toEqual({ pending: ['fresh', 'swept'], held: [] });
    });

    it('re-reads the named pipelines alone: the rest is as it was at the last sweep', async () => {
      await using world = await make();
      const named = submit(world, [job('named')]);
      submit(world, [job('not named')]);
      await world.jobs.sweep(signal);
      world.gitlab.updateJob(take(world).token, { state: 'success', exitCode: 0 });
      world.gitlab.updateJob(take(world).token, { state: 'success', exitCode: 0 });
      submit(world, [job('unheard of')]);
      const snapshot = (await world.jobs.refresh([named, named], signal)).jobs;
      expect(names(world, snapshot)).toEqual({ pending: ['not named'], held: [] });
      expect(names(world, (await world.jobs.sweep(signal)).jobs).pending).toEqual(['unheard of']);
    });

    it('follows a job from waiting over handover, running and canceling to its end', async () => {
      await using world = await make();
      const ref = submit(world, [job('lives')]);
      const seen = async () => names(world, (await world.jobs.refresh([ref], signal)).jobs);
      await world.jobs.sweep(signal);
      const { id, token } = take(world, { confirmed: false });
      expect(await seen()).toEqual({ pending: [], held: ['lives'] });
      world.gitlab.acceptJob(token);
      const { held } = (await world.jobs.refresh([ref], signal)).jobs;
      expect(held).toEqual([{ id, project: world.project, instance: INSTANCE }]);
      world.gitlab.cancelJob(id);
      expect(world.gitlab.job(id)?.status).toBe('canceling');
      expect(await seen()).toEqual({ pending: [], held: ['lives'] });
      world.gitlab.cancelJob(id, true);
      expect(await seen()).toEqual({ pending: [], held: [] });
    });

    it('counts jobs of later stages while the pipeline lives', async () => {
      await using world = await make();
      const ref = submit(world, [
        job('first'),
        job('later', { stage: 'deploy' }),
        job('later too', { stage: 'deploy' }),
      ]);
      await world.jobs.sweep(signal);
      const snapshot = (await world.jobs.refresh([ref], signal)).jobs;
      expect([snapshot.later, names(world, snapshot).pending]).toEqual([2, ['first']]);
      world.gitlab.updateJob(take(world).token, { state: 'success', exitCode: 0 });
      const next = (await world.jobs.refresh([ref], signal)).jobs;
      expect([next.later, names(world, next).pending]).toEqual([0, ['later', 'later too']]);
    });

    it('counts no later jobs of a pipeline that waits for a person', async () => {
      await using world = await make();
      await world.jobs.sweep(signal);
      const ref = submit(world, [
        job('asks', { when: 'manual', allowFailure: false }),
        job('later', { stage: 'deploy' }),
      ]);
      expect((await world.jobs.refresh([ref], signal)).jobs).toEqual(NOTHING);
    });

    it('before any sweep is one: what was never read is not empty', async () => {
      await using world = await make();
      submit(world, [job('unheard of')]);
      const ref = submit(world, [job('named')]);
      const snapshot = (await world.jobs.refresh([ref], signal)).jobs;
      expect(names(world, snapshot).pending).toEqual(['named', 'unheard of']);
    });

    it('ignores pipelines of projects that are not watched, and pipelines that are gone', async () => {
      await using world = await make();
      submit(world, [job('ours')]);
      await world.jobs.sweep(signal);
      const foreign = submit(world, [job('foreign')], world.unwatched);
      const gone = { project: world.project, pipeline: 4711 };
      const misnamed = { project: world.project, pipeline: foreign.pipeline };
      const snapshot = (await world.jobs.refresh([foreign, gone, misnamed], signal)).jobs;
      expect(names(world, snapshot)).toEqual({ pending: ['ours'], held: [] });
    });

    it('of nothing reads nothing', async () => {
      await using world = await make();
      await world.jobs.sweep(signal);
      submit(world, [job('unheard of')]);
      expect((await world.jobs.refresh([], signal)).jobs).toEqual(NOTHING);
    });
  });

  describe(`job source: ${name}, an outage`, () => {
    it('fails every reading, and is forgotten once it is over', async () => {
      await using world = await make();
      const ref = submit(world, [job('before')]);
      await world.jobs.sweep(signal);
      world.outage(true);
      await expect(world.jobs.sweep(signal)).rejects.toSatisfy(unavailable);
      await expect(world.jobs.refresh([ref], signal)).rejects.toSatisfy(unavailable);
      world.outage(false);
      take(world);
      submit(world, [job('during')]);
      const snapshot = (await world.jobs.sweep(signal)).jobs;
      expect(names(world, snapshot)).toEqual({ pending: ['during'], held: ['before'] });
    });
  });
}
