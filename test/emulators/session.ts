import * as ec2 from '@aws-sdk/client-ec2';
import { GetParameterCommand, PutParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';

/** One side of a differential session: an EC2 and an SSM, and what the account holds there. */
export interface Side {
  readonly ec2: ec2.EC2Client;
  readonly ssm: SSMClient;
  readonly place: { readonly image: string; readonly subnets: readonly string[]; readonly group: string };
  /** Lets everything that was begun come to its end. */
  readonly settle: () => Promise<void>;
  /** What earlier steps made. */
  readonly made: { template: string; instances: readonly string[] };
}

/** One call, the same on both sides but for the ids. */
export interface Step<S = Side> {
  readonly name: string;
  readonly run: (side: S) => Promise<object>;
}

const UNKNOWN = 'i-0123456789abcdef0';
const NAME = 'runtide-acme-linux';

function templateData({ place }: Side): ec2.RequestLaunchTemplateData {
  return {
    ImageId: place.image,
    UserData: btoa('#!/bin/sh\n'),
    IamInstanceProfile: { Name: 'runtide-instance' },
    InstanceInitiatedShutdownBehavior: 'terminate',
    MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1, InstanceMetadataTags: 'enabled' },
    SecurityGroupIds: [place.group],
    TagSpecifications: [{ ResourceType: 'volume', Tags: [{ Key: 'pool', Value: 'linux' }] }],
  };
}

function fleet(side: Side, template: string): ec2.CreateFleetCommand {
  return new ec2.CreateFleetCommand({
    Type: 'instant',
    ClientToken: 'linux-1-0',
    LaunchTemplateConfigs: [
      {
        LaunchTemplateSpecification: { LaunchTemplateId: template, Version: '2' },
        Overrides: side.place.subnets.map((SubnetId) => ({ InstanceType: 'm7i.large', SubnetId })),
      },
    ],
    TargetCapacitySpecification: { TotalTargetCapacity: 2, DefaultTargetCapacityType: 'spot' },
    SpotOptions: {
      AllocationStrategy: 'price-capacity-optimized',
      InstanceInterruptionBehavior: 'terminate',
    },
    TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'runtide:launch', Value: 'linux-1-0' }] }],
  });
}

/** What an error of a service says of itself; anything else is a failure of the test. */
export async function refusal(sent: Promise<object>): Promise<object> {
  try {
    return await sent;
  } catch (error) {
    if (!(error instanceof Error && '$metadata' in error)) throw error;
    const { httpStatusCode } = Object(error.$metadata);
    return {
      error: { Code: error.name, HttpStatus: httpStatusCode },
      $metadata: error.$metadata,
    };
  }
}

const step = (name: string, run: Step['run']): Step => ({ name, run });

