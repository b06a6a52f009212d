import { describe, expect, it } from 'vitest';
import type { VirtualClock } from '../../src/adapters/memory/clock.ts';
import type { GitLab } from '../../src/adapters/memory/gitlab/gitlab.ts';
import type { Job } from '../../src/adapters/memory/gitlab/job.ts';
import { isPortError } from '../../src/controller/errors.ts';
import type { JobRetrier, LostWork } from '../../src/controller/ports.ts';
import { systemIdOf } from '../../src/controller/system-id.ts';
import { minutes } from '../../src/engine/time.ts';

/** A GitLab with two projects, of which one wants lost jobs retried. */
export interface JobRetrierWorld extends AsyncDisposable {
  readonly retrier: JobRetrier;
  readonly gitlab: GitLab;
  readonly clock: VirtualClock;
  readonly willing: number;
  readonly other: number;
  /** Of a runner that takes every job. */
  readonly runnerToken: string;
  /** Makes GitLab's API fail, or work again. */
  outage(on: boolean): void;
}

const signal = new AbortController().signal;

/** A job that a manager runs, and which has just been found in danger. */
function lose(
  { gitlab, clock, willing, runnerToken }: JobRetrierWorld,
  { project = willing, cancelsGracefully = false } = {},
): { readonly job: Job; readonly work: LostWork } {
  gitlab.createPipeline(project, { stages: ['test'], jobs: [{ name: 'build', stage: 'test' }] });
  const systemId = systemIdOf('i-0a1b2c3d4e5f60718');
  const job = gitlab.requestJob({ token: runnerToken, systemId, cancelsGracefully });
  if (job === undefined) throw new Error('losing a job: none waits');
  return { job, work: { project, job: job.id, since: clock.now(), begun: false } };
}

/** The jobs of a project, oldest first, as `status` or `status: why`. */
function statuses({ gitlab, willing }: JobRetrierWorld, project = willing): readonly string[] {
  return gitlab
    .jobsOfProject(project)
    .toReversed()
    .map(({ status, failureReason }) =>
      failureReason === undefined ? status : `${status}: ${failureReason}`,
    );
}

/** What every adapter of the port `JobRetrier` must do. */
export function jobRetrierContract(name: string, make: () => Promise<JobRetrierWorld>): void {
  describe(`job retrier: ${name}`, () => {
    it('knows which projects have opted in', async () => {
      await using world = await make();
      expect(await world.retrier.projects(signal)).toEqual(new Set([world.willing]));
    });

    it.each([false, true])(
      'ends and retries a job that GitLab believes to run (graceful: %s)',
      async (graceful) => {
        await using world = await make();
        await world.retrier.projects(signal);
        const { job, work } = lose(world, { cancelsGracefully: graceful });
        expect(await world.retrier.retry(work, signal)).toEqual({ retried: job.id + 1 });
        expect(statuses(world)).toEqual(['canceled', 'pending']);
      },
    );

    it('retries a job that its runner gave up because the instance was taken', async () => {
      await using world = await make();
      await world.retrier.projects(signal);
      const { job, work } = lose(world);
      world.gitlab.updateJob(job.token, { state: 'failed', failureReason: 'runner_system_failure' });
      expect(await world.retrier.retry(work, signal)).toEqual({ retried: job.id + 1 });
    });

    it('retries a job once: what was retried by anybody is left', async () => {
      await using world = await make();
      await world.retrier.projects(signal);
      const { job, work } = lose(world);
      world.gitlab.updateJob(job.token, { state: 'failed', failureReason: 'runner_system_failure' });
      world.gitlab.retryJob(job.id);
      expect(await world.retrier.retry(work, signal)).toEqual({ left: 'it was retried already' });
      expect(statuses(world)).toEqual(['failed: runner_system_failure', 'pending']);
    });

    it('leaves a job that failed by itself', async () => {
      await using world = await make();
      await world.retrier.projects(signal);
      const { job, work } = lose(world);
      world.gitlab.updateJob(job.token, { state: 'failed', failureReason: 'script_failure', exitCode: 1 });
      expect(await world.retrier.retry(work, signal)).toEqual({
        left: 'it failed by itself (script_failure)',
      });
      expect(statuses(world)).toEqual(['failed: script_failure']);
    });

    it('leaves a job that failed long before its instance was lost', async () => {
      await using world = await make();
      await world.retrier.projects(signal);
      const { job, work } = lose(world);
      world.gitlab.updateJob(job.token, { state: 'failed', failureReason: 'runner_system_failure' });
      await world.clock.advance(minutes(2));
      const later = { ...work, since: world.clock.now() };
      expect(await world.retrier.retry(later, signal)).toEqual({
        left: 'it failed before its instance was lost',
      });
    });

    it('leaves what somebody canceled, and retries what a retry that was cut off has canceled', async () => {
      await using world = await make();
      await world.retrier.projects(signal);
      const { job, work } = lose(world);
      world.gitlab.cancelJob(job.id);
      expect(await world.retrier.retry(work, signal)).toEqual({ left: 'it was canceled' });
      expect(await world.retrier.retry({ ...work, begun: true }, signal)).toEqual({ retried: job.id + 1 });
    });

    it('leaves jobs of projects that have not opted in', async () => {
      await using world = await make();
      await world.retrier.projects(signal);
      const { work } = lose(world, { project: world.other });
      expect(await world.retrier.retry(work, signal)).toEqual({ left: 'its project asks for no retries' });
      expect(statuses(world, world.other)).toEqual(['running']);
    });

    it('fails while GitLab fails, and changes nothing', async () => {
      await using world = await make();
      await world.retrier.projects(signal);
      const { work } = lose(world);
      world.outage(true);
      await expect(world.retrier.retry(work, signal)).rejects.toSatisfy((error: unknown) =>
        isPortError(error, 'unavailable'),
      );
      world.outage(false);
      expect(statuses(world)).toEqual(['running']);
    });
  });
}
