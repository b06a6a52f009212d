import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import * as sdk from '@aws-sdk/nested-clients/sts';
import { describe, expect, it } from 'vitest';
import { clientSettings } from '../../../test/support/aws-double.ts';
import { mistakesInQueryAnswer } from '../../../test/support/sdk-model.ts';
import { VirtualClock } from '../../adapters/memory/clock.ts';
import { Ec2 } from '../../adapters/memory/ec2/ec2.ts';
import { defaultPlace } from '../../adapters/memory/ec2/place.ts';
import { Ssm } from '../../adapters/memory/ec2/ssm.ts';
import { instant, seconds } from '../../engine/time.ts';
import type { Exchange } from './exchange.ts';
import { startAws } from './server.ts';
import { Sts } from './sts.ts';

const HOME = defaultPlace.account;
const OTHER = '222222222222';
const ROLE = `arn:aws:iam::${OTHER}:role/ci/runtide`;
const GUARDED = `arn:aws:iam::${OTHER}:role/guarded`;

function world(clock: VirtualClock, account: string, region: string, seed: number) {
  const ssm = new Ssm(clock, seed);
  ssm.putParameter({ name: '/where', value: `${account} ${region}` });
  return { model: new Ec2({ timers: clock, seed, place: { ...defaultPlace, account, region } }), ssm };
}

/** Three worlds behind one address: two regions of the home account, and another account. */
async function threeWorlds() {
  // The SDK measures the end of a session by the clock of this machine.
  const clock = new VirtualClock(instant(Date.UTC(2100, 0, 1)));
  const seen: Exchange[] = [];
  const aws = await startAws({
    ...world(clock, HOME, 'eu-central-1', 1),
    elsewhere: [world(clock, HOME, 'eu-west-1', 2), world(clock, OTHER, 'eu-central-1', 3)],
    sts: new Sts({
      timers: clock,
      seed: 1,
      account: HOME,
      roles: [{ arn: ROLE }, { arn: GUARDED, externalId: 'acme' }],
    }),
    timers: clock,
    log: { error: (details, message) => expect.unreachable(`${message} ${JSON.stringify(details)}`) },
    observe: (exchange) => seen.push(exchange),
  });
  const take = (params: { RoleArn: string; ExternalId?: string; DurationSeconds?: number }) => {
    const { credentials, ...client } = clientSettings(aws.url);
    return fromTemporaryCredentials({
      masterCredentials: credentials,
      params: { RoleSessionName: 'runtide-acme', ...params },
      clientConfig: client,
    });
  };
  type Given = ReturnType<typeof take> | { accessKeyId: string; secretAccessKey: string };
  const where = async (credentials: Given, region: string): Promise<string | undefined> => {
    const client = new SSMClient({ ...clientSettings(aws.url, region), credentials });
    const { Parameter } = await client.send(new GetParameterCommand({ Name: '/where' }));
    client.destroy();
    return Parameter?.Value;
  };
  return { aws, clock, seen, take, where, [Symbol.asyncDispose]: () => aws.close() };
}

const FIXED = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'example' };

describe('roles over the wire', () => {
  it('lead into their account, and a signature into its region', async () => {
    await using worlds = await threeWorlds();
    const { take, where, seen } = worlds;
    expect(await where(FIXED, 'eu-central-1')).toBe(`${HOME} eu-central-1`);
    expect(await where(FIXED, 'eu-west-1')).toBe(`${HOME} eu-west-1`);
    expect(await where(take({ RoleArn: ROLE }), 'eu-central-1')).toBe(`${OTHER} eu-central-1`);
    expect(seen.map(({ service, caller }) => [service, caller])).toEqual([
      ['ssm', `arn:aws:iam::${HOME}:user/sandbox`],
      ['ssm', `arn:aws:iam::${HOME}:user/sandbox`],
      ['sts', `arn:aws:iam::${HOME}:user/sandbox`],
      ['ssm', `arn:aws:sts::${OTHER}:assumed-role/runtide/runtide-acme`],
    ]);
  });

  it("are answered as the SDK's model says", async () => {
    await using worlds = await threeWorlds();
    const given = await worlds.take({ RoleArn: ROLE, DurationSeconds: 900 })();
    expect(given.accessKeyId).toMatch(/^ASIA[0-9A-F]{16}$/);
    expect(given.expiration).toEqual(new Date(worlds.clock.now() + seconds(900)));
    const body = worlds.seen[0]?.body ?? '';
    expect(mistakesInQueryAnswer('AssumeRole', body, sdk)).toEqual([]);
    const wrong = body.replaceAll('SessionToken', 'Token');
    expect(mistakesInQueryAnswer('AssumeRole', wrong, sdk)).toEqual([
      'AssumeRoleResult/Credentials/Token: unknown element',
    ]);
  });

  it('open nothing where there is no world, and nothing once their session has ended', async () => {
    await using worlds = await threeWorlds();
    const { take, where, clock, aws } = worlds;
    await expect(where(take({ RoleArn: ROLE }), 'us-east-1')).rejects.toMatchObject({
      name: 'UnrecognizedClientException',
    });
    const given = await take({ RoleArn: ROLE, DurationSeconds: 900 })();
    expect(await where(async () => given, 'eu-central-1')).toBe(`${OTHER} eu-central-1`);
    const { sessionToken: _none, ...withoutToken } = given;
    for (const forged of [withoutToken, { ...given, accessKeyId: 'ASIA0000000000000000' }]) {
      const ec2 = new EC2Client({ ...clientSettings(aws.url), credentials: forged });
      await expect(ec2.send(new DescribeInstancesCommand({}))).rejects.toMatchObject({ name: 'AuthFailure' });
      ec2.destroy();
    }
    await clock.advance(seconds(900));
    await expect(where(async () => given, 'eu-central-1')).rejects.toMatchObject({
      name: 'UnrecognizedClientException',
    });
  });

  it('need to exist, and their external id', async () => {
    await using worlds = await threeWorlds();
    const { take } = worlds;
    const denied = {
      name: 'AccessDenied',
      message: expect.stringContaining('not authorized to perform: sts:AssumeRole'),
    };
    await expect(take({ RoleArn: `${ROLE}-2` })()).rejects.toMatchObject(denied);
    await expect(take({ RoleArn: GUARDED })()).rejects.toMatchObject(denied);
    await expect(take({ RoleArn: ROLE, ExternalId: 'acme' })()).rejects.toMatchObject(denied);
    expect((await take({ RoleArn: GUARDED, ExternalId: 'acme' })()).sessionToken).toMatch(/^[0-9a-f]{64}$/);
    await expect(take({ RoleArn: ROLE, DurationSeconds: 60 })()).rejects.toMatchObject({
      name: 'InvalidParameterValue',
    });
  });
});
