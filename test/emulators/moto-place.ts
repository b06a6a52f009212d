import {
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  type EC2Client,
  RegisterImageCommand,
} from '@aws-sdk/client-ec2';

/** What moto's account holds before Runtide comes. */
export interface MotoPlace {
  readonly image: string;
  /** One in each zone of the default VPC. */
  readonly subnets: readonly string[];
  readonly group: string;
}

function first(ids: readonly (string | undefined)[] | undefined, what: string): string {
  const [id] = ids ?? [];
  if (id === undefined) throw new Error(`moto has no ${what}`);
  return id;
}

/** Registers an image and looks up what moto has since its last reset: the ids are others each time. */
export async function motoPlace(ec2: EC2Client): Promise<MotoPlace> {
  const { Subnets } = await ec2.send(new DescribeSubnetsCommand({}));
  const { SecurityGroups } = await ec2.send(new DescribeSecurityGroupsCommand({}));
  const { ImageId } = await ec2.send(
    new RegisterImageCommand({ Name: 'runner-x86_64', Architecture: 'x86_64', RootDeviceName: '/dev/xvda' }),
  );
  return {
    image: first([ImageId], 'image'),
    subnets: (Subnets ?? []).flatMap(({ SubnetId }) => SubnetId ?? []),
    group: first(
      SecurityGroups?.map(({ GroupId }) => GroupId),
      'security group',
    ),
  };
}
