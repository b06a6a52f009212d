import * as sdk from '@aws-sdk/client-auto-scaling';
import { expect, it } from 'vitest';
import { refusalOf, startAwsDouble } from '../../../../test/support/aws-double.ts';
import { createGroup, describeGroup, GROUP } from '../../../../test/support/aws-group.ts';
import { PROCESSES } from '../../../adapters/memory/auto-scaling/group-requests.ts';

it('processes are suspended and resumed, some or all', async () => {
  await using double = await startAwsDouble();
  const { autoScaling } = double;
  await createGroup(double);
  const suspend = (ScalingProcesses?: string[], AutoScalingGroupName = GROUP) =>
    autoScaling.send(new sdk.SuspendProcessesCommand({ AutoScalingGroupName, ScalingProcesses }));
  const resume = (ScalingProcesses?: string[]) =>
    autoScaling.send(new sdk.ResumeProcessesCommand({ AutoScalingGroupName: GROUP, ScalingProcesses }));
  const suspended = async () =>
    (await describeGroup(double)).SuspendedProcesses?.map(({ ProcessName }) => ProcessName).toSorted();
  await suspend(['AZRebalance', 'Launch']);
  expect(await suspended()).toEqual(['AZRebalance', 'Launch']);
  expect((await describeGroup(double)).SuspendedProcesses?.[0]?.SuspensionReason).toMatch(/suspended/);
  await resume(['Launch']);
  expect(await suspended()).toEqual(['AZRebalance']);
  await suspend();
  expect(await suspended()).toEqual(PROCESSES.toSorted());
  await resume();
  expect(await suspended()).toEqual([]);
  expect((await refusalOf(suspend(['Sleep']))).name).toBe('ValidationError');
  expect((await refusalOf(suspend([], 'nobody'))).name).toBe('ValidationError');
});
