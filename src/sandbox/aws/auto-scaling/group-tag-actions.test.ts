import * as sdk from '@aws-sdk/client-auto-scaling';
import { expect, it } from 'vitest';
import { refusalOf, startAwsDouble } from '../../../../test/support/aws-double.ts';
import { createGroup, describeGroup, GROUP } from '../../../../test/support/aws-group.ts';

const resource = { ResourceId: GROUP, ResourceType: 'auto-scaling-group' };

it('tags of groups are added, changed and removed', async () => {
  await using double = await startAwsDouble();
  const { autoScaling } = double;
  await createGroup(double, { Tags: [{ Key: 'a', Value: '1', PropagateAtLaunch: true }] });
  const change = (...Tags: sdk.Tag[]) => autoScaling.send(new sdk.CreateOrUpdateTagsCommand({ Tags }));
  await change(
    { ...resource, Key: 'a', Value: '2', PropagateAtLaunch: true },
    { ...resource, Key: 'b', Value: '', PropagateAtLaunch: false },
  );
  expect((await describeGroup(double)).Tags).toEqual([
    { ...resource, Key: 'a', Value: '2', PropagateAtLaunch: true },
    { ...resource, Key: 'b', Value: '', PropagateAtLaunch: false },
  ]);
  await autoScaling.send(new sdk.DeleteTagsCommand({ Tags: [{ ...resource, Key: 'a' }] }));
  expect((await describeGroup(double)).Tags).toMatchObject([{ Key: 'b' }]);
  const refusals = [
    change({ ...resource, ResourceId: 'nobody', Key: 'a' }),
    change({ ...resource, ResourceType: 'instance', Key: 'a' }),
    change({ ResourceType: 'auto-scaling-group', Key: 'a' }),
    change({ ...resource, Key: undefined }),
  ];
  const names = (await Promise.all(refusals.map(refusalOf))).map(({ name }) => name);
  expect(names).toEqual(Array.from({ length: 4 }, () => 'ValidationError'));
});
