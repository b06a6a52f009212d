import { describe, expect, it } from 'vitest';
import { seconds } from '../../../engine/time.ts';
import {
  groupAnswer,
  groupFailure,
  type Reply,
  type Script,
  scriptedAws,
} from '../../../../test/support/scripted-aws.ts';
import { limitsOf } from '../aws-call.ts';
import { autoScalingClient } from '../clients.ts';
import { describeGroups } from './described-group.ts';
import { setDesired } from './desired-capacity.ts';
import { membershipsOf } from './memberships.ts';

const limits = () => limitsOf(new AbortController().signal, seconds(5));

async function scripted<T>(
  script: Script,
  body: (
    client: ReturnType<typeof autoScalingClient>,
    aws: Awaited<ReturnType<typeof scriptedAws>>,
  ) => Promise<T>,
): Promise<T> {
  await using aws = await scriptedAws(script);
  using stack = new DisposableStack();
  const client = stack.adopt(autoScalingClient(aws.access), (one) => one.destroy());
  return await body(client, aws);
}

function group(name: string, inner = '<DesiredCapacity>1</DesiredCapacity>'): string {
  return `<member><AutoScalingGroupName>${name}</AutoScalingGroupName><MinSize>0</MinSize><MaxSize>9</MaxSize>${inner}</member>`;
}

function page(members: string, next = ''): Reply {
  const token = next === '' ? '' : `<NextToken>${next}</NextToken>`;
  return groupAnswer(
    'DescribeAutoScalingGroups',
    `<AutoScalingGroups>${members}</AutoScalingGroups>${token}`,
  );
}

describe('describing groups', () => {
  it('reads every page', async () => {
    const script: Script = {
      DescribeAutoScalingGroups: (_call, nth) =>
        nth === 0 ? page(group('one'), 'more') : page(group('two')),
    };
    await scripted(script, async (client, aws) => {
      const found = await describeGroups(client, ['one', 'two'], limits);
      expect([...found.keys()]).toEqual(['one', 'two']);
      const forms = aws.of('DescribeAutoScalingGroups');
      expect(forms.map((form) => form.get('NextToken'))).toEqual([null, 'more']);
    });
  });

  it('asks for at most 50 names at once', async () => {
    await scripted({ DescribeAutoScalingGroups: () => page('') }, async (client, aws) => {
      const names = Array.from({ length: 51 }, (_, nth) => `group-${nth}`);
      expect(await describeGroups(client, names, limits)).toEqual(new Map());
      const forms = aws.of('DescribeAutoScalingGroups');
      expect(forms.map((form) => form.has('AutoScalingGroupNames.member.50'))).toEqual([true, false]);
    });
  });

  it.each([
    ['the list', groupAnswer('DescribeAutoScalingGroups', '')],
    ['limits', page(group('one', ''))],
  ])('takes an answer without %s for none', async (_what, reply) => {
    await scripted({ DescribeAutoScalingGroups: () => reply }, async (client) => {
      await expect(describeGroups(client, ['one'], limits)).rejects.toMatchObject({
        message: expect.stringMatching(/describing group one.*request-1/s),
      });
    });
  });
});

describe('refusals of Auto Scaling', () => {
  it.each([
    ['Throttling', 'throttled'],
    ['ScalingActivityInProgress', 'throttled'],
    ['ResourceContention', 'throttled'],
    ['AccessDenied', 'unauthorized'],
    ['ValidationError', 'refused'],
  ])('%s is %s, and names its request', async (code, kind) => {
    await scripted({ SetDesiredCapacity: () => groupFailure(code) }, async (client) => {
      await expect(setDesired(client, 'linux', 3, limits())).rejects.toMatchObject({
        kind,
        message: expect.stringMatching(/setting the desired capacity of group linux to 3.*request-1/s),
      });
    });
  });

  it('takes a validation error about what is not there for that', async () => {
    const reply = groupFailure('ValidationError', 'AutoScalingGroup name not found - null');
    await scripted({ SetDesiredCapacity: () => reply }, async (client) => {
      await expect(setDesired(client, 'linux', 3, limits())).rejects.toMatchObject({ kind: 'not-found' });
    });
  });
});

describe('asking where instances stand', () => {
  it('asks for at most 50 at once', async () => {
    const script: Script = {
      DescribeAutoScalingInstances: ({ form }) =>
        groupAnswer(
          'DescribeAutoScalingInstances',
          `<AutoScalingInstances><member><InstanceId>${form.get('InstanceIds.member.1')}</InstanceId><AutoScalingGroupName>linux</AutoScalingGroupName><LifecycleState>Terminating:Wait</LifecycleState></member></AutoScalingInstances>`,
        ),
    };
    await scripted(script, async (client, aws) => {
      const ids = Array.from({ length: 51 }, (_, nth) => `i-${nth}`);
      const found = await membershipsOf(client, ids, limits);
      const standing = { group: 'linux', hook: 'termination' };
      expect([...found]).toEqual([
        ['i-0', standing],
        ['i-50', standing],
      ]);
      expect(aws.of('DescribeAutoScalingInstances')).toHaveLength(2);
    });
  });

  it('takes an answer without the list for none', async () => {
    const reply = groupAnswer('DescribeAutoScalingInstances', '');
    await scripted({ DescribeAutoScalingInstances: () => reply }, async (client) => {
      await expect(membershipsOf(client, ['i-1'], limits)).rejects.toThrow(/the groups of i-1.*request-1/s);
    });
  });
});
