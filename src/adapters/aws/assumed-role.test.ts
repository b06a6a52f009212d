import { describe, expect, it } from 'vitest';
import { answer, failure, type Reply, scriptedAws } from '../../../test/support/scripted-aws.ts';
import { seconds } from '../../engine/time.ts';
import { roleCredentials } from './assumed-role.ts';
import { limitsOf } from './aws-call.ts';
import { ec2Client, ssmClient } from './clients.ts';
import { describeImage } from './machine-image.ts';
import { readParameter } from './parameters.ts';

const NEVER = new AbortController().signal;
const ROLE = { arn: 'arn:aws:iam::111122223333:role/runtide', session: 'runtide-acme' };
const DENIED = failure('AccessDenied', 'User x is not authorized to perform: sts:AssumeRole', 403);

const TAKEN: Reply = {
  status: 200,
  body:
    '<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>' +
    '<AccessKeyId>ASIAOFTHEROLE</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>' +
    '<SessionToken>session-of-the-role</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>' +
    '</Credentials></AssumeRoleResult></AssumeRoleResponse>',
};
const IMAGES = answer(
  'DescribeImages',
  '<imagesSet><item><imageId>ami-00000001</imageId></item></imagesSet>',
);

async function withRole(assume: () => Reply, calls: number) {
  await using aws = await scriptedAws({
    AssumeRole: assume,
    DescribeImages: () => IMAGES,
    GetParameter: () => ({ status: 200, body: JSON.stringify({ Parameter: { Value: 'x' } }) }),
  });
  const url = aws.access.endpoints?.ec2 ?? '';
  const access = { ...aws.access, endpoints: { ec2: url, ssm: url, sts: url }, role: ROLE };
  const ec2 = ec2Client(access);
  for (let call = 0; call < calls; call++) {
    await describeImage(ec2, 'ami-00000001', limitsOf(NEVER, seconds(10)));
  }
  if (calls > 0) await readParameter(ssmClient(access), '/token', NEVER, seconds(10));
  return aws;
}

describe('a client with a role', () => {
  it('assumes it once for many calls, under the name of the installation', async () => {
    const aws = await withRole(() => TAKEN, 3);
    expect(aws.calls.map(({ action }) => action)).toEqual([
      'AssumeRole',
      'DescribeImages',
      'DescribeImages',
      'DescribeImages',
      'AssumeRole',
      'GetParameter',
    ]);
    expect(Object.fromEntries(aws.of('AssumeRole')[0] ?? [])).toMatchObject({
      RoleArn: ROLE.arn,
      RoleSessionName: 'runtide-acme',
    });
  });

  it.each<[what: string, reply: Reply, kind: string, next: string]>([
    ['is not allowed', DENIED, 'unauthorized', 'allow Runtide sts:AssumeRole'],
    ['is throttled', failure('Throttling', 'Rate exceeded', 400), 'throttled', 'check the network'],
    ['fails on the other side', failure('InternalFailure', '', 500), 'unavailable', 'check the network'],
    ['gets no answer', 'hang-up', 'unreachable', 'check the network'],
  ])('says so when that %s', async (_what, reply, kind, next) => {
    await expect(withRole(() => reply, 1)).rejects.toMatchObject({
      kind,
      message: expect.stringMatching(
        new RegExp(`^assuming role arn:aws:iam::111122223333:role/runtide: .*; ${next}`),
      ),
    });
  });

  it('says so when there is nobody who could assume it', async () => {
    const nobody = Object.assign(new Error('Could not load credentials from any providers'), {
      name: 'CredentialsProviderError',
    });
    const credentials = roleCredentials(ROLE, {
      region: 'eu-central-1',
      credentials: () => Promise.reject(nobody),
    });
    await expect(credentials()).rejects.toMatchObject({
      kind: 'unauthorized',
      message: expect.stringMatching(
        /^assuming role arn:aws:iam::111122223333:role\/runtide: no AWS credentials: .*; give this machine/,
      ),
    });
  });
});
