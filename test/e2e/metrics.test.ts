import { expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { type Reply, type ScriptedAws, scriptedAws } from '../support/scripted-aws.ts';
import { openSandbox, succeeded, type WatchedSandbox } from '../support/watched-sandbox.ts';

const JOB = { name: 'short', tags: ['linux'], script: ['echo works'] };

function cloudWatch(reply: Reply): Promise<ScriptedAws> {
  return scriptedAws({ PutMetricData: () => reply });
}

/** Starts the daemon anew, with its metrics published there. */
function publishing(sandbox: WatchedSandbox, { access }: ScriptedAws): Promise<void> {
  return sandbox.restart(
    [['aws', 'endpoints', 'cloudwatch'], access.endpoints?.cloudwatch],
    [['aws', 'metrics'], { namespace: 'Sandbox' }],
  );
}

it('are published in CloudWatch, and passes go on where that is refused', async () => {
  await using sandbox = await openSandbox({ isolateJobs: false });
  await using taking = await cloudWatch({ status: 200, body: '{}' });
  await publishing(sandbox, taking);
  const call = await eventually('something is published', () => taking.calls[0]);
  const { pools } = await sandbox.status();
  expect(JSON.parse(call.body)).toMatchObject({
    Namespace: 'Sandbox',
    MetricData: expect.arrayContaining(
      pools.map(({ pool }) =>
        expect.objectContaining({
          MetricName: 'runtide_jobs_pending',
          Dimensions: [
            { Name: 'Installation', Value: 'sandbox' },
            { Name: 'Pool', Value: pool },
          ],
          Value: 0,
        }),
      ),
    ),
  });

  await using refusing = await cloudWatch({ status: 403, body: '{"__type":"AccessDenied"}' });
  await publishing(sandbox, refusing);
  await eventually('the refusal is told with its request', async () =>
    (await sandbox.log()).some(({ msg }) =>
      /^alarm: metrics in CloudWatch: .*AccessDenied.*request-1.*IAM policy/.test(msg),
    ),
  );
  await succeeded(sandbox.submit(JOB));
});
