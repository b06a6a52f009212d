import { DescribeInstancesCommand, type EC2Client } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { failure, type Reply, scriptedAws } from '../../../test/support/scripted-aws.ts';
import { isPortError, type PortError } from '../../controller/errors.ts';
import { type Duration, milliseconds, seconds } from '../../engine/time.ts';
import { awsCall, limitsOf } from './aws-call.ts';
import { ec2Client } from './clients.ts';
import { awsCode } from './errors.ts';

const CALL = { system: 'ec2', doing: 'listing instances' } as const;
const NEVER = new AbortController().signal;

function describeInstances(ec2: EC2Client, signal: AbortSignal, timeout: Duration): Promise<unknown> {
  return awsCall(CALL, limitsOf(signal, timeout), (options) =>
    ec2.send(new DescribeInstancesCommand({}), options),
  );
}

async function failureOf(promise: Promise<unknown>): Promise<PortError> {
  try {
    await promise;
  } catch (error) {
    if (isPortError(error)) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

async function failureFor(reply: Reply): Promise<PortError> {
  await using aws = await scriptedAws({ DescribeInstances: () => reply });
  return await failureOf(describeInstances(ec2Client(aws.access), NEVER, seconds(10)));
}

describe('the table of AWS codes', () => {
  it.each([
    ['RequestLimitExceeded', 503, 'throttled', ''],
    ['Throttling', 400, 'throttled', ''],
    ['EC2ThrottledException', 400, 'throttled', ''],
    ['UnauthorizedOperation', 403, 'unauthorized', 'IAM policy'],
    ['AuthFailure', 401, 'unauthorized', 'credentials'],
    ['AuthFailure.ServiceLinkedRoleCreationNotPermitted', 403, 'unauthorized', 'create-service-linked-role'],
    ['ExpiredToken', 400, 'unauthorized', 'renew'],
    ['RequestExpired', 400, 'unauthorized', 'clock'],
    ['OptInRequired', 401, 'unauthorized', 'subscribe'],
    ['InvalidAMIID.NotFound', 400, 'refused', 'instances.image'],
    ['InvalidAMIID.Unavailable', 400, 'refused', 'instances.image'],
    ['InvalidAMIID.Malformed', 400, 'refused', 'instances.image'],
    ['InvalidSubnetID.NotFound', 400, 'refused', 'instances.subnets'],
    ['InvalidGroup.NotFound', 400, 'refused', 'instances.securityGroups'],
    ['InvalidSecurityGroupID.NotFound', 400, 'refused', 'instances.securityGroups'],
    ['InvalidIamInstanceProfile.NotFound', 400, 'refused', 'instances.profile'],
    ['InvalidParameterValue', 400, 'refused', 'instances'],
    ['InvalidInstanceID.NotFound', 400, 'not-found', ''],
    ['InvalidInstanceID.Malformed', 400, 'refused', ''],
    ['InvalidLaunchTemplateId.VersionNotFound', 400, 'not-found', 'makes it again'],
    ['ServiceUnavailable', 503, 'unavailable', ''],
    ['InternalError', 500, 'unavailable', ''],
    ['NeverHeardOf', 400, 'refused', ''],
    ['NeverHeardOf', 500, 'unavailable', ''],
    ['constructor', 400, 'refused', ''],
  ])('%s (HTTP %d) is %s', async (code, status, kind, next) => {
    const error = await failureFor(failure(code, 'in words', status));
    expect(error.kind).toBe(kind);
    expect(error.message).toContain(`listing instances: ${code}: in words (request request-1)`);
    expect(error.details.next ?? '').toContain(next);
    expect(awsCode(error)).toBe(code);
  });

  it('leaves out the encoded part of a refusal', async () => {
    const error = await failureFor(
      failure('UnauthorizedOperation', 'No. Encoded authorization failure message: qV3x', 403),
    );
    expect(error.details.why).toBe('UnauthorizedOperation: No.');
  });
});

describe('answers that are not of AWS', () => {
  it.each([
    [502, '<html><body>Bad Gateway<br></body></html>', 'unavailable'],
    [503, '', 'unavailable'],
    [200, '<html><body>Log in<br></body></html>', 'invalid-answer'],
    [404, 'no such page', 'invalid-answer'],
  ])('HTTP %d with %j is %s', async (status, body, kind) => {
    const error = await failureFor({ status, body });
    expect(error.kind).toBe(kind);
    expect(error.details.requestId).toBe('request-1');
    expect(error.message).not.toContain('html');
  });
});

describe('calls without an answer', () => {
  it('is unreachable when the connection breaks, after one attempt', async () => {
    await using aws = await scriptedAws({ DescribeInstances: () => 'hang-up' });
    const error = await failureOf(describeInstances(ec2Client(aws.access), NEVER, seconds(10)));
    expect(error.kind).toBe('unreachable');
    expect(error.details.next).toContain('aws.endpoints');
    expect(aws.calls).toHaveLength(1);
  });

  it('asks once when it is throttled or the other side fails', async () => {
    await using aws = await scriptedAws({
      DescribeInstances: () => failure('RequestLimitExceeded', '', 503),
    });
    await failureOf(describeInstances(ec2Client(aws.access), NEVER, seconds(10)));
    expect(aws.calls).toHaveLength(1);
  });

  it('is unreachable after the time-out', async () => {
    await using aws = await scriptedAws({ DescribeInstances: () => 'silence' });
    const error = await failureOf(describeInstances(ec2Client(aws.access), NEVER, milliseconds(50)));
    expect(error.kind).toBe('unreachable');
    expect(error.details.why).toBe('no answer within the time-out');
  });

  it('ends when the caller aborts', async () => {
    const caller = new AbortController();
    await using aws = await scriptedAws({
      DescribeInstances: () => {
        caller.abort();
        return 'silence';
      },
    });
    const error = await failureOf(describeInstances(ec2Client(aws.access), caller.signal, seconds(10)));
    expect(error.kind).toBe('unreachable');
    expect(error.details.why).toBe('stopped before it was answered');
  });

  it('does not start once the caller has aborted', async () => {
    await using aws = await scriptedAws({});
    const error = await failureOf(describeInstances(ec2Client(aws.access), AbortSignal.abort(), seconds(10)));
    expect(error.kind).toBe('unreachable');
    expect(error.details.why).toBe('stopped before it began');
    expect(aws.calls).toHaveLength(0);
  });
});
