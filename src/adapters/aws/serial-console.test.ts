import { describe, expect, it } from 'vitest';
import { answer, failure, type Reply } from '../../../test/support/scripted-aws.ts';
import { withFleet } from '../../../test/support/scripted-fleet.ts';

const NEVER = new AbortController().signal;

function output(text: string): Reply {
  return answer('GetConsoleOutput', `<output>${Buffer.from(text).toString('base64')}</output>`);
}

describe('console', () => {
  it('answers plain lines of the latest output', async () => {
    const { value, aws } = await withFleet(
      { GetConsoleOutput: () => output('\u001b[0;32mOK\u001b[0m\r\nruntide: boot failed: no aws\u0007\r\n') },
      (fleet) => fleet.console('i-1', NEVER),
    );
    expect(value).toBe('OK\nruntide: boot failed: no aws\n');
    expect(aws.of('GetConsoleOutput')[0]?.get('Latest')).toBe('true');
  });

  it('takes what there is where the latest is not to be had', async () => {
    const { value, aws } = await withFleet(
      {
        GetConsoleOutput: (call) =>
          call.form.has('Latest') ? failure('UnsupportedOperation') : output('posted'),
      },
      (fleet) => fleet.console('i-1', NEVER),
    );
    expect(value).toBe('posted');
    expect(aws.calls).toHaveLength(2);
  });

  it('is empty when there is none yet, and keeps the end of a long one', async () => {
    const none = await withFleet({ GetConsoleOutput: () => answer('GetConsoleOutput', '') }, (fleet) =>
      fleet.console('i-1', NEVER),
    );
    expect(none.value).toBe('');
    const long = await withFleet(
      { GetConsoleOutput: () => output(`${'x'.repeat(64_000)}the end`) },
      (fleet) => fleet.console('i-1', NEVER),
    );
    expect(long.value).toHaveLength(16_384);
    expect(long.value).toMatch(/xthe end$/);
  });

  it('fails for an instance that is not there', async () => {
    const script = { GetConsoleOutput: () => failure('InvalidInstanceID.NotFound') };
    await expect(withFleet(script, (fleet) => fleet.console('i-1', NEVER))).rejects.toMatchObject({
      kind: 'not-found',
    });
  });
});
