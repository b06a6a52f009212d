import type { Activity } from '@aws-sdk/client-auto-scaling';
import { describe, expect, it } from 'vitest';
import type { Offering } from '../../../engine/pool.ts';
import { instant } from '../../../engine/time.ts';
import { failureOf, lastFailure } from './launch-failure.ts';

const SPOT: Offering = { instanceType: 'm7i.large', subnet: 'subnet-1', market: 'spot' };
const ON_DEMAND: Offering = { ...SPOT, market: 'on-demand' };
const OFFERINGS = [SPOT, ON_DEMAND];
const AT = instant(Date.UTC(2026, 0, 5, 8));
const SHORT =
  'Could not launch Spot Instances. UnfulfillableCapacity - Unable to fulfill capacity. Launching EC2 instance failed.';

describe('what a message of a failed launch means', () => {
  it.each([
    ['of one market', SHORT, 'UnfulfillableCapacity', [SPOT]],
    [
      'of the other market',
      'Could not launch On-Demand Instances. InsufficientInstanceCapacity - None left. Launching EC2 instance failed.',
      'InsufficientInstanceCapacity',
      [ON_DEMAND],
    ],
    [
      'in words, of a group without markets',
      'We currently do not have sufficient m7i.large capacity in the Availability Zone you requested (eu-central-1a). Launching EC2 instance failed.',
      'InsufficientInstanceCapacity',
      OFFERINGS,
    ],
    [
      'in words, of a quota',
      'You have requested more vCPU capacity than your current vCPU limit of 32 allows. Launching EC2 instance failed.',
      'VcpuLimitExceeded',
      OFFERINGS,
    ],
  ])('wants for capacity: %s', (_case, message, code, offerings) => {
    expect(failureOf(message, OFFERINGS)).toMatchObject({ code, offerings });
    expect(failureOf(message, OFFERINGS).message).not.toMatch(/Launching EC2 instance failed/);
  });

  it.each([
    [
      'Could not launch Spot Instances. InvalidLaunchTemplateId.NotFound - It does not exist. Launching EC2 instance failed.',
      { code: 'InvalidLaunchTemplateId.NotFound', message: 'It does not exist.' },
    ],
    ['The key pair is gone.', { code: 'LaunchFailed', message: 'The key pair is gone.' }],
    ['', { code: 'LaunchFailed', message: '' }],
  ])('blames no offering: %s', (message, failure) => {
    expect(failureOf(message, OFFERINGS)).toEqual(failure);
  });
});

describe('the last launch since an order', () => {
  const order = { at: AT, offerings: OFFERINGS };
  const activity = (second: number, over: Partial<Activity> = {}): Activity => ({
    ActivityId: `a-${second}`,
    AutoScalingGroupName: 'linux',
    Cause: '',
    Description: 'Launching a new EC2 instance.  Status Reason: none.',
    StartTime: new Date(AT + second * 1000),
    StatusCode: 'Failed',
    StatusMessage: SHORT,
    ...over,
  });

  it('is the latest one, in whatever order they come', () => {
    const won = activity(20, { StatusCode: 'Successful' });
    expect(lastFailure([activity(10), won], order)).toBeUndefined();
    expect(lastFailure([won, activity(30)], order)?.code).toBe('UnfulfillableCapacity');
  });

  it.each([
    ['it was before the order', activity(-1)],
    ['it may still succeed', activity(1, { StatusCode: 'InProgress' })],
    ['it ended an instance', activity(1, { Description: 'Terminating EC2 instance: i-1' })],
    ['nobody knows when it was', activity(1, { StartTime: undefined })],
  ])('is none where %s', (_why, one) => {
    expect(lastFailure([one], order)).toBeUndefined();
  });
});
