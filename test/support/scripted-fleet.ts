import { ec2Client } from '../../src/adapters/aws/clients.ts';
import { ec2Fleet } from '../../src/adapters/aws/ec2-fleet.ts';
import { launchTags } from '../../src/adapters/aws/instance-tags.ts';
import type { PoolMachines } from '../../src/adapters/aws/launch-template.ts';
import type { Fleet } from '../../src/controller/ports.ts';
import { type Duration, seconds } from '../../src/engine/time.ts';
import { answer, type Reply, type Script, type ScriptedAws, scriptedAws } from './scripted-aws.ts';

const MACHINES: PoolMachines = {
  generation: 'g1',
  imageId: 'ami-1',
  securityGroups: ['sg-1'],
  profile: 'runtide',
  userData: '#!/bin/sh\n',
};

/** The tags of an instance of launch `l-1`: pool linux, two slots. */
export const TAGS: ReadonlyMap<string, string> = launchTags(
  { installation: 'acme', pool: 'linux', launchId: 'l-1', slots: 2, generation: 'g1' },
  {},
);

/** How an instance differs from a running one on demand. */
export interface Difference {
  readonly tags?: ReadonlyMap<string, string>;
  readonly state?: string;
  readonly subnet?: string;
  readonly lifecycle?: string;
  readonly spotRequest?: string;
  /** The code of the reason for its state, and how it came about. */
  readonly reason?: readonly [code: string, how: string];
}

function element(name: string, text: string | undefined): string {
  return text === undefined ? '' : `<${name}>${text}</${name}>`;
}

function tagSet(tags: ReadonlyMap<string, string>): string {
  return Array.from(tags, ([key, value]) => `<item><key>${key}</key><value>${value}</value></item>`).join('');
}

/** One reservation of one instance, as DescribeInstances gives it. */
export function described(
  id: string,
  { tags = TAGS, state = 'running', subnet, lifecycle, spotRequest, reason }: Difference = {},
): string {
  const parts = [
    element('instanceId', id),
    element('instanceState', element('name', state)),
    element('instanceType', 'm7i.large'),
    element('launchTime', '2026-01-05T08:00:00.000Z'),
    element('subnetId', subnet),
    element('instanceLifecycle', lifecycle),
    element('spotInstanceRequestId', spotRequest),
    element('reason', reason?.[1]),
    element('stateReason', reason && element('code', reason[0])),
    element('tagSet', tagSet(tags)),
  ];
  return `<item><instancesSet><item>${parts.join('')}</item></instancesSet></item>`;
}

/** A DescribeInstances answer; with `next`, one page of several. */
export function listing(reservations: string, next?: string): Reply {
  return answer('DescribeInstances', element('reservationSet', reservations) + element('nextToken', next));
}

/** What `use` made of a fleet of installation `acme` with pool `linux`, over a scripted EC2. */
export async function withFleet<T>(
  script: Script,
  use: (fleet: Fleet) => Promise<T>,
  timeout: Duration = seconds(10),
): Promise<{ value: T; aws: ScriptedAws; notes: readonly string[] }> {
  await using aws = await scriptedAws(script);
  const notes: string[] = [];
  const fleet = ec2Fleet({
    ec2: ec2Client(aws.access),
    installation: 'acme',
    tags: () => ({ CostCenter: '42' }),
    pools: () => ({ linux: MACHINES }),
    timeout,
    note: (message) => notes.push(message),
  });
  return { value: await use(fleet), aws, notes };
}
