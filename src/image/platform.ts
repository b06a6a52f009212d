import type { Architecture } from '../bootstrap/architecture.ts';

/** The distributions that images are made of. */
export const SYSTEMS = ['al2023', 'ubuntu-24.04'] as const;
export type System = (typeof SYSTEMS)[number];

/** What an image starts from, and where it is built. */
export interface Platform {
  readonly system: System;
  readonly architecture: Architecture;
  /** The public SSM parameter that always names the distributor's latest AMI. */
  readonly baseParameter: string;
  /** Who may log in to the distributor's AMI. */
  readonly user: string;
  readonly rootDevice: string;
  /** A type that is large enough to build on. */
  readonly buildType: string;
}

const BASES = {
  al2023: {
    parameter: '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-ARCH',
    architectures: { amd64: 'x86_64', arm64: 'arm64' },
    user: 'ec2-user',
    rootDevice: '/dev/xvda',
  },
  'ubuntu-24.04': {
    parameter: '/aws/service/canonical/ubuntu/server/24.04/stable/current/ARCH/hvm/ebs-gp3/ami-id',
    architectures: { amd64: 'amd64', arm64: 'arm64' },
    user: 'ubuntu',
    rootDevice: '/dev/sda1',
  },
} as const satisfies Record<System, unknown>;

const BUILD_TYPES = { amd64: 'm7i.large', arm64: 'm7g.large' } as const satisfies Record<
  Architecture,
  string
>;

/** What AWS calls the things that an image of this kind needs. */
export function platformOf(system: System, architecture: Architecture): Platform {
  const { parameter, architectures, user, rootDevice } = BASES[system];
  return {
    system,
    architecture,
    baseParameter: parameter.replace('ARCH', architectures[architecture]),
    user,
    rootDevice,
    buildType: BUILD_TYPES[architecture],
  };
}
