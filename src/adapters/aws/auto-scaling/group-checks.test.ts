import * as sdk from '@aws-sdk/client-auto-scaling';
import { CreateLaunchTemplateVersionCommand } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { type AwsDouble, startAwsDouble, templateData } from '../../../../test/support/aws-double.ts';
import { createGroup, describeGroup, GROUP, launchInGroup } from '../../../../test/support/aws-group.ts';
import { ATTACHED, OURS, POOL, suspend, WHOLE } from '../../../../test/support/pool-group.ts';
import { seconds } from '../../../engine/time.ts';
import { limitsOf } from '../aws-call.ts';
import { checkGroup } from './group-checks.ts';

const limits = () => limitsOf(new AbortController().signal, seconds(10));
const GIVE =
  'aws autoscaling create-or-update-tags --tags ResourceId=linux,ResourceType=auto-scaling-group,Key=runtide:installation,Value=acme,PropagateAtLaunch=true';
const UNTRIED =
  'ok launch: neither tried, nor network and instance types looked at: linux launches by its own template, in its own subnets';

function cli(action: string): string {
  return `aws autoscaling ${action} --auto-scaling-group-name linux`;
}

/** What is found, as the command shows it; nothing of the group is another afterwards. */
async function lines(double: AwsDouble, settings = POOL): Promise<readonly string[]> {
  const { ec2, autoScaling: client } = double;
  const before = await describeGroup(double);
  const findings = await checkGroup({ ec2, client, installation: 'acme', pool: 'linux', settings }, limits);
  expect(await describeGroup(double)).toEqual(before);
  return findings.map(({ about, ok, detail }) => `${ok ? 'ok' : 'FAILED'} ${about}: ${detail}`);
}

/** Makes a group whose template's newest version instances can be made of. */
async function attach(
  double: AwsDouble,
  data = {},
  change: Partial<sdk.CreateAutoScalingGroupCommandInput> = {},
) {
  const template = await createGroup(double, { ...WHOLE, ...change });
  const { LaunchTemplateVersion } = await double.ec2.send(
    new CreateLaunchTemplateVersionCommand({
      LaunchTemplateId: template,
      LaunchTemplateData: {
        ...templateData,
        MetadataOptions: { ...templateData.MetadataOptions, HttpEndpoint: 'enabled' },
        UserData: btoa('#!/bin/sh\nexec runtide-agent install\n'),
        ...data,
      },
    }),
  );
  await double.autoScaling.send(
    new sdk.UpdateAutoScalingGroupCommand({
      AutoScalingGroupName: GROUP,
      MixedInstancesPolicy: {
        LaunchTemplate: { LaunchTemplateSpecification: { LaunchTemplateId: template, Version: '$Latest' } },
      },
    }),
  );
  expect(LaunchTemplateVersion?.VersionNumber).toBe(2);
  return template;
}

describe('a group that Runtide makes', () => {
  it('is made by the first launch', async () => {
    await using double = await startAwsDouble();
    expect(await lines(double)).toEqual(['ok group: linux is not there yet: the first launch makes it']);
  });

  it("is in order where it is the installation's", async () => {
    await using double = await startAwsDouble();
    await launchInGroup(double, 1, { Tags: [OURS] });
    expect(await lines(double)).toEqual(["ok group: linux is this installation's; 1 member"]);
  });

  it.each([
    [
      [{ ...OURS, Value: 'beta' }],
      'installation beta has it; give the pool another group, or take the runtide: tags off that group once the other has let go',
    ],
    [[], 'somebody else has made it; delete it, or write instances.group.name: linux to attach it'],
  ])("fails where it is another's: %o", async (Tags, why) => {
    await using double = await startAwsDouble();
    await createGroup(double, { Tags });
    expect(await lines(double)).toEqual([`FAILED group: using group linux for pool linux: ${why}`]);
  });

  it('fails while it cannot launch', async () => {
    await using double = await startAwsDouble();
    await createGroup(double, { Tags: [OURS] });
    await suspend(double, 'Launch');
    expect(await lines(double)).toEqual([
      'FAILED group: using group linux for pool linux: somebody has suspended Launch; aws autoscaling resume-processes --auto-scaling-group-name linux --scaling-processes Launch',
    ]);
  });

  it('fails where it cannot be looked at', async () => {
    await using double = await startAwsDouble();
    double.groups.faults.outage = 'unavailable';
    const { ec2, autoScaling: client } = double;
    const question = { ec2, client, installation: 'acme', pool: 'linux', settings: POOL };
    expect(await checkGroup(question, limits)).toEqual([
      { about: 'group', ok: false, detail: expect.stringMatching(/^describing group linux: /) },
    ]);
  });
});

