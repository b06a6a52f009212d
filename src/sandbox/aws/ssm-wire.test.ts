import * as sdk from '@aws-sdk/client-ssm';
import { describe, expect, it } from 'vitest';
import { startAwsDouble } from '../../../test/support/aws-double.ts';

async function refusalOf(sent: Promise<unknown>): Promise<unknown> {
  return sent.then(
    () => 'no error',
    (error: unknown) =>
      error instanceof sdk.SSMServiceException && [
        error.name,
        error.$metadata.httpStatusCode,
        error.$metadata.requestId,
      ],
  );
}

describe('parameters', () => {
  it('are written and read, secure ones only when decrypted', async () => {
    await using double = await startAwsDouble();
    const { clock, ssm } = double;
    const put = { Name: '/pool/token', Value: 'glrt-secret', Type: 'SecureString' } as const;
    expect((await ssm.send(new sdk.PutParameterCommand(put))).Version).toBe(1);
    const open = await ssm.send(new sdk.GetParameterCommand({ Name: '/pool/token', WithDecryption: true }));
    expect(open.$metadata.requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(open.Parameter).toEqual({
      ARN: 'arn:aws:ssm:eu-central-1:123456789012:parameter/pool/token',
      DataType: 'text',
      LastModifiedDate: new Date(clock.now()),
      Name: '/pool/token',
      Type: 'SecureString',
      Value: 'glrt-secret',
      Version: 1,
    });
    const closed = await ssm.send(new sdk.GetParameterCommand({ Name: '/pool/token' }));
    expect(closed.Parameter?.Value).not.toContain('secret');
  });

  it('are read together, and those that are not there are named', async () => {
    await using double = await startAwsDouble();
    const { ssm } = double;
    await ssm.send(new sdk.PutParameterCommand({ Name: 'a', Value: '1', Type: 'String' }));
    const answer = await ssm.send(new sdk.GetParametersCommand({ Names: ['a', 'b'] }));
    expect(answer.Parameters?.map((one) => one.Value)).toEqual(['1']);
    expect(answer.InvalidParameters).toEqual(['b']);
  });

  it('are deleted', async () => {
    await using double = await startAwsDouble();
    const { ssm, parameters } = double;
    await ssm.send(new sdk.PutParameterCommand({ Name: '/a', Value: '1', Type: 'SecureString' }));
    await ssm.send(new sdk.DeleteParameterCommand({ Name: '/a' }));
    expect(parameters.names()).toEqual([]);
    expect(await refusalOf(ssm.send(new sdk.DeleteParameterCommand({ Name: '/a' })))).toEqual([
      'ParameterNotFound',
      400,
      expect.stringMatching(/^[0-9a-f-]{36}$/),
    ]);
  });

  it('are refused by name', async () => {
    await using double = await startAwsDouble();
    const { aws, ssm } = double;
    const missing = ssm.send(new sdk.GetParameterCommand({ Name: 'none' }));
    const id = expect.stringMatching(/^[0-9a-f-]{36}$/);
    expect(await refusalOf(missing)).toEqual(['ParameterNotFound', 400, id]);
    const put = new sdk.PutParameterCommand({ Name: 'a', Value: '1', Type: 'String' });
    await ssm.send(put);
    expect(await refusalOf(ssm.send(put))).toEqual(['ParameterAlreadyExists', 400, id]);
    const tiered = new sdk.PutParameterCommand({ Name: 'b', Value: '1', Tier: 'Advanced' });
    expect(await refusalOf(ssm.send(tiered))).toEqual(['ValidationException', 400, id]);
    expect(await refusalOf(ssm.send(new sdk.ListCommandsCommand({})))).toEqual([
      'UnknownOperationException',
      400,
      id,
    ]);
    const unsigned = await fetch(aws.url, {
      method: 'POST',
      headers: { 'x-amz-target': 'AmazonSSM.GetParameter' },
    });
    expect([unsigned.status, await unsigned.json()]).toEqual([
      400,
      {
        __type: 'UnrecognizedClientException',
        message: 'The security token included in the request is invalid.',
      },
    ]);
  });
});
