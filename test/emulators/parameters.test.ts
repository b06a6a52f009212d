import { PutParameterCommand } from '@aws-sdk/client-ssm';
import { describe, expect, inject, it } from 'vitest';
import { ssmClient } from '../../src/adapters/aws/clients.ts';
import { readParameter } from '../../src/adapters/aws/parameters.ts';
import { PortError } from '../../src/controller/errors.ts';
import { seconds } from '../../src/engine/time.ts';
import { resetMoto } from './moto.ts';

const signal = new AbortController().signal;

async function emptySsm() {
  await resetMoto(inject('motoUrl'));
  const client = ssmClient({
    region: 'eu-central-1',
    endpoints: { ssm: inject('motoUrl') },
    credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'example' },
  });
  return { client, read: (name: string) => readParameter(client, name, signal, seconds(30)) };
}

describe("reading parameters of moto's Systems Manager", () => {
  it.each(['String', 'SecureString'] as const)('reads a %s as it was put', async (Type) => {
    const { client, read } = await emptySsm();
    const Value = 'glrt-aBc_123.01.0z';
    await client.send(new PutParameterCommand({ Name: '/runtide/linux/token', Value, Type }));
    expect(await read('/runtide/linux/token')).toBe(Value);
    client.destroy();
  });

  it('reads the newest value, by path and by ARN', async () => {
    const { client, read } = await emptySsm();
    const put = { Name: '/runtide/linux/token', Type: 'SecureString', Overwrite: true } as const;
    await client.send(new PutParameterCommand({ ...put, Value: 'old' }));
    await client.send(new PutParameterCommand({ ...put, Value: 'new' }));
    expect(await read('/runtide/linux/token')).toBe('new');
    expect(await read('arn:aws:ssm:eu-central-1:123456789012:parameter/runtide/linux/token')).toBe('new');
    client.destroy();
  });

  it('names the parameter that is missing, the request, and what to do', async () => {
    const { client, read } = await emptySsm();
    const error: unknown = await read('/runtide/none').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PortError);
    expect(error).toMatchObject({ kind: 'not-found' });
    expect(String(error)).toMatch(
      /reading SSM parameter \/runtide\/none: ParameterNotFound: .*\(request \S+\); create the SSM parameter/,
    );
    client.destroy();
  });
});
