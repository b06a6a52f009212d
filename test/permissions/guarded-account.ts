import type { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import {
  CreateLaunchTemplateCommand,
  type EC2Client,
  EC2ServiceException,
  type RequestLaunchTemplateData,
} from '@aws-sdk/client-ec2';
import type { SSMClient } from '@aws-sdk/client-ssm';
import { autoScalingClient, ec2Client, ssmClient } from '../../src/adapters/aws/clients.ts';
import { ec2Fleet } from '../../src/adapters/aws/ec2-fleet.ts';
import type { PoolMachines } from '../../src/adapters/aws/launch-template.ts';
import type { Machines } from '../../src/adapters/aws/machine-parts.ts';
import { AutoScaling } from '../../src/adapters/memory/auto-scaling/auto-scaling.ts';
import { VirtualClock } from '../../src/adapters/memory/clock.ts';
import { Ec2 } from '../../src/adapters/memory/ec2/ec2.ts';
import { defaultPlace } from '../../src/adapters/memory/ec2/place.ts';
import { Ssm } from '../../src/adapters/memory/ec2/ssm.ts';
import type { Fleet } from '../../src/controller/ports.ts';
import { seconds } from '../../src/engine/time.ts';
import type { PolicyDocument } from '../../src/permissions/policy.ts';
import { startAws } from '../../src/sandbox/aws/server.ts';
import { ACCESS, type Calls } from './access-of-calls.ts';
import type { Account, KnownTemplate } from './account.ts';
import { type AccessRequest, allows } from './simulator.ts';

const IMAGE = defaultPlace.images[0]?.id ?? '';
const SECURITY_GROUP = defaultPlace.securityGroups[0]?.id ?? '';

/** One call, and everything that IAM was asked for it. */
export interface RecordedCall {
  readonly name: keyof Calls;
  readonly access: readonly AccessRequest[];
}

/** An account in the AWS double, in which IAM decides about every call before EC2 or SSM see it. */
export interface GuardedAccount extends AsyncDisposable {
  readonly clock: VirtualClock;
  readonly model: Ec2;
  readonly parameters: Ssm;
  readonly fleet: Fleet;
  /** The fleet of another process of the installation. */
  reopen(): Fleet;
  readonly ec2: EC2Client;
  readonly autoScaling: AutoScalingClient;
  readonly groups: AutoScaling;
  readonly ssm: SSMClient;
  readonly calls: readonly RecordedCall[];
  readonly installation: string;
  /** What pool `linux` is made of. */
  machines(): Machines;
  /** What IAM looks up of it. */
  readonly account: Account;
  /** Makes pool `linux` one of another generation. */
  renew(): void;
  /** Tells IAM of a template that nobody made through the clients. */
  knowTemplate(id: string, template: KnownTemplate): void;
}

export interface GuardOptions {
  readonly installation: string;
  readonly policies: readonly PolicyDocument[];
  readonly kmsKey?: string;
  readonly diskKey?: Account['diskKey'];
  /** Default: that of the AWS double. */
  readonly region?: string;
  /** Default: that of the AWS double. */
  readonly number?: string;
  /** What pool `linux` is made of; default: `MACHINES`. */
  readonly machines?: PoolMachines;
  /** A launch template of the operator's, of which pool `linux` is made instead. */
  readonly operators?: RequestLaunchTemplateData;
}

function isCall(name: string | undefined): name is keyof Calls {
  return name !== undefined && Object.hasOwn(ACCESS, name);
}

interface Sent {
  readonly commandName: string;
  readonly input: object;
}

/** The name of a command says what its input is. */
function isInputOf<Name extends keyof Calls>(
  name: Name,
  sent: Sent,
): sent is { commandName: Name; input: Calls[Name] } {
  return sent.commandName === name;
}

/** A call as it is sent, with what IAM is asked for it. */
function callOf<Name extends keyof Calls>(
  name: Name,
  sent: Sent,
  account: Account,
): { readonly name: Name; readonly access: readonly AccessRequest[] } {
  return { name, access: isInputOf(name, sent) ? ACCESS[name](sent.input, account) : [] };
}

/** The templates that were made through the clients, as IAM knows them. */
class Templates {
  readonly #made: { id: string; version: string; template: KnownTemplate }[] = [];

  /** A template that somebody else made. */
  add(id: string, template: KnownTemplate): void {
    this.#made.push({ id, version: '1', template });
  }

  find: Account['template'] = ({ id, name, version }) =>
    this.#made.find(
      (one) =>
        (one.id === id || one.template.name === name) && (version === undefined || one.version === version),
    )?.template;

  note(name: string, input: object, output: object): void {
    if (name === 'CreateLaunchTemplateCommand') this.#noteTemplate(input, output);
    if (name === 'CreateLaunchTemplateVersionCommand') this.#noteVersion(input, output);
  }

  #noteTemplate(input: Partial<Calls['CreateLaunchTemplateCommand']>, output: LaunchTemplateAnswer): void {
    const { LaunchTemplateName = '', LaunchTemplateData = {}, TagSpecifications = [] } = input;
    const tags = new Map(
      TagSpecifications.flatMap(({ Tags = [] }) =>
        Tags.map(({ Key = '', Value = '' }) => [Key, Value] as const),
      ),
    );
    const template = { name: LaunchTemplateName, tags, data: LaunchTemplateData };
    this.#made.push({ id: output.LaunchTemplate?.LaunchTemplateId ?? '', version: '1', template });
  }

  #noteVersion(input: Partial<Calls['CreateLaunchTemplateVersionCommand']>, output: VersionAnswer): void {
    const { LaunchTemplateId: id = '', VersionNumber = 0 } = output.LaunchTemplateVersion ?? {};
    const first = this.find({ id, version: '1' });
    if (first === undefined) throw new Error(`template ${id} was not made here`);
    const template = { ...first, data: input.LaunchTemplateData ?? {} };
    this.#made.push({ id, version: String(VersionNumber), template });
  }
}

