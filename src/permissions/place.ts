import { PermissionError } from './policy.ts';

/** Where policies apply. */
export interface Place {
  /** `aws`, or another partition of AWS such as `aws-cn`. */
  readonly partition: string;
  readonly region: string;
  /** The account's number: 12 digits. */
  readonly account: string;
}

const PARTITIONS: readonly (readonly [RegExp, string])[] = [
  [/^cn-/, 'aws-cn'],
  [/^us-gov-/, 'aws-us-gov'],
  [/^us-iso-/, 'aws-iso'],
  [/^us-isob-/, 'aws-iso-b'],
  [/^eu-isoe-/, 'aws-iso-e'],
  [/^us-isof-/, 'aws-iso-f'],
];

/** The partition that a region belongs to. */
export function partitionOf(region: string): string {
  return PARTITIONS.find(([pattern]) => pattern.test(region))?.[1] ?? 'aws';
}

/** Checks the account's number. Throws `PermissionError`. */
export function placeOf(account: string, region: string, partition = partitionOf(region)): Place {
  if (!/^\d{12}$/.test(account)) {
    throw new PermissionError(
      `${JSON.stringify(account)} is no AWS account: give its 12 digits, as "aws sts get-caller-identity" shows them`,
    );
  }
  if (!/^aws(?:-[a-z]+){0,3}$/.test(partition)) {
    throw new PermissionError(`${JSON.stringify(partition)} is no partition: give one such as aws or aws-cn`);
  }
  return { partition, region, account };
}

/** The ARN of something that belongs to the account and the region, such as `('ec2', 'instance/*')`. */
export function arnIn({ partition, region, account }: Place, service: string, resource: string): string {
  return `arn:${partition}:${service}:${region}:${account}:${resource}`;
}

/** The ARN of an image: it belongs to a region and to no account. */
export function imageArn({ partition, region }: Place, image: string): string {
  return `arn:${partition}:ec2:${region}::image/${image}`;
}

/** The ARN of something in IAM, which knows no regions, such as `role/runtide-instance`. */
export function iamArn({ partition, account }: Place, resource: string): string {
  return `arn:${partition}:iam::${account}:${resource}`;
}

/** The ARN of a bucket or of objects in one, such as `cache/acme/*`. */
export function s3Arn({ partition }: Place, resource: string): string {
  return `arn:${partition}:s3:::${resource}`;
}

/** The name of EC2 as a principal, and as a service that roles are passed to. */
export function ec2Service({ partition }: Place): string {
  return partition === 'aws-cn' ? 'ec2.amazonaws.com.cn' : 'ec2.amazonaws.com';
}

/**
 * The ARN of an SSM parameter by its name, or by its ARN; `:version` and `:label` at its end do not count.
 * Public parameters (`/aws/…`) belong to no account.
 */
export function parameterArn(place: Place, name: string): string {
  if (name.startsWith('arn:')) return name.split(':').slice(0, 6).join(':');
  const [path = ''] = name.split(':');
  const resource = `parameter/${path.replace(/^\//, '')}`;
  if (path.startsWith('/aws/')) return `arn:${place.partition}:ssm:${place.region}::${resource}`;
  return arnIn(place, 'ssm', resource);
}
