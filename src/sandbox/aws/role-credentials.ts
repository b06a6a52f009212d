import { randomBytes } from 'node:crypto';
import type { InstanceRecord } from '../../adapters/memory/ec2/instance-record.ts';
import { after, type Instant, minutes } from '../../engine/time.ts';

const VALID_FOR = minutes(6 * 60);

/** The name of an instance's role; here every role has the name of its profile. Undefined without a profile. */
export function roleOf({ data }: InstanceRecord): string | undefined {
  const { arn, name } = data.iamInstanceProfile ?? {};
  return name ?? arn?.split('/').at(-1);
}

/** Credentials of a role in the form in which the metadata give them. The access key names the instance. */
export function roleCredentials({ id }: InstanceRecord, now: Instant): string {
  return JSON.stringify({
    Code: 'Success',
    LastUpdated: new Date(now).toISOString(),
    Type: 'AWS-HMAC',
    AccessKeyId: `role-of-${id}`,
    SecretAccessKey: randomBytes(20).toString('hex'),
    Token: randomBytes(40).toString('base64'),
    Expiration: new Date(after(now, VALID_FOR)).toISOString(),
  });
}