interface LaunchTemplateAnswer {
  readonly LaunchTemplate?: { readonly LaunchTemplateId?: string };
}

interface VersionAnswer {
  readonly LaunchTemplateVersion?: { readonly LaunchTemplateId?: string; readonly VersionNumber?: number };
}

function denied({ action, resource, context }: AccessRequest): EC2ServiceException {
  return new EC2ServiceException({
    name: 'UnauthorizedOperation',
    $fault: 'client',
    $metadata: {},
    message: `not authorized: ${action} on ${resource} with ${JSON.stringify(context)}`,
  });
}

/** Asks IAM about every call of a client. A call that nobody has described fails by its name. */
function guardOf(
  account: Account,
  templates: Templates,
  policies: readonly PolicyDocument[],
  calls: RecordedCall[],
) {
  return <Call extends { input: object }, Answer extends { output: object }>(
      next: (call: Call) => Promise<Answer>,
      { commandName }: { commandName?: string },
    ) =>
    async (call: Call): Promise<Answer> => {
      if (!isCall(commandName)) throw new Error(`describe what IAM is asked for ${commandName}`);
      const recorded = callOf(commandName, { commandName, input: call.input }, account);
      calls.push(recorded);
      for (const request of recorded.access) if (!(await allows(policies, request))) throw denied(request);
      const answer = await next(call);
      templates.note(commandName, call.input, answer.output);
      return answer;
    };
}

/** What pool `linux` is made of. */
export const MACHINES: PoolMachines = {
  generation: 'g1',
  imageId: IMAGE,
  securityGroups: [SECURITY_GROUP],
  profile: 'runtide-instance',
  userData: '#!/bin/sh\n',
};

function unexpected(details: object, message: string): void {
  throw new Error(`unexpected: ${message} ${JSON.stringify(details)}`);
}

/** The tags of images and of the snapshots under them: those are tagged alike. */
function storedTagsIn(model: Ec2): Account['storedTags'] {
  return (id) => {
    const image = model.images.all().find((one) => one.id === id);
    if (image !== undefined) return new Map(image.tags?.map(({ key, value }) => [key, value]));
    return model.images.snapshots().includes(id) ? new Map([['runtide:image', 'packer']]) : undefined;
  };
}

