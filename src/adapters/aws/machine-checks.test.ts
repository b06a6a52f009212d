import { CreateLaunchTemplateCommand, DescribeLaunchTemplatesCommand } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { type AwsDouble, startAwsDouble } from '../../../test/support/aws-double.ts';
import type { Offering } from '../../engine/pool.ts';
import { seconds } from '../../engine/time.ts';
import { defaultPlace, type Place } from '../memory/ec2/place.ts';
import { limitsOf } from './aws-call.ts';
import { wantedTemplate } from './launch-template.ts';
import { type CheckedPool, MachineChecks } from './machine-checks.ts';
import { MachineParts } from './machine-parts.ts';

const NEVER = new AbortController().signal;
const limits = () => limitsOf(NEVER, seconds(10));
const [IMAGE, ARM] = defaultPlace.images;
const SUBNETS = defaultPlace.subnets.map(({ id }) => id);
const [GROUP] = defaultPlace.securityGroups;
const VPC = defaultPlace.subnets[0]?.vpc;
const MACHINES = {
  generation: 'g1',
  imageId: IMAGE?.id ?? '',
  securityGroups: [GROUP?.id ?? ''],
  profile: 'runtide-instance',
  userData: '#!/bin/sh\nexec runtide-agent install\n',
  architecture: 'amd64',
} as const;

function offerings(
  types: readonly string[],
  markets: readonly Offering['market'][] = ['spot'],
  subnets: readonly string[] = SUBNETS,
): readonly Offering[] {
  return markets.flatMap((market) =>
    types.flatMap((instanceType) => subnets.map((subnet) => ({ instanceType, subnet, market }))),
  );
}

const POOL: CheckedPool = {
  installation: 'acme',
  name: 'linux',
  tags: { CostCenter: '42' },
  machines: MACHINES,
  subnets: SUBNETS,
  offerings: offerings(['m7i.large']),
  typesAreNamed: true,
};

function found(ec2: AwsDouble['ec2'], over: Partial<CheckedPool> = {}) {
  return new MachineChecks(ec2, { ...POOL, ...over }, limits).run();
}

/** What is found on a double, as the command shows it. */
async function lines(
  over: Partial<CheckedPool> = {},
  place: Partial<Place> = {},
): Promise<readonly string[]> {
  await using double = await startAwsDouble({ ...defaultPlace, ...place });
  const findings = await found(double.ec2, over);
  expect(double.model.instances()).toEqual([]);
  expect((await double.ec2.send(new DescribeLaunchTemplatesCommand({}))).LaunchTemplates).toEqual([]);
  return findings.map(({ about, ok, detail }) => `${ok ? 'ok' : 'FAILED'} ${about}: ${detail}`);
}

const OK_IMAGE = `ok machines: image ${IMAGE?.id} (runner-x86_64, amd64)`;
const OK_NETWORK = `ok network: 3 subnets, 1 security group in ${VPC} (eu-central-1a, eu-central-1b, eu-central-1c); 49137 free addresses`;
const OK_TYPES = 'ok instance types: m7i.large in 3 zones';
const OK_LAUNCH = `ok launch: EC2 would launch m7i.large in ${SUBNETS[0]}, spot`;

