import * as sdk from '@aws-sdk/client-auto-scaling';
import { expect, it } from 'vitest';
import { refusalOf, startAwsDouble } from '../../../../test/support/aws-double.ts';
import { createGroup, GROUP } from '../../../../test/support/aws-group.ts';

const AutoScalingGroupName = GROUP;

it('scaling policies are there to be found', async () => {
  await using double = await startAwsDouble();
  const { autoScaling } = double;
  await createGroup(double);
  const { PolicyARN, Alarms } = await autoScaling.send(
    new sdk.PutScalingPolicyCommand({
      AutoScalingGroupName,
      PolicyName: 'cpu',
      PolicyType: 'TargetTrackingScaling',
      TargetTrackingConfiguration: {
        PredefinedMetricSpecification: { PredefinedMetricType: 'ASGAverageCPUUtilization' },
        TargetValue: 50,
        DisableScaleIn: true,
      },
    }),
  );
  expect(PolicyARN).toMatch(/^arn:aws:autoscaling:eu-central-1:123456789012:scalingPolicy:/);
  expect(Alarms).toEqual([]);
  await autoScaling.send(
    new sdk.PutScalingPolicyCommand({
      AutoScalingGroupName,
      PolicyName: 'more',
      AdjustmentType: 'ChangeInCapacity',
      ScalingAdjustment: 1,
      Cooldown: 60,
    }),
  );
  const { ScalingPolicies } = await autoScaling.send(
    new sdk.DescribePoliciesCommand({ AutoScalingGroupName }),
  );
  expect(ScalingPolicies).toMatchObject([
    { PolicyName: 'cpu', PolicyARN, PolicyType: 'TargetTrackingScaling', Enabled: true },
    { PolicyName: 'more', PolicyType: 'SimpleScaling', Enabled: true },
  ]);
  const { ScalingPolicies: named } = await autoScaling.send(
    new sdk.DescribePoliciesCommand({ AutoScalingGroupName, PolicyNames: ['more'] }),
  );
  expect(named).toHaveLength(1);
  const strange = new sdk.PutScalingPolicyCommand({
    AutoScalingGroupName,
    PolicyName: 'x',
    PolicyType: 'Whim',
  });
  expect((await refusalOf(autoScaling.send(strange))).name).toBe('ValidationError');
});
