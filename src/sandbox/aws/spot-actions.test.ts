import * as sdk from '@aws-sdk/client-ec2';
import { expect, it } from 'vitest';
import { launch, refusalOf, startAwsDouble } from '../../../test/support/aws-double.ts';
import { seconds } from '../../engine/time.ts';

it('spot requests say whose instances are taken, as the SDK reads it', async () => {
  await using double = await startAwsDouble();
  const { clock, model, ec2 } = double;
  const [first = '', second = ''] = await launch(ec2);
  await clock.advance(seconds(60));
  model.interrupt(second);
  const noticedAt = new Date(clock.now());
  const ask = (input: sdk.DescribeSpotInstanceRequestsCommandInput) =>
    ec2.send(new sdk.DescribeSpotInstanceRequestsCommand(input));
  const { SpotInstanceRequests: all = [] } = await ask({});
  expect(all.map(({ InstanceId, State, Type }) => [InstanceId, State, Type])).toEqual([
    [first, 'active', 'one-time'],
    [second, 'closed', 'one-time'],
  ]);
  expect(all[1]?.Status).toMatchObject({ Code: 'instance-terminated-no-capacity', UpdateTime: noticedAt });
  const filtered = await ask({
    Filters: [
      { Name: 'spot-instance-request-id', Values: all.map((one) => one.SpotInstanceRequestId ?? '') },
      { Name: 'status-code', Values: ['marked-for-termination', 'instance-terminated-no-capacity'] },
    ],
  });
  expect(filtered.SpotInstanceRequests?.map(({ InstanceId }) => InstanceId)).toEqual([second]);
  const { Reservations = [] } = await ec2.send(new sdk.DescribeInstancesCommand({ InstanceIds: [second] }));
  expect(Reservations[0]?.Instances?.[0]?.SpotInstanceRequestId).toBe(all[1]?.SpotInstanceRequestId);
  expect(await refusalOf(ask({ SpotInstanceRequestIds: ['sir-none'] }))).toEqual({
    name: 'InvalidSpotInstanceRequestID.NotFound',
    status: 400,
    requestId: true,
  });
});