describe('MachineChecks', () => {
  it('finds everything in order, and makes nothing', async () => {
    expect(await lines()).toEqual([OK_IMAGE, OK_NETWORK, OK_TYPES, OK_LAUNCH]);
  });

  it('tries a launch on each market, from the template that is there', async () => {
    await using double = await startAwsDouble();
    const parts = await new MachineParts(double.ec2).of('linux', MACHINES, limits());
    const wanted = wantedTemplate('acme', 'linux', parts, {});
    await double.ec2.send(
      new CreateLaunchTemplateCommand({ LaunchTemplateName: wanted.name, LaunchTemplateData: wanted.data }),
    );
    const findings = await found(double.ec2, { offerings: offerings(['m7i.large'], ['spot', 'on-demand']) });
    expect(findings.at(-1)).toEqual({
      about: 'launch',
      ok: true,
      detail: `EC2 would launch m7i.large in ${SUBNETS[0]}, spot and on-demand`,
    });
    expect(double.model.instances()).toEqual([]);
    expect(double.model.calls()).toMatchObject({ RunInstances: 2 });
  });

  it.each([
    [true, []],
    [false, ['CreateFleetCommand']],
  ])('tries no fleet where a group launches: %s', async (byGroup, expected) => {
    await using double = await startAwsDouble();
    const parts = await new MachineParts(double.ec2).of('linux', MACHINES, limits());
    const { name, data } = wantedTemplate('acme', 'linux', parts, {});
    const input = { LaunchTemplateName: name, LaunchTemplateData: data };
    await double.ec2.send(new CreateLaunchTemplateCommand(input));
    const sent: (string | undefined)[] = [];
    double.ec2.middlewareStack.add(
      (next, { commandName }) =>
        (call) => {
          sent.push(commandName);
          return next(call);
        },
      { step: 'initialize' },
    );
    const findings = await found(double.ec2, { byGroup });
    expect(findings.every(({ ok }) => ok)).toBe(true);
    expect(sent).toContain('RunInstancesCommand');
    expect(sent.filter((command) => command === 'CreateFleetCommand')).toEqual(expected);
  });

  it('takes a launch template of the operator, which names its own security groups', async () => {
    await using double = await startAwsDouble();
    const parts = await new MachineParts(double.ec2).of('linux', MACHINES, limits());
    const { data } = wantedTemplate('acme', 'linux', parts, {});
    const { LaunchTemplate } = await double.ec2.send(
      new CreateLaunchTemplateCommand({ LaunchTemplateName: 'own', LaunchTemplateData: data }),
    );
    const id = LaunchTemplate?.LaunchTemplateId ?? '';
    const findings = await found(double.ec2, { machines: { template: { id, version: 'latest' } } });
    expect(findings.map(({ detail }) => detail)).toEqual([
      `launch template ${id}, version 1`,
      OK_NETWORK.replace('ok network: ', '').replace(', 1 security group', ''),
      'm7i.large in 3 zones',
      `EC2 would launch m7i.large in ${SUBNETS[0]}, spot`,
    ]);
  });

  it.each<[what: string, over: Partial<CheckedPool>, place: Partial<Place>, expected: readonly unknown[]]>([
    [
      'an image that is not there',
      { machines: { ...MACHINES, imageId: 'ami-0ffffffffffffffff' } },
      {},
      [
        expect.stringMatching(
          /^FAILED machines: looking up image ami-0f+: InvalidAMIID\.NotFound: .*; check instances\.image of the pool/,
        ),
        OK_NETWORK,
        OK_TYPES,
      ],
    ],
    [
      'an image of another architecture',
      { machines: { ...MACHINES, imageId: ARM?.id ?? '' } },
      {},
      [
        expect.stringMatching(
          /^FAILED machines: .* is for arm64, and the instance types are amd64; give the pool an image and types of one architecture$/,
        ),
        OK_NETWORK,
        OK_TYPES,
      ],
    ],
    [
      'a subnet that is not there',
      { subnets: [...SUBNETS, 'subnet-0f'] },
      {},
      [
        OK_IMAGE,
        expect.stringMatching(
          /^FAILED network: looking up the subnets of pool linux: InvalidSubnetID\.NotFound: .*subnet-0f.*; check instances\.subnets of the pool: each must exist in the region$/,
        ),
      ],
    ],
    [
      'a security group that is not there',
      { machines: { ...MACHINES, securityGroups: ['sg-0f'] } },
      {},
      [
        OK_IMAGE,
        expect.stringMatching(
          /^FAILED network: looking up the security groups of pool linux: InvalidGroup\.NotFound: .*; check instances\.securityGroups/,
        ),
      ],
    ],
    [
      'subnets in two VPCs',
      {},
      { subnets: defaultPlace.subnets.map((one, index) => (index === 2 ? { ...one, vpc: 'vpc-2' } : one)) },
      [
        OK_IMAGE,
        `FAILED network: checking the network of pool linux: the subnets are in several VPCs: ${SUBNETS[0]}, ${SUBNETS[1]} in ${VPC}; ` +
          `${SUBNETS[2]} in vpc-2; name subnets of one VPC, and make a pool for each other VPC`,
      ],
    ],
    [
      'a security group of another VPC',
      {},
      { securityGroups: [{ id: GROUP?.id ?? '', name: 'other', vpc: 'vpc-2' }] },
      [
        OK_IMAGE,
        `FAILED network: checking the network of pool linux: security group ${GROUP?.id} is in vpc-2, and the subnets are in ${VPC}; ` +
          'name security groups of the VPC of the subnets',
      ],
    ],
    [
      'subnets without room',
      { subnets: [SUBNETS[0] ?? ''], offerings: offerings(['m7i.large'], ['spot'], SUBNETS.slice(0, 1)) },
      { subnets: defaultPlace.subnets.map((one) => ({ ...one, cidr: '10.0.0.0/30' })) },
      [OK_IMAGE, expect.stringMatching(/the subnets have no free address left; free some, or add a subnet/)],
    ],
    [
      'a type that one zone lacks',
      { offerings: offerings(['m7i.large', 'm6i.large']) },
      { lacking: [{ instanceType: 'm7i.large', zone: 'eu-central-1a' }] },
      [
        OK_IMAGE,
        OK_NETWORK,
        'ok instance types: 2 instance types in 3 zones, but not m7i.large in eu-central-1a',
        `ok launch: EC2 would launch m7i.large in ${SUBNETS[1]}, spot`,
      ],
    ],
    [
      'a type that no zone has',
      { offerings: offerings(['m7i.large', 'm9i.large']) },
      { lacking: defaultPlace.subnets.map(({ zone }) => ({ instanceType: 'm9i.large', zone })) },
      [
        OK_IMAGE,
        OK_NETWORK,
        'FAILED instance types: checking the instance types of pool linux: EC2 does not offer m9i.large in eu-central-1a, eu-central-1b, eu-central-1c; ' +
          'correct or remove them in instances.types, or name subnets in other zones',
        OK_LAUNCH,
      ],
    ],
    [
      'the same among types that requirements chose',
      { offerings: offerings(['m9i.large', 'm7i.large']), typesAreNamed: false },
      { lacking: defaultPlace.subnets.map(({ zone }) => ({ instanceType: 'm9i.large', zone })) },
      [
        OK_IMAGE,
        OK_NETWORK,
        expect.stringMatching(
          /^ok instance types: 2 instance types in 3 zones, but not m9i\.large anywhere$/,
        ),
        OK_LAUNCH,
      ],
    ],
    [
      'an instance profile that is not there',
      {},
      { instanceProfiles: ['other'] },
      [
        OK_IMAGE,
        OK_NETWORK,
        OK_TYPES,
        expect.stringMatching(
          /^FAILED launch: trying a launch of m7i\.large \(spot\) in subnet-\w+ of pool linux: InvalidParameterValue: .*runtide-instance.*Invalid IAM Instance Profile name \(request \S+\); check .*profile/,
        ),
      ],
    ],
  ])('says what is wrong with %s', async (_what, over, place, expected) => {
    expect(await lines(over, place)).toEqual(expected);
  });
});
