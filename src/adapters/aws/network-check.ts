import {
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  type EC2Client,
  type SecurityGroup,
  type Subnet,
} from '@aws-sdk/client-ec2';
import { PortError } from '../../controller/errors.ts';
import { awsCall, type CallLimits } from './aws-call.ts';
import { invalidAnswer } from './errors.ts';

/** Where instances of a pool are to be. */
export interface PoolNetwork {
  readonly pool: string;
  readonly subnets: readonly string[];
  /** Absent where a launch template of the operator's names them. */
  readonly securityGroups?: readonly string[];
}

/** A network that instances can be in. */
export interface CheckedNetwork {
  readonly words: string;
  /** The zone of each subnet. */
  readonly zones: ReadonlyMap<string, string>;
}

function refused(doing: string, why: string, next: string): PortError {
  return new PortError({ kind: 'refused', system: 'ec2', doing, why, next });
}

async function subnetsOf(
  ec2: EC2Client,
  { pool, subnets }: PoolNetwork,
  limits: CallLimits,
): Promise<readonly Subnet[]> {
  const call = { system: 'ec2', doing: `looking up the subnets of pool ${pool}` } as const;
  const answer = await awsCall(call, limits, (options) =>
    ec2.send(new DescribeSubnetsCommand({ SubnetIds: [...subnets] }), options),
  );
  if (answer.Subnets === undefined) throw invalidAnswer(call, 'the subnets', answer.$metadata.requestId);
  return answer.Subnets;
}

async function groupsOf(
  ec2: EC2Client,
  { pool, securityGroups = [] }: PoolNetwork,
  limits: CallLimits,
): Promise<readonly SecurityGroup[]> {
  if (securityGroups.length === 0) return [];
  const call = { system: 'ec2', doing: `looking up the security groups of pool ${pool}` } as const;
  const answer = await awsCall(call, limits, (options) =>
    ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: [...securityGroups] }), options),
  );
  if (answer.SecurityGroups === undefined) {
    throw invalidAnswer(call, 'the security groups', answer.$metadata.requestId);
  }
  return answer.SecurityGroups;
}

/** The one VPC of the subnets. */
function vpcOf(doing: string, subnets: readonly Subnet[]): string {
  const byVpc = Map.groupBy(subnets, ({ VpcId = '' }) => VpcId);
  const [vpc = ''] = byVpc.keys();
  if (byVpc.size <= 1) return vpc;
  const parts = Array.from(
    byVpc,
    ([id, some]) => `${some.map(({ SubnetId }) => SubnetId).join(', ')} in ${id}`,
  );
  const next = 'name subnets of one VPC, and make a pool for each other VPC';
  throw refused(doing, `the subnets are in several VPCs: ${parts.join('; ')}`, next);
}

function checkGroups(doing: string, vpc: string, groups: readonly SecurityGroup[]): void {
  const strange = groups.find(({ VpcId }) => VpcId !== vpc);
  if (strange === undefined) return;
  const why = `security group ${strange.GroupId ?? ''} is in ${strange.VpcId ?? 'no VPC'}, and the subnets are in ${vpc}`;
  throw refused(doing, why, 'name security groups of the VPC of the subnets');
}

/** Free addresses of all subnets. */
function roomIn(doing: string, subnets: readonly Subnet[]): number {
  const room = subnets.reduce((sum, { AvailableIpAddressCount = 0 }) => sum + AvailableIpAddressCount, 0);
  if (room > 0) return room;
  throw refused(
    doing,
    'the subnets have no free address left',
    'free some, or add a subnet to instances.subnets',
  );
}

function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}

/**
 * Whether the subnets and security groups of a pool exist and belong together. Throws `refused` where instances
 * could not be launched into them.
 */
export async function checkNetwork(
  ec2: EC2Client,
  network: PoolNetwork,
  limits: CallLimits,
): Promise<CheckedNetwork> {
  const doing = `checking the network of pool ${network.pool}`;
  const [subnets, groups] = await Promise.all([
    subnetsOf(ec2, network, limits),
    groupsOf(ec2, network, limits),
  ]);
  const vpc = vpcOf(doing, subnets);
  checkGroups(doing, vpc, groups);
  const room = roomIn(doing, subnets);
  const zones = new Map(
    subnets.map(({ SubnetId = '', AvailabilityZone = '' }) => [SubnetId, AvailabilityZone]),
  );
  const where = [...new Set(zones.values())].toSorted().join(', ');
  const ofGroups =
    network.securityGroups === undefined ? '' : `, ${counted(groups.length, 'security group')}`;
  const free = room === 1 ? '1 free address' : `${room} free addresses`;
  return { words: `${counted(subnets.length, 'subnet')}${ofGroups} in ${vpc} (${where}); ${free}`, zones };
}
