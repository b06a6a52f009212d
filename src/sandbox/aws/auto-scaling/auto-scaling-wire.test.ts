import * as sdk from '@aws-sdk/client-auto-scaling';
import { describe, expect, it } from 'vitest';
import { clientSettings, refusalOf, startAwsDouble } from '../../../../test/support/aws-double.ts';
import { createGroup, describeGroup, GROUP } from '../../../../test/support/aws-group.ts';

const SIGNED = `AWS4-HMAC-SHA256 Credential=sandbox/20260105/eu-central-1/autoscaling/aws4_request, SignedHeaders=host, Signature=${'0'.repeat(64)}`;

function ask(url: string, body: string): Promise<Response> {
  return fetch(url, { method: 'POST', body, headers: { authorization: SIGNED } });
}

describe('the wire of Auto Scaling', () => {
  it('answers as the service does: with a result, without one, and with an error', async () => {
    await using double = await startAwsDouble();
    const { url } = double.aws;
    const described = await ask(url, 'Action=DescribeAutoScalingGroups&Version=2011-01-01');
    const id = described.headers.get('x-amzn-requestid') ?? '';
    expect(await described.text()).toBe(
      '<DescribeAutoScalingGroupsResponse xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/">' +
        '<DescribeAutoScalingGroupsResult><AutoScalingGroups></AutoScalingGroups></DescribeAutoScalingGroupsResult>' +
        `<ResponseMetadata><RequestId>${id}</RequestId></ResponseMetadata></DescribeAutoScalingGroupsResponse>`,
    );
    await createGroup(double);
    const suspended = await ask(
      url,
      `Action=SuspendProcesses&Version=2011-01-01&AutoScalingGroupName=${GROUP}&ScalingProcesses=`,
    );
    expect(await suspended.text()).toMatch(
      /^<SuspendProcessesResponse [^>]*><ResponseMetadata><RequestId>[0-9a-f-]{36}<\/RequestId><\/ResponseMetadata><\/SuspendProcessesResponse>$/,
    );
    const refused = await ask(url, 'Action=SetDesiredCapacity&Version=2011-01-01');
    expect([refused.status, refused.headers.get('content-type')]).toEqual([400, 'text/xml']);
    expect(await refused.text()).toMatch(
      /^<ErrorResponse [^>]*><Error><Type>Sender<\/Type><Code>ValidationError<\/Code><Message>[^<]*AutoScalingGroupName<\/Message><\/Error><RequestId>[0-9a-f-]{36}<\/RequestId><\/ErrorResponse>$/,
    );
  });

  it.each([
    ['Action=MakeCoffee&Version=2011-01-01', 'InvalidAction'],
    ['Action=DescribeAutoScalingGroups&Version=2016-11-15', 'InvalidAction'],
    ['Action=DescribeAutoScalingGroups&Version=2011-01-01&Sugar=2', 'UnknownParameter'],
    ['Action=DescribeAutoScalingGroups&Version=2011-01-01&Filters=2', 'ValidationError'],
    ['Action=DescribeAutoScalingGroups&Version=2011-01-01&MaxRecords=many', 'ValidationError'],
  ])('refuses %s', async (body, code) => {
    await using double = await startAwsDouble();
    const answer = await ask(double.aws.url, body);
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain(`<Code>${code}</Code>`);
  });

  it('needs credentials for this region', async () => {
    await using double = await startAwsDouble();
    const elsewhere = new sdk.AutoScalingClient(clientSettings(double.aws.url, 'us-east-1'));
    expect(await refusalOf(elsewhere.send(new sdk.DescribeAutoScalingGroupsCommand({})))).toEqual({
      name: 'InvalidClientTokenId',
      status: 403,
      requestId: true,
    });
    elsewhere.destroy();
  });

  it('is throttled, unavailable or unanswered as scripted, apart from EC2', async () => {
    await using double = await startAwsDouble();
    const { autoScaling, groups } = double;
    const template = await createGroup(double);
    expect(template).toMatch(/^lt-/);
    const list = () => autoScaling.send(new sdk.DescribeAutoScalingGroupsCommand({}));
    groups.faults.throttle(1);
    expect(await refusalOf(list())).toEqual({ name: 'Throttling', status: 400, requestId: true });
    groups.faults.outage = 'unavailable';
    expect(await refusalOf(list())).toEqual({ name: 'ServiceUnavailable', status: 503, requestId: true });
    groups.faults.outage = 'unreachable';
    await expect(list()).rejects.toThrow(/socket hang up|ECONNRESET/);
    groups.faults.outage = undefined;
    groups.faults.loseAnswers();
    await expect(
      autoScaling.send(
        new sdk.SetDesiredCapacityCommand({ AutoScalingGroupName: GROUP, DesiredCapacity: 2 }),
      ),
    ).rejects.toThrow(/socket hang up|ECONNRESET/);
    expect((await describeGroup(double)).DesiredCapacity).toBe(2);
  });
});
