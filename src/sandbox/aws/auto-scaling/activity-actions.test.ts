import * as sdk from '@aws-sdk/client-auto-scaling';
import { expect, it } from 'vitest';
import { refusalOf, startAwsDouble } from '../../../../test/support/aws-double.ts';
import { GROUP, launchInGroup } from '../../../../test/support/aws-group.ts';
import { minutes } from '../../../engine/time.ts';

it('activities tell what a group has done, and why it could not', async () => {
  await using double = await startAwsDouble();
  const { autoScaling, clock, model } = double;
  await launchInGroup(double, 2);
  const list = async (input: sdk.DescribeScalingActivitiesCommandInput) =>
    (await autoScaling.send(new sdk.DescribeScalingActivitiesCommand(input))).Activities ?? [];
  const done = await list({ AutoScalingGroupName: GROUP });
  expect(done).toMatchObject(
    Array.from({ length: 2 }, () => ({
      AutoScalingGroupName: GROUP,
      StatusCode: 'Successful',
      Progress: 100,
      StartTime: expect.any(Date),
      EndTime: expect.any(Date),
      Cause: expect.stringMatching(/desired capacity|an instance was started/i),
      Description: expect.stringMatching(/^Launching a new EC2 instance: i-[0-9a-f]{17}/),
    })),
  );
  expect(JSON.parse(done[0]?.Details ?? '')).toMatchObject({ 'Availability Zone': expect.any(String) });
  const [named] = await list({ ActivityIds: [done[1]?.ActivityId ?? ''] });
  expect(named).toEqual(done[1]);

  model.faults.shortage({ code: 'InsufficientInstanceCapacity' });
  await autoScaling.send(
    new sdk.SetDesiredCapacityCommand({ AutoScalingGroupName: GROUP, DesiredCapacity: 3 }),
  );
  await clock.advance(minutes(1));
  const [failed] = await list({ AutoScalingGroupName: GROUP });
  expect(failed).toMatchObject({ StatusCode: 'Failed' });
  expect(failed?.StatusMessage).toMatch(/capacity/i);

  const pages: number[] = [];
  const all = sdk.paginateDescribeScalingActivities({ client: autoScaling, pageSize: 2 }, {});
  for await (const page of all) pages.push(page.Activities?.length ?? 0);
  expect(pages.slice(0, 1)).toEqual([2]);
  expect(pages.length).toBeGreaterThan(1);
  expect((await refusalOf(list({ AutoScalingGroupName: 'nobody' }))).name).toBe('ValidationError');
});
