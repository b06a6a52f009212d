import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { EC2Client } from '@aws-sdk/client-ec2';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { type AssumedRole, roleCredentials } from './assumed-role.ts';

/** How the AWS APIs are reached. */
export interface AwsAccess {
  readonly region: string;
  /** Full URLs in place of the region's own endpoints: VPC endpoints, or a double. */
  readonly endpoints?: {
    readonly ec2?: string;
    readonly autoScaling?: string;
    readonly ssm?: string;
    readonly sts?: string;
    readonly sqs?: string;
    readonly cloudwatch?: string;
  };
  /**
   * Fixed credentials. Without them the SDK's default chain looks in the environment, the shared files, and
   * last the machine's own metadata service.
   */
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
  /** The role that is assumed with those credentials; absent: they are used themselves. */
  readonly role?: AssumedRole;
}

function credentialsOf({ region, endpoints, credentials, role }: AwsAccess) {
  if (role === undefined) return credentials;
  return roleCredentials(role, {
    region,
    ...(endpoints?.sts === undefined ? {} : { endpoint: endpoints.sts }),
    ...(credentials === undefined ? {} : { credentials }),
  });
}

function settings(access: AwsAccess, endpoint: string | undefined) {
  const credentials = credentialsOf(access);
  return {
    region: access.region,
    // One attempt: the next pass is the retry, and an attempt that nobody sees breaks the lease's time-out.
    maxAttempts: 1,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
  };
}

/** A client for EC2; the time-out of each call is the caller's. */
export function ec2Client(access: AwsAccess): EC2Client {
  return new EC2Client(settings(access, access.endpoints?.ec2));
}

/** A client for Auto Scaling; the time-out of each call is the caller's. */
export function autoScalingClient(access: AwsAccess): AutoScalingClient {
  return new AutoScalingClient(settings(access, access.endpoints?.autoScaling));
}

/** A client for Systems Manager; the time-out of each call is the caller's. */
export function ssmClient(access: AwsAccess): SSMClient {
  return new SSMClient(settings(access, access.endpoints?.ssm));
}

const silent = (): void => undefined;
/** Without one the SDK prints at every call that it takes the host of the queue's URL for the endpoint. */
const SILENT = { trace: silent, debug: silent, info: silent, warn: silent, error: silent };

/** A client for SQS; the time-out of each call is the caller's. */
export function sqsClient(access: AwsAccess): SQSClient {
  return new SQSClient({ ...settings(access, access.endpoints?.sqs), logger: SILENT });
}

/** A client for CloudWatch; the time-out of each call is the caller's. */
export function cloudWatchClient(access: AwsAccess): CloudWatchClient {
  return new CloudWatchClient({
    ...settings(access, access.endpoints?.cloudwatch),
    // What is measured against the limit of a request is what is sent.
    disableRequestCompression: true,
  });
}
