import * as autoScalingSdk from '@aws-sdk/client-auto-scaling';
import * as sdk from '@aws-sdk/client-ec2';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { VirtualClock } from '../../src/adapters/memory/clock.ts';
import { AutoScaling } from '../../src/adapters/memory/auto-scaling/auto-scaling.ts';
import { Ec2 } from '../../src/adapters/memory/ec2/ec2.ts';
import { defaultPlace, type Place } from '../../src/adapters/memory/ec2/place.ts';
import { Ssm } from '../../src/adapters/memory/ec2/ssm.ts';
import { Queue } from '../../src/adapters/memory/sqs/queue.ts';
import type { Exchange } from '../../src/sandbox/aws/exchange.ts';
import { type Aws, startAws } from '../../src/sandbox/aws/server.ts';
import { mistakesInJson } from './sdk-json.ts';
import { mistakesInAnswer, mistakesInQueryAnswer } from './sdk-model.ts';

/** An AWS double in virtual time, with real SDK clients that speak to it. */
export interface AwsDouble extends AsyncDisposable {
  readonly clock: VirtualClock;
  readonly model: Ec2;
  readonly groups: AutoScaling;
  readonly parameters: Ssm;
  readonly aws: Aws;
  readonly ec2: sdk.EC2Client;
  readonly autoScaling: autoScalingSdk.AutoScalingClient;
  readonly ssm: SSMClient;
  readonly sqs: SQSClient;
  readonly queue: Queue<string>;
  /** The address of the queue. */
  readonly queueUrl: string;
}

/**
 * Starts a double. Disposing of it fails when an answer of EC2, Auto Scaling or SQS was not as the SDK's model says, or
 * when the double could not answer.
 */
export async function startAwsDouble(place: Place = defaultPlace): Promise<AwsDouble> {
  const clock = new VirtualClock();
  const model = new Ec2({ timers: clock, seed: 1, place });
  const groups = new AutoScaling({ timers: clock, ec2: model, seed: 1 });
  const parameters = new Ssm(clock, 1);
  const queue = new Queue<string>({ timers: clock, seed: 1, name: 'events' });
  const mistakes: string[] = [];
  const aws = await startAws({
    model,
    groups,
    ssm: parameters,
    queues: [queue],
    timers: clock,
    log: { error: (details, message) => mistakes.push(`${message}: ${JSON.stringify(details)}`) },
    observe: (exchange) => mistakes.push(...mistakesIn(exchange)),
  });
  const ec2 = new sdk.EC2Client(clientSettings(aws.url));
  const autoScaling = new autoScalingSdk.AutoScalingClient(clientSettings(aws.url));
  const ssm = new SSMClient(clientSettings(aws.url));
  const sqs = new SQSClient(clientSettings(aws.url));
  return {
    clock,
    model,
    groups,
    parameters,
    aws,
    ec2,
    autoScaling,
    ssm,
    sqs,
    queue,
    queueUrl: `${aws.url}/${defaultPlace.account}/${queue.name}`,
    [Symbol.asyncDispose]: async () => {
      ec2.destroy();
      autoScaling.destroy();
      ssm.destroy();
      sqs.destroy();
      await aws.close();
      if (mistakes.length > 0) throw new Error(`the AWS double answered wrongly:\n${mistakes.join('\n')}`);
    },
  };
}

/** What an SDK client needs to speak to a double: one attempt, and credentials that nobody checks. */
export function clientSettings(endpoint: string, region = 'eu-central-1') {
  return {
    endpoint,
    region,
    maxAttempts: 1,
    credentials: { accessKeyId: 'sandbox', secretAccessKey: 'sandbox' },
  };
}

function mistakesIn({ service, status, action, body }: Exchange): readonly string[] {
  if (status !== 200) return [];
  if (service === 'sqs') return mistakesInJson(action, body);
  if (service === 'auto-scaling') return mistakesInQueryAnswer(action, body, autoScalingSdk);
  return service === 'ec2' ? mistakesInAnswer(action, body) : [];
}

/** A launch template that uses everything that the double knows of one. */
export const templateData: sdk.RequestLaunchTemplateData = {
  ImageId: 'ami-0a000000000000001',
  KeyName: 'key',
  UserData: btoa('#!/bin/sh\n'),
  EbsOptimized: true,
  InstanceInitiatedShutdownBehavior: 'terminate',
  IamInstanceProfile: { Name: 'runner' },
  MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1, InstanceMetadataTags: 'enabled' },
  Monitoring: { Enabled: false },
  CreditSpecification: { CpuCredits: 'standard' },
  BlockDeviceMappings: [
    {
      DeviceName: '/dev/xvda',
      Ebs: { VolumeSize: 30, VolumeType: 'gp3', Encrypted: true, DeleteOnTermination: true },
    },
  ],
  NetworkInterfaces: [{ DeviceIndex: 0, AssociatePublicIpAddress: false, Groups: ['sg-0a000000000000001'] }],
  TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'pool', Value: 'small & <fast>' }] }],
};

/** Creates a launch template and answers its id. */
export async function templateOf(ec2: sdk.EC2Client): Promise<string> {
  const input = { LaunchTemplateName: 'pool', LaunchTemplateData: templateData };
  const { LaunchTemplate } = await ec2.send(new sdk.CreateLaunchTemplateCommand(input));
  return LaunchTemplate?.LaunchTemplateId ?? '';
}

/** Asks for two spot instances of two offerings. */
export function fleetOf(
  template: string,
  change: Partial<sdk.CreateFleetCommandInput> = {},
): sdk.CreateFleetCommand {
  return new sdk.CreateFleetCommand({
    Type: 'instant',
    LaunchTemplateConfigs: [
      {
        LaunchTemplateSpecification: { LaunchTemplateId: template, Version: '1' },
        Overrides: [
          { InstanceType: 'm7i.large', SubnetId: defaultPlace.subnets[0]?.id, Priority: 1.5 },
          { InstanceType: 'c7i.large' },
        ],
      },
    ],
    TargetCapacitySpecification: { TotalTargetCapacity: 2, DefaultTargetCapacityType: 'spot' },
    SpotOptions: { AllocationStrategy: 'capacity-optimized-prioritized' },
    TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'launchId', Value: 'l1' }] }],
    ...change,
  });
}

/** Launches instances of a new launch template and answers their ids. */
export async function launch(
  ec2: sdk.EC2Client,
  change: Partial<sdk.CreateFleetCommandInput> = {},
): Promise<string[]> {
  const { Instances } = await ec2.send(fleetOf(await templateOf(ec2), change));
  return (Instances ?? []).flatMap((one) => one.InstanceIds ?? []);
}

/** The name and status of the SDK's error, and whether it holds a request id. */
export async function refusalOf(
  sent: Promise<unknown>,
): Promise<{ name: string; status?: number | undefined; requestId: boolean }> {
  try {
    await sent;
  } catch (error) {
    const isRefusal =
      error instanceof sdk.EC2ServiceException || error instanceof autoScalingSdk.AutoScalingServiceException;
    if (!isRefusal) throw error;
    const { httpStatusCode, requestId } = error.$metadata;
    return {
      name: error.name,
      status: httpStatusCode,
      requestId: requestId !== undefined && requestId !== '',
    };
  }
  return { name: 'no error', requestId: false };
}
