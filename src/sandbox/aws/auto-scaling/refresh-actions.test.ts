import * as sdk from '@aws-sdk/client-auto-scaling';
import { expect, it } from 'vitest';
import { refusalOf, startAwsDouble } from '../../../../test/support/aws-double.ts';
import { GROUP, launchInGroup } from '../../../../test/support/aws-group.ts';
import { minutes } from '../../../engine/time.ts';

const AutoScalingGroupName = GROUP;

it('instance refreshes are started, described and cancelled', async () => {
  await using double = await startAwsDouble();
  const { autoScaling, clock } = double;
  await launchInGroup(double, 2);
  const Preferences: sdk.RefreshPreferences = {
    MinHealthyPercentage: 50,
    MaxHealthyPercentage: 100,
    InstanceWarmup: 0,
    SkipMatching: false,
    ScaleInProtectedInstances: 'Refresh',
  };
  const start = (more: Partial<sdk.StartInstanceRefreshCommandInput> = {}) =>
    autoScaling.send(
      new sdk.StartInstanceRefreshCommand({
        AutoScalingGroupName,
        Strategy: 'Rolling',
        Preferences,
        ...more,
      }),
    );
  const cancel = () => autoScaling.send(new sdk.CancelInstanceRefreshCommand({ AutoScalingGroupName }));
  const list = async () =>
    (await autoScaling.send(new sdk.DescribeInstanceRefreshesCommand({ AutoScalingGroupName })))
      .InstanceRefreshes;
  expect((await refusalOf(cancel())).name).toBe('ActiveInstanceRefreshNotFoundFault');
  const { InstanceRefreshId } = await start();
  expect((await refusalOf(start())).name).toBe('InstanceRefreshInProgressFault');
  expect(await list()).toMatchObject([
    { InstanceRefreshId, AutoScalingGroupName, Preferences, StartTime: expect.any(Date) },
  ]);
  expect(await cancel()).toMatchObject({ InstanceRefreshId });
  await clock.advance(minutes(30));
  const again = await start();
  await clock.advance(minutes(60));
  expect(await list()).toMatchObject([
    {
      InstanceRefreshId: again.InstanceRefreshId,
      Status: 'Successful',
      PercentageComplete: 100,
      EndTime: expect.any(Date),
    },
    { InstanceRefreshId, Status: 'Cancelled' },
  ]);
  expect((await refusalOf(start({ Strategy: 'ReplaceRootVolume' }))).name).toBe('ValidationError');
});
