import { expect, it } from 'vitest';
import { isComplete } from '../../src/adapters/memory/gitlab/job.ts';
import { eventually } from '../support/eventually.ts';
import { openSandbox } from '../support/watched-sandbox.ts';

it('serves a GitLab below a path, from the webhook to the unregistered manager', async () => {
  await using sandbox = await openSandbox({ gitlabRoot: '/git/lab' });
  expect(new URL(sandbox.gitlabUrl).pathname).toBe('/git/lab');
  const [job] = sandbox.submit({ name: 'below', tags: ['linux'] });
  await eventually(
    'the job is done and the fleet is at zero',
    () =>
      sandbox.gitlab.jobsOfProject(sandbox.project).every(isComplete) &&
      sandbox.running() === 0 &&
      sandbox.managers() === 0,
    120_000,
  );
  await sandbox.double.deliveries.settled();
  expect(sandbox.gitlab.jobsOfProject(sandbox.project).map(({ id, status }) => [id, status])).toEqual([
    [job?.id, 'success'],
  ]);
  const { totals } = await sandbox.status();
  expect(totals.webhooks['accepted']).toBeGreaterThan(0);
  expect((await sandbox.log()).filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
});