/** The groups of the account, and their members. */
function groupsIn(groups: AutoScaling): Required<Pick<Account, 'group' | 'groupOf'>> {
  const all = () => groups.describeAutoScalingGroups({}).items;
  return {
    group(name) {
      const group = all().find((one) => one.name === name);
      if (group === undefined) return undefined;
      return { arn: group.arn, tags: new Map(group.tags.map(({ key, value }) => [key, value])) };
    },
    groupOf: (instance) => all().find(({ instances }) => instances.some(({ id }) => id === instance))?.name,
  };
}

/** Makes the operator's template, before anybody guards the account. */
async function operatorsTemplate(
  ec2: EC2Client,
  data: RequestLaunchTemplateData,
  templates: Templates,
): Promise<string> {
  const { LaunchTemplate } = await ec2.send(
    new CreateLaunchTemplateCommand({ LaunchTemplateName: 'operators', LaunchTemplateData: data }),
  );
  const id = LaunchTemplate?.LaunchTemplateId ?? '';
  templates.add(id, { name: 'operators', tags: new Map(), data });
  return id;
}

/** Starts an account in which the policies hold. With `operators`, they are made once its template has an id. */
export async function guardedAccount(
  options: Omit<GuardOptions, 'policies'> & {
    readonly policies: GuardOptions['policies'] | ((template: string) => GuardOptions['policies']);
  },
): Promise<GuardedAccount> {
  const { installation, kmsKey, diskKey, operators } = options;
  const { region = defaultPlace.region, number = defaultPlace.account } = options;
  const clock = new VirtualClock();
  const model = new Ec2({ timers: clock, seed: 7, place: { ...defaultPlace, region, account: number } });
  const parameters = new Ssm(clock, 7);
  const groups = new AutoScaling({ timers: clock, ec2: model, seed: 7 });
  const aws = await startAws({ model, groups, ssm: parameters, timers: clock, log: { error: unexpected } });
  const access = {
    region,
    endpoints: { ec2: aws.url, autoScaling: aws.url, ssm: aws.url },
    credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'example' },
  };
  const ec2 = ec2Client(access);
  const autoScaling = autoScalingClient(access);
  const ssm = ssmClient(access);
  const templates = new Templates();
  const template = operators === undefined ? '' : await operatorsTemplate(ec2, operators, templates);
  const policies = typeof options.policies === 'function' ? options.policies(template) : options.policies;
  const account: Account = {
    region,
    number,
    storedTags: storedTagsIn(model),
    ...(diskKey !== undefined && { diskKey }),
    instanceTags: (id) => model.instance(id)?.tags,
    ...groupsIn(groups),
    template: templates.find,
    ...(kmsKey !== undefined && { kmsKey }),
  };
  const calls: RecordedCall[] = [];
  const guard = guardOf(account, templates, policies, calls);
  ec2.middlewareStack.add(guard, { step: 'initialize' });
  ssm.middlewareStack.add(guard, { step: 'initialize' });
  autoScaling.middlewareStack.add(guard, { step: 'initialize' });
  let machines = options.machines ?? MACHINES;
  const made = (): Machines =>
    operators === undefined ? machines : { template: { id: template, version: 'default' } };
  const open = () =>
    ec2Fleet({
      ec2,
      installation,
      tags: () => ({ CostCenter: '42' }),
      pools: () => ({ linux: made() }),
      timeout: seconds(10),
      note: (message) => unexpected({}, message),
    });
  return {
    clock,
    model,
    parameters,
    fleet: open(),
    reopen: open,
    ec2,
    autoScaling,
    groups,
    ssm,
    calls,
    installation,
    machines: made,
    account,
    renew: () => {
      machines = { ...machines, generation: `${machines.generation}+` };
    },
    knowTemplate: (id, known) => templates.add(id, known),
    async [Symbol.asyncDispose]() {
      ec2.destroy();
      autoScaling.destroy();
      ssm.destroy();
      await aws.close();
    },
  };
}
