import { describe, expect, it } from 'vitest';
import { answer, failure, type Script, scriptedAws } from '../../../test/support/scripted-aws.ts';
import { seconds } from '../../engine/time.ts';
import { limitsOf } from './aws-call.ts';
import { ec2Client } from './clients.ts';
import { type CheckedPool, MachineChecks } from './machine-checks.ts';

const NEVER = new AbortController().signal;

const NETWORK: Script = {
  DescribeImages: () =>
    answer(
      'DescribeImages',
      '<imagesSet><item><imageId>ami-1</imageId><architecture>x86_64</architecture><rootDeviceName>/dev/xvda</rootDeviceName></item></imagesSet>',
    ),
  DescribeSubnets: () =>
    answer(
      'DescribeSubnets',
      '<subnetSet><item><subnetId>subnet-1</subnetId><vpcId>vpc-1</vpcId><availabilityZone>a</availabilityZone><availableIpAddressCount>1</availableIpAddressCount></item></subnetSet>',
    ),
  DescribeSecurityGroups: () =>
    answer(
      'DescribeSecurityGroups',
      '<securityGroupInfo><item><groupId>sg-1</groupId><vpcId>vpc-1</vpcId></item></securityGroupInfo>',
    ),
  DescribeInstanceTypeOfferings: ({ form }) =>
    answer(
      'DescribeInstanceTypeOfferings',
      form.get('NextToken') === null
        ? '<instanceTypeOfferingSet/><nextToken>more</nextToken>'
        : '<instanceTypeOfferingSet><item><instanceType>m7i.large</instanceType><location>a</location></item></instanceTypeOfferingSet>',
    ),
};
const DRY = failure('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', 412);
const POOL: CheckedPool = {
  installation: 'acme',
  name: 'linux',
  tags: { CostCenter: '42' },
  machines: {
    generation: 'g1',
    imageId: 'ami-1',
    securityGroups: ['sg-1'],
    profile: 'runtide-instance',
    userData: '#!/bin/sh\n',
    architecture: 'amd64',
  },
  subnets: ['subnet-1'],
  offerings: [{ instanceType: 'm7i.large', subnet: 'subnet-1', market: 'spot' }],
  typesAreNamed: true,
};

function limits() {
  return limitsOf(NEVER, seconds(10));
}

async function scripted(script: Script) {
  await using aws = await scriptedAws({ ...NETWORK, ...script });
  const findings = await new MachineChecks(ec2Client(aws.access), POOL, limits).run();
  return { findings, calls: aws.calls };
}

describe('what MachineChecks asks EC2', () => {
  it('is a dry run, with the tags that rights are bound to', async () => {
    const { findings, calls } = await scripted({
      RunInstances: () => DRY,
      DescribeLaunchTemplateVersions: () => failure('InvalidLaunchTemplateName.NotFoundException'),
      CreateLaunchTemplate: () => DRY,
    });
    expect(findings.map(({ ok }) => ok)).toEqual([true, true, true, true]);
    expect(findings[1]?.detail).toContain('1 subnet, 1 security group in vpc-1 (a); 1 free address');
    for (const { action, form } of calls.filter((call) => /^(Run|Create)/.test(call.action))) {
      expect([action, form.get('DryRun')]).toEqual([action, 'true']);
    }
    const run = calls.find(({ action }) => action === 'RunInstances')?.form;
    expect(Object.fromEntries(run ?? [])).toMatchObject({
      ImageId: 'ami-1',
      InstanceType: 'm7i.large',
      SubnetId: 'subnet-1',
      'SecurityGroupId.1': 'sg-1',
      'IamInstanceProfile.Name': 'runtide-instance',
      'InstanceMarketOptions.MarketType': 'spot',
      MinCount: '1',
      MaxCount: '1',
    });
    const tagged = [...(run ?? [])]
      .filter(([name]) => name.endsWith('.ResourceType'))
      .map(([, type]) => type);
    expect(tagged.toSorted()).toEqual(['instance', 'network-interface', 'volume']);
    expect([...(run ?? [])].filter(([, value]) => value === 'runtide:installation')).toHaveLength(3);
  });

  it('says which right is missing, without the encoded part', async () => {
    const { findings } = await scripted({
      RunInstances: () =>
        failure(
          'UnauthorizedOperation',
          'You are not authorized to perform this operation. User: x is not authorized to perform: iam:PassRole on resource: y. Encoded authorization failure message: abc',
          403,
        ),
    });
    expect(findings.at(-1)).toEqual({
      about: 'launch',
      ok: false,
      detail: expect.stringMatching(
        /^trying a launch of m7i\.large \(spot\) in subnet-1 of pool linux: UnauthorizedOperation: .*iam:PassRole on resource: y\. \(request request-\d+\); allow the named action in the IAM policy of Runtide's role$/,
      ),
    });
  });

  it('goes on to the launch where types cannot be asked for', async () => {
    const { findings } = await scripted({
      DescribeInstanceTypeOfferings: () => failure('UnauthorizedOperation', 'no', 403),
      RunInstances: () => DRY,
      DescribeLaunchTemplateVersions: () =>
        answer(
          'DescribeLaunchTemplateVersions',
          '<launchTemplateVersionSet><item><launchTemplateId>lt-1</launchTemplateId><versionNumber>3</versionNumber></item></launchTemplateVersionSet>',
        ),
      CreateFleet: () => failure('UnauthorizedOperation', 'not CreateFleet', 403),
    });
    expect(findings.map(({ about, ok }) => [about, ok])).toEqual([
      ['machines', true],
      ['network', true],
      ['instance types', false],
      ['launch', false],
    ]);
    expect(findings.at(-1)?.detail).toMatch(
      /^trying a fleet of spot instances of pool linux: UnauthorizedOperation: not CreateFleet/,
    );
  });

  it('says so where an endpoint takes the dry run for a launch', async () => {
    const { findings } = await scripted({
      RunInstances: () =>
        answer('RunInstances', '<instancesSet><item><instanceId>i-1</instanceId></item></instancesSet>'),
    });
    expect(findings.at(-1)?.detail).toMatch(
      /the endpoint took the dry run for a real one; end what it has made/,
    );
  });
});