describe('a group of the operator', () => {
  it('is in order with all that it must have', async () => {
    await using double = await startAwsDouble();
    const template = await attach(double);
    await suspend(double, 'AZRebalance');
    expect(await lines(double, ATTACHED)).toEqual([
      "ok group: linux is this installation's; 0 members",
      `ok machines: launch template ${template}, version 2`,
      UNTRIED,
    ]);
  });

  it('fails where there is none', async () => {
    await using double = await startAwsDouble();
    expect(await lines(double, ATTACHED)).toEqual([
      'FAILED group: looking for group linux of pool linux: there is none; check instances.group.name of the pool, and its region',
    ]);
  });

  it('fails before it is given to the installation, and for each thing that it lacks, with the command', async () => {
    await using double = await startAwsDouble();
    await attach(
      double,
      {},
      {
        Tags: [],
        MaxSize: 4,
        NewInstancesProtectedFromScaleIn: false,
        LifecycleHookSpecificationList: WHOLE.LifecycleHookSpecificationList.slice(0, 1),
      },
    );
    expect((await lines(double, ATTACHED)).filter((line) => line.startsWith('FAILED'))).toEqual([
      `FAILED group: using group linux for pool linux: no installation has been given it; ${GIVE}`,
      `FAILED group: linux must have protection of new instances from scale-in: ${cli('update-auto-scaling-group')} --new-instances-protected-from-scale-in`,
      `FAILED group: linux must have process AZRebalance suspended: it ends instances that have jobs: ${cli('suspend-processes')} --scaling-processes AZRebalance`,
      `FAILED group: linux must have lifecycle hook runtide-terminate (autoscaling:EC2_INSTANCE_TERMINATING, 3600 s, ABANDON): ${cli('put-lifecycle-hook')} --lifecycle-hook-name runtide-terminate --lifecycle-transition autoscaling:EC2_INSTANCE_TERMINATING --heartbeat-timeout 3600 --default-result ABANDON`,
      `FAILED group: linux must have room for 10 instances, the pool's max and surge: its maximum is 4: ${cli('update-auto-scaling-group')} --max-size 10`,
    ]);
  });

  it('is in order once the commands have been followed', async () => {
    await using double = await startAwsDouble();
    await attach(double, {}, { Tags: [], CapacityRebalance: true, InstanceLifecyclePolicy: undefined });
    const { autoScaling } = double;
    const ResourceId = GROUP;
    await autoScaling.send(
      new sdk.CreateOrUpdateTagsCommand({
        Tags: [{ ...OURS, ResourceId, ResourceType: 'auto-scaling-group' }],
      }),
    );
    await suspend(double, 'AZRebalance');
    const { InstanceLifecyclePolicy } = WHOLE;
    await autoScaling.send(
      new sdk.UpdateAutoScalingGroupCommand({
        AutoScalingGroupName: GROUP,
        CapacityRebalance: false,
        InstanceLifecyclePolicy,
      }),
    );
    expect((await lines(double, ATTACHED)).filter((line) => line.startsWith('FAILED'))).toEqual([]);
  });

  it('fails where instances of Runtide cannot be made of its launch template', async () => {
    await using double = await startAwsDouble();
    const template = await attach(double, {
      MetadataOptions: { HttpTokens: 'optional', HttpPutResponseHopLimit: 1, HttpEndpoint: 'enabled' },
      UserData: btoa('#!/bin/sh\n'),
    });
    await suspend(double, 'AZRebalance');
    expect(await lines(double, ATTACHED)).toEqual([
      expect.stringMatching(/^ok group/),
      `FAILED machines: checking launch template ${template} (version $Latest) of group linux: it lacks IMDSv2 required (tokens); instance tags in the metadata: a drain is asked for by a tag; user data that starts runtide-agent; make a version that has all of it, and name that one`,
      UNTRIED,
    ]);
  });

  it('fails where one type has a launch template that it cannot be made of', async () => {
    await using double = await startAwsDouble();
    const template = await attach(double);
    await suspend(double, 'AZRebalance');
    await double.autoScaling.send(
      new sdk.UpdateAutoScalingGroupCommand({
        AutoScalingGroupName: GROUP,
        MixedInstancesPolicy: {
          LaunchTemplate: {
            Overrides: [
              { InstanceType: 'm7i.large' },
              {
                InstanceType: 'm7g.large',
                LaunchTemplateSpecification: { LaunchTemplateId: template, Version: '1' },
              },
            ],
          },
        },
      }),
    );
    expect((await lines(double, ATTACHED)).slice(1)).toEqual([
      `ok machines: launch template ${template}, version 2`,
      expect.stringMatching(
        `^FAILED machines: checking launch template ${template} \\(version 1\\) of group linux: it lacks .*user data that starts runtide-agent`,
      ),
      UNTRIED,
    ]);
  });
});
