import { EC2ServiceException } from '@aws-sdk/client-ec2';
import type { SSMClient } from '@aws-sdk/client-ssm';
import { ec2Client, ssmClient } from '../../src/adapters/aws/clients.ts';
import { ec2Fleet } from '../../src/adapters/aws/ec2-fleet.ts';
import type { PoolMachines } from '../../src/adapters/aws/launch-template.ts';
import { VirtualClock } from '../../src/adapters/memory/clock.ts';
import { Ec2 } from '../../src/adapters/memory/ec2/ec2.ts';
import { defaultPlace } from '../../src/adapters/memory/ec2/place.ts';
import { Ssm } from '../../src/adapters/memory/ec2/ssm.ts';
import type { Fleet } from '../../src/controller/ports.ts';
import { seconds } from '../../src/engine/time.ts';
import type { PolicyDocument } from '../../src/permissions/policy.ts';
import { startAws } from '../../src/sandbox/aws/server.ts';
import { ACCESS, type Account, type Calls, type KnownTemplate } from './access-of-calls.ts';
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
  readonly ssm: SSMClient;
  readonly calls: readonly RecordedCall[];
  /** What IAM looks up of it. */
  readonly account: Account;
  /** Makes pool `linux` one of another generation. */
  renew(): void;
}

export interface GuardOptions {
  readonly installation: string;
  readonly policies: readonly PolicyDocument[];
  readonly kmsKey?: string;
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

/** Starts an account in which the policies hold. */
export async function guardedAccount({
  installation,
  policies,
  kmsKey,
}: GuardOptions): Promise<GuardedAccount> {
  const clock = new VirtualClock();
  const model = new Ec2({ timers: clock, seed: 7 });
  const parameters = new Ssm(clock, 7);
  const aws = await startAws({ model, ssm: parameters, timers: clock, log: { error: unexpected } });
  const access = {
    region: defaultPlace.region,
    endpoints: { ec2: aws.url, ssm: aws.url },
    credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'example' },
  };
  const ec2 = ec2Client(access);
  const ssm = ssmClient(access);
  const templates = new Templates();
  const account: Account = {
    region: defaultPlace.region,
    number: defaultPlace.account,
    instanceTags: (id) => model.instance(id)?.tags,
    template: templates.find,
    ...(kmsKey !== undefined && { kmsKey }),
  };
  const calls: RecordedCall[] = [];
  const guard = guardOf(account, templates, policies, calls);
  ec2.middlewareStack.add(guard, { step: 'initialize' });
  ssm.middlewareStack.add(guard, { step: 'initialize' });
  let machines = MACHINES;
  const open = () =>
    ec2Fleet({
      ec2,
      installation,
      tags: () => ({ CostCenter: '42' }),
      pools: () => ({ linux: machines }),
      timeout: seconds(10),
      note: (message) => unexpected({}, message),
    });
  return {
    clock,
    model,
    parameters,
    fleet: open(),
    reopen: open,
    ssm,
    calls,
    account,
    renew: () => {
      machines = { ...machines, generation: `${machines.generation}+` };
    },
    async [Symbol.asyncDispose]() {
      ec2.destroy();
      ssm.destroy();
      await aws.close();
    },
  };
}
