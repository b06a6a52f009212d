import { describe, expect, it } from 'vitest';
import { isComplete } from '../../src/adapters/memory/gitlab/job.ts';
import { PassCount } from '../../src/sandbox/pass-count.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { summarize } from '../../src/sandbox/summary.ts';
import { pipelines } from '../../src/sandbox/workload.ts';
import { eventually } from '../support/eventually.ts';
import { ownChildren } from '../support/processes.ts';
import { leftOf, openSandbox } from '../support/watched-sandbox.ts';

const JOBS = 16;

/** Runs the bundled workload until its jobs are done and the fleet is back at zero. */
async function runToZero(sandbox: Sandbox) {
  let events = 0;
  sandbox.gitlab.onJobEvent(() => {
    events += 1;
  });
  const passes = new PassCount(sandbox.statusUrl);
  for (const pipeline of pipelines(JOBS)) sandbox.gitlab.createPipeline(sandbox.project, pipeline);
  const isQuiet = (): boolean =>
    sandbox.gitlab.jobsOfProject(sandbox.project).every(isComplete) &&
    sandbox.running() === 0 &&
    sandbox.managers() === 0;
  await eventually('the jobs are done and the fleet is at zero', isQuiet, 120_000);
  await sandbox.double.deliveries.settled();
  await passes.look();
  return { summary: summarize(sandbox, passes.total), events };
}

describe(`a run of ${JOBS} jobs`, () => {
  it('goes from zero to zero, over a wire that is as GitLab and AWS document it', async () => {
    let folder = '';
    {
      await using sandbox = await openSandbox();
      folder = sandbox.folder;
      const { summary, events } = await runToZero(sandbox);
      expect(summary.jobs).toEqual({ submitted: JOBS, succeeded: JOBS, failed: 0 });
      expect(summary.instances.running).toBe(0);
      expect(summary.instances.launched).toBeGreaterThanOrEqual(2);
      expect(summary.wait.p50).toBeGreaterThan(0);
      expect(summary.wait.p95).toBeGreaterThanOrEqual(summary.wait.p50);
      expect(summary.webhooks).toEqual({ delivered: events, rejected: 0 });
      expect(summary.passes).toBeGreaterThan(0);
      expect(sandbox.double.deliveries.counts().dropped).toBe(0);
      const { totals } = await sandbox.status();
      expect(totals).toMatchObject({
        launched: summary.instances.launched,
        drained: summary.instances.launched,
        webhooks: { accepted: expect.any(Number) },
      });
      expect((await sandbox.log()).filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
      expect(await sandbox.daemon.stop()).toBe(true);
    }
    expect(leftOf(folder)).toEqual([]);
    expect(ownChildren()).toEqual([]);
  });
});
