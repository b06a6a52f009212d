import type { Instant } from '../../../engine/time.ts';
import type { Tag } from './tags.ts';

/** One subnet: it decides the zone. */
export interface Subnet {
  readonly id: string;
  readonly zone: string;
  readonly vpc: string;
  /** IPv4 range in CIDR notation; at most the last 16 bits are free. */
  readonly cidr: string;
}

/** One machine image. */
export interface Image {
  readonly id: string;
  readonly name: string;
  readonly architecture: 'x86_64' | 'arm64';
  readonly rootDevice: string;
  /** Default: it is not said. */
  readonly createdAt?: Instant;
  /** The snapshot that its root volume is made of. */
  readonly snapshot?: string;
  readonly tags?: readonly Tag[];
}

/** One security group. */
export interface SecurityGroup {
  readonly id: string;
  readonly name: string;
  readonly vpc: string;
}

/** What an account holds before Runtide comes. */
export interface Place {
  readonly region: string;
  /** The account's number: 12 digits. */
  readonly account: string;
  /** At least one; the first takes launches that name no subnet. */
  readonly subnets: readonly Subnet[];
  readonly images: readonly Image[];
  readonly securityGroups: readonly SecurityGroup[];
  /** Instance types that a zone does not offer; default: every zone offers every type. */
  readonly lacking?: readonly { readonly instanceType: string; readonly zone: string }[];
  /** Names of its instance profiles; default: every name that a launch gives is one. */
  readonly instanceProfiles?: readonly string[];
}

const vpc = 'vpc-0a1b2c3d4e5f60718';

/** A region with three zones, one subnet in each, an image per architecture and one security group. */
export const defaultPlace: Place = {
  region: 'eu-central-1',
  account: '123456789012',
  subnets: [
    { id: 'subnet-0a00000000000000a', zone: 'eu-central-1a', vpc, cidr: '10.0.0.0/18' },
    { id: 'subnet-0b00000000000000b', zone: 'eu-central-1b', vpc, cidr: '10.0.64.0/18' },
    { id: 'subnet-0c00000000000000c', zone: 'eu-central-1c', vpc, cidr: '10.0.128.0/18' },
  ],
  images: [
    { id: 'ami-0a000000000000001', name: 'runner-x86_64', architecture: 'x86_64', rootDevice: '/dev/xvda' },
    { id: 'ami-0a000000000000002', name: 'runner-arm64', architecture: 'arm64', rootDevice: '/dev/xvda' },
  ],
  securityGroups: [{ id: 'sg-0a000000000000001', name: 'runner', vpc }],
};

/** The address number `index` of a subnet; the first four belong to AWS. */
export function addressIn(subnet: Subnet, index: number): string {
  const [network = '10.0.0.0', prefix = '24'] = subnet.cidr.split('/');
  const [a = '10', b = '0', c = '0', d = '0'] = network.split('.');
  const free = 2 ** (32 - Number(prefix)) - 5;
  const host = Number(c) * 256 + Number(d) + 4 + (index % free);
  return `${a}.${b}.${host >>> 8}.${host & 255}`;
}