/** Everything that Runtide asks of EC2 and SSM, in the order of a machine's life, with its refusals. */
export const SESSION: readonly Step[] = [
  step('look for a template that does not exist', (side) =>
    refusal(side.ec2.send(new ec2.DescribeLaunchTemplateVersionsCommand({ LaunchTemplateName: NAME }))),
  ),
  step('create the launch template', async (side) => {
    const answer = await side.ec2.send(
      new ec2.CreateLaunchTemplateCommand({
        LaunchTemplateName: NAME,
        VersionDescription: 'g1 first',
        LaunchTemplateData: templateData(side),
        TagSpecifications: [{ ResourceType: 'launch-template', Tags: [{ Key: 'pool', Value: 'linux' }] }],
      }),
    );
    side.made.template = answer.LaunchTemplate?.LaunchTemplateId ?? '';
    return answer;
  }),
  step('create it once more', (side) =>
    refusal(
      side.ec2.send(
        new ec2.CreateLaunchTemplateCommand({
          LaunchTemplateName: NAME,
          LaunchTemplateData: templateData(side),
        }),
      ),
    ),
  ),
  step('add a version', (side) =>
    side.ec2.send(
      new ec2.CreateLaunchTemplateVersionCommand({
        LaunchTemplateId: side.made.template,
        ClientToken: 'second',
        VersionDescription: 'g2 second',
        LaunchTemplateData: templateData(side),
      }),
    ),
  ),
  step('list the versions', (side) =>
    side.ec2.send(
      new ec2.DescribeLaunchTemplateVersionsCommand({ LaunchTemplateName: NAME, MaxResults: 200 }),
    ),
  ),
  step('look up the subnets', (side) =>
    side.ec2.send(new ec2.DescribeSubnetsCommand({ SubnetIds: [...side.place.subnets] })),
  ),
  step('look up a subnet that does not exist', (side) =>
    refusal(side.ec2.send(new ec2.DescribeSubnetsCommand({ SubnetIds: ['subnet-0123456789abcdef0'] }))),
  ),
  step('look up the security group', (side) =>
    side.ec2.send(new ec2.DescribeSecurityGroupsCommand({ GroupIds: [side.place.group] })),
  ),
  step('look up a security group that does not exist', (side) =>
    refusal(side.ec2.send(new ec2.DescribeSecurityGroupsCommand({ GroupIds: ['sg-0123456789abcdef0'] }))),
  ),
  step('ask where a type is offered', (side) =>
    side.ec2.send(
      new ec2.DescribeInstanceTypeOfferingsCommand({
        LocationType: 'availability-zone',
        Filters: [{ Name: 'instance-type', Values: ['m7i.large'] }],
      }),
    ),
  ),
  step('try a launch', (side) =>
    refusal(
      side.ec2.send(
        new ec2.RunInstancesCommand({
          DryRun: true,
          MinCount: 1,
          MaxCount: 1,
          ImageId: side.place.image,
          InstanceType: 'm7i.large',
          SubnetId: side.place.subnets[0],
          SecurityGroupIds: [side.place.group],
        }),
      ),
    ),
  ),
  step('try to make a template', (side) =>
    refusal(
      side.ec2.send(
        new ec2.CreateLaunchTemplateCommand({
          DryRun: true,
          LaunchTemplateName: `${NAME}-2`,
          LaunchTemplateData: templateData(side),
        }),
      ),
    ),
  ),
  step('buy from a template that does not exist', (side) =>
    refusal(side.ec2.send(fleet(side, 'lt-0123456789abcdef0'))),
  ),
  step('buy two spot instances', async (side) => {
    const answer = await side.ec2.send(fleet(side, side.made.template));
    side.made.instances = (answer.Instances ?? []).flatMap(({ InstanceIds }) => InstanceIds ?? []);
    return answer;
  }),
  step('describe what was just bought', (side) =>
    side.ec2.send(new ec2.DescribeInstancesCommand({ InstanceIds: [...side.made.instances] })),
  ),
  step('find them by the tag of their launch', async (side) => {
    await side.settle();
    return side.ec2.send(
      new ec2.DescribeInstancesCommand({
        Filters: [
          { Name: 'tag:runtide:launch', Values: ['linux-1-0'] },
          { Name: 'instance-state-name', Values: ['pending', 'running'] },
        ],
        MaxResults: 1000,
      }),
    );
  }),
  step('describe an instance that does not exist', (side) =>
    refusal(side.ec2.send(new ec2.DescribeInstancesCommand({ InstanceIds: [UNKNOWN] }))),
  ),
  step('tag one to drain', (side) =>
    side.ec2.send(
      new ec2.CreateTagsCommand({
        Resources: side.made.instances.slice(0, 1),
        Tags: [{ Key: 'runtide:drain', Value: 'idle' }],
      }),
    ),
  ),
  step('tag an instance that does not exist', (side) =>
    refusal(
      side.ec2.send(new ec2.CreateTagsCommand({ Resources: [UNKNOWN], Tags: [{ Key: 'a', Value: 'b' }] })),
    ),
  ),
  step('read a console on which nothing was said', (side) =>
    side.ec2.send(new ec2.GetConsoleOutputCommand({ InstanceId: side.made.instances[0], Latest: true })),
  ),
  step('terminate both', (side) =>
    side.ec2.send(new ec2.TerminateInstancesCommand({ InstanceIds: [...side.made.instances] })),
  ),
  step('describe them once they are gone', async (side) => {
    await side.settle();
    return side.ec2.send(new ec2.DescribeInstancesCommand({ InstanceIds: [...side.made.instances] }));
  }),
  step('terminate them again', (side) =>
    side.ec2.send(new ec2.TerminateInstancesCommand({ InstanceIds: [...side.made.instances] })),
  ),
  step('terminate an instance that does not exist', (side) =>
    refusal(side.ec2.send(new ec2.TerminateInstancesCommand({ InstanceIds: [UNKNOWN] }))),
  ),
  step('put a secret parameter', (side) =>
    side.ssm.send(new PutParameterCommand({ Name: '/runtide/token', Value: 'secret', Type: 'SecureString' })),
  ),
  step('read it', (side) =>
    side.ssm.send(new GetParameterCommand({ Name: '/runtide/token', WithDecryption: true })),
  ),
  step('read a parameter that does not exist', (side) =>
    refusal(side.ssm.send(new GetParameterCommand({ Name: '/runtide/none', WithDecryption: true }))),
  ),
];
