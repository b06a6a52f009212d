/** Fields in which moto is known to answer another way than the AWS double. */
export interface SessionDifference {
  /** Why they differ, and which of the two is like AWS. */
  readonly because: string;
  /** Names of the steps in which the fields differ. */
  readonly steps: readonly string[];
  /** As `differencesBetween` writes them: the double first, moto second. */
  readonly lines: readonly string[];
}

const BOUGHT = 'describe what was just bought';
const FOUND = 'find them by the tag of their launch';
const GONE = 'describe them once they are gone';
const INSTANCE = 'Reservations[].Instances[]';

/** Everything in which the two differ. What is not written here must be the same. */
export const SESSION_DIFFERENCES: readonly SessionDifference[] = [
  {
    because: 'the double leaves out of a subnet what Runtide never reads',
    steps: ['look up the subnets'],
    lines: [
      '+ Subnets[].AssignIpv6AddressOnCreation',
      '+ Subnets[].AvailabilityZoneId',
      '+ Subnets[].Ipv6CidrBlockAssociationSet',
      '+ Subnets[].Ipv6Native',
      '+ Subnets[].PrivateDnsNameOptionsOnLaunch',
      '+ Subnets[].SubnetArn',
      '+ Subnets[].Tags',
    ],
  },
  {
    because: 'the double leaves out of a security group what Runtide never reads',
    steps: ['look up the security group'],
    lines: [
      '+ SecurityGroups[].IpPermissions',
      '+ SecurityGroups[].IpPermissionsEgress',
      '+ SecurityGroups[].SecurityGroupArn',
      '+ SecurityGroups[].Tags',
    ],
  },
  {
    because: 'EC2 always answers an instant fleet with its errors, if there are any; moto has none to answer',
    steps: ['buy two spot instances'],
    lines: ['- Errors'],
  },
  {
    because: 'an instance of EC2 boots; one of moto runs at once',
    steps: [BOUGHT],
    lines: [`~ ${INSTANCE}.State.Code: 0 | 16`, `~ ${INSTANCE}.State.Name: "pending" | "running"`],
  },
  {
    because: 'the double leaves out of an instance what Runtide never reads',
    steps: [BOUGHT, FOUND, GONE],
    lines: [
      `+ ${INSTANCE}.BlockDeviceMappings`,
      `+ ${INSTANCE}.Hypervisor`,
      `+ ${INSTANCE}.NetworkInterfaces`,
      `+ ${INSTANCE}.ProductCodes`,
      `+ ${INSTANCE}.SriovNetSupport`,
    ],
  },
  {
    because: 'EC2 gives a reason only for a state that has one; moto gives an empty one',
    steps: [BOUGHT, FOUND],
    lines: [`+ ${INSTANCE}.StateReason`],
  },
  {
    because: 'moto takes neither profile nor metadata options from a launch template, and forgets the token',
    steps: [BOUGHT, FOUND, GONE],
    lines: [
      `- ${INSTANCE}.ClientToken`,
      `- ${INSTANCE}.IamInstanceProfile`,
      `~ ${INSTANCE}.MetadataOptions.HttpTokens: "required" | "optional"`,
    ],
  },
  {
    because: 'moto keeps of a registered image neither its architecture nor its virtualization',
    steps: [BOUGHT, FOUND, GONE],
    lines: [`- ${INSTANCE}.Architecture`, `- ${INSTANCE}.VirtualizationType`],
  },
  {
    because: 'EC2 names the spot request of a spot instance, and answers an empty name where none is public',
    steps: [BOUGHT, FOUND, GONE],
    lines: [`- ${INSTANCE}.PublicDnsName`, `- ${INSTANCE}.SpotInstanceRequestId`],
  },
  {
    because: 'EC2 looks whether what is tagged exists; moto tags anything',
    steps: ['tag an instance that does not exist'],
    lines: ['- error'],
  },
  {
    because: 'moto answers every console with the boot of an old Xen kernel',
    steps: ['read a console on which nothing was said'],
    lines: ['+ Output'],
  },
  {
    because: 'a terminated instance of EC2 has no network any more; one of moto keeps it',
    steps: [GONE],
    lines: [
      `+ ${INSTANCE}.PrivateIpAddress`,
      `+ ${INSTANCE}.SourceDestCheck`,
      `+ ${INSTANCE}.SubnetId`,
      `+ ${INSTANCE}.VpcId`,
      `~ ${INSTANCE}.PrivateDnsName: empty text | string`,
      `~ ${INSTANCE}.SecurityGroups: empty list | list`,
    ],
  },
  {
    because:
      'EC2 says of a terminated instance that it is terminated; moto says each time that it shuts down',
    steps: ['terminate them again'],
    lines: [
      '~ TerminatingInstances[].CurrentState.Code: 48 | 32',
      '~ TerminatingInstances[].CurrentState.Name: "terminated" | "shutting-down"',
    ],
  },
];
