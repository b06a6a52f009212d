import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { type Reply, scriptedAws } from '../../../test/support/scripted-aws.ts';
import { seconds } from '../../engine/time.ts';
import { ssmClient } from './clients.ts';
import { readParameter, writeParameter } from './parameters.ts';

const SECRET = 'glrt-t1_aVerySecretValue';

async function read(reply: Reply): Promise<{ value: string; body: string }> {
  await using aws = await scriptedAws({ GetParameter: () => reply });
  const value = await readParameter(
    ssmClient(aws.access),
    '/runtide/linux/token',
    new AbortController().signal,
    seconds(10),
  );
  return { value, body: aws.calls[0]?.body ?? '' };
}

describe('readParameter', () => {
  it('answers the decrypted value', async () => {
    const { value, body } = await read({
      status: 200,
      body: JSON.stringify({ Parameter: { Name: 'x', Type: 'SecureString', Value: SECRET } }),
    });
    expect(value).toBe(SECRET);
    expect(JSON.parse(body)).toEqual({ Name: '/runtide/linux/token', WithDecryption: true });
  });

  it.each([
    ['ParameterNotFound', 'not-found', 'create the SSM parameter'],
    ['AccessDeniedException', 'unauthorized', 'IAM policy'],
    ['ThrottlingException', 'throttled', 'reading'],
    ['InvalidKeyId', 'refused', 'kms:Decrypt'],
    ['InternalServerError', 'unavailable', 'reading'],
  ])('turns %s into %s', async (code, kind, text) => {
    const reply = { status: 400, body: JSON.stringify({ __type: code }) };
    await expect(read(reply)).rejects.toMatchObject({
      kind,
      message: expect.stringMatching(
        new RegExp(`^reading SSM parameter /runtide/linux/token: ${code}.*request-1`),
      ),
    });
    await expect(read(reply)).rejects.toThrow(text);
  });

  it('never shows what it could not read', async () => {
    const error: unknown = await read({
      status: 200,
      body: `${SECRET}{"Parameter": {"Value": "${SECRET}`,
    }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: 'invalid-answer' });
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('aVerySecretValue');
  });

  it('takes an answer without a value as none', async () => {
    await expect(read({ status: 200, body: '{}' })).rejects.toMatchObject({
      kind: 'invalid-answer',
      message:
        'reading SSM parameter /runtide/linux/token: the answer lacks the value (request request-1); check what stands between this machine and the AWS endpoint',
    });
  });
});

describe('writeParameter', () => {
  async function write(reply: Reply, kmsKey?: string): Promise<unknown> {
    await using aws = await scriptedAws({ PutParameter: () => reply });
    const parameter = {
      name: '/runtide/gitlab-token',
      value: SECRET,
      ...(kmsKey !== undefined && { kmsKey }),
    };
    await writeParameter(ssmClient(aws.access), parameter, new AbortController().signal, seconds(10));
    return JSON.parse(aws.calls[0]?.body ?? '');
  }

  const done = { status: 200, body: JSON.stringify({ Version: 2, Tier: 'Standard' }) };
  const put = { Name: '/runtide/gitlab-token', Value: SECRET, Type: 'SecureString', Overwrite: true };

  it('writes over what stands there, encrypted', async () => {
    expect(await write(done)).toEqual(put);
    expect(await write(done, 'alias/runtide')).toEqual({ ...put, KeyId: 'alias/runtide' });
  });

  it('says why it cannot, and not what it had to write', async () => {
    const reply = {
      status: 400,
      body: JSON.stringify({ __type: 'AccessDeniedException', message: 'no' }),
    };
    const error: unknown = await write(reply).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      kind: 'unauthorized',
      message: expect.stringMatching(/^writing SSM parameter \/runtide\/gitlab-token: AccessDenied/),
    });
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('aVerySecretValue');
  });
});
