import { describe, expect, it } from 'vitest';
import { answer, failure, type ReceivedCall, type Reply } from '../../../test/support/scripted-aws.ts';
import { withFleet } from '../../../test/support/scripted-fleet.ts';
import { instant, milliseconds } from '../../engine/time.ts';

const NEVER = new AbortController().signal;
const AT = instant(Date.UTC(2026, 0, 5, 8));
const OTHER_VERSION = answer(
  'DescribeLaunchTemplateVersions',
  '<launchTemplateVersionSet><item><launchTemplateId>lt-1</launchTemplateId><versionNumber>1</versionNumber><versionDescription>other</versionDescription></item></launchTemplateVersionSet>',
);

function added(version: number): Reply {
  return answer(
    'CreateLaunchTemplateVersion',
    `<launchTemplateVersion><launchTemplateId>lt-1</launchTemplateId><versionNumber>${version}</versionNumber></launchTemplateVersion>`,
  );
}

function idsIn(call: ReceivedCall): string[] {
  return [...call.form].filter(([key]) => key.startsWith('InstanceId.')).map(([, id]) => id);
}

function drainMeeting(code: string) {
  const script = { CreateTags: () => failure(code, code, 403) };
  return withFleet(script, (fleet) => fleet.drain(['i-1'], 'idle', AT, NEVER));
}

describe('terminate', () => {
  it('drops the ids that are gone and ends the rest', async () => {
    const { aws } = await withFleet(
      {
        TerminateInstances: (call) =>
          idsIn(call).includes('i-2')
            ? failure('InvalidInstanceID.NotFound', "The instance ID 'i-2' does not exist")
            : answer('TerminateInstances', '<instancesSet/>'),
      },
      (fleet) => fleet.terminate(['i-1', 'i-2', 'i-3'], NEVER),
    );
    const [, last] = aws.of('TerminateInstances');
    expect(last?.get('InstanceId.1')).toBe('i-1');
    expect(last?.get('InstanceId.2')).toBe('i-3');
    expect(aws.calls).toHaveLength(2);
  });

  it('takes an instance that is gone for ended, whatever EC2 says of it', async () => {
    const { aws } = await withFleet(
      { TerminateInstances: () => failure('InvalidInstanceID.NotFound', 'gone') },
      (fleet) => fleet.terminate(['i-1'], NEVER),
    );
    expect(aws.calls).toHaveLength(1);
  });

  it('says what to do about protection', async () => {
    await expect(
      withFleet({ TerminateInstances: () => failure('OperationNotPermitted') }, (fleet) =>
        fleet.terminate(['i-1', 'i-2', 'i-3', 'i-4'], NEVER),
      ),
    ).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringMatching(/^terminating instances i-1, i-2, i-3 and 1 more: .*protection/),
    });
  });
});

describe('drain', () => {
  it('sets the tag', async () => {
    const { aws } = await withFleet(
      { CreateTags: () => answer('CreateTags', '<return>true</return>') },
      (fleet) => fleet.drain(['i-1'], 'expired', AT, NEVER),
    );
    expect(Object.fromEntries(aws.of('CreateTags')[0] ?? [])).toMatchObject({
      'ResourceId.1': 'i-1',
      'Tag.1.Key': 'runtide:drain',
      'Tag.1.Value': 'expired@2026-01-05T08:00:00.000Z',
    });
  });

  it('is done when the instance is gone, and fails otherwise', async () => {
    await expect(drainMeeting('InvalidInstanceID.NotFound')).resolves.toMatchObject({ value: undefined });
    await expect(drainMeeting('UnauthorizedOperation')).rejects.toMatchObject({ kind: 'unauthorized' });
  });

  it('does not start once the caller has aborted, and ends at the time-out', async () => {
    const aborted = withFleet({}, (fleet) => fleet.drain(['i-1'], 'idle', AT, AbortSignal.abort()));
    await expect(aborted).rejects.toMatchObject({ kind: 'unreachable' });
    const silent = withFleet(
      { CreateTags: () => 'silence' },
      (fleet) => fleet.drain(['i-1'], 'idle', AT, NEVER),
      milliseconds(50),
    );
    await expect(silent).rejects.toThrow('no answer within the time-out');
  });
});

describe('prepare', () => {
  it('remembers a version until a launch is refused', async () => {
    const request = {
      launchId: 'l-1',
      pool: 'linux',
      count: 1,
      offerings: [{ instanceType: 'm7i.large', market: 'spot' }],
      slots: 1,
      generation: 'g1',
      template: { id: 'lt-1', version: '2' },
    } as const;
    const { value, aws } = await withFleet(
      {
        DescribeLaunchTemplateVersions: () => OTHER_VERSION,
        CreateLaunchTemplateVersion: (_call, nth) => added(nth + 2),
        CreateFleet: () => failure('InvalidLaunchTemplateId.VersionNotFound'),
      },
      async (fleet) => {
        const pins = [await fleet.prepare('linux', NEVER), await fleet.prepare('linux', NEVER)];
        await expect(fleet.launch(request, NEVER)).rejects.toMatchObject({ kind: 'refused' });
        return [...pins, await fleet.prepare('linux', NEVER)];
      },
    );
    expect(value.map(({ version }) => version)).toEqual(['2', '2', '3']);
    expect(aws.of('DescribeLaunchTemplateVersions')).toHaveLength(2);
  });

  it('refuses a pool that is not configured', async () => {
    await expect(withFleet({}, (fleet) => fleet.prepare('mac', NEVER))).rejects.toMatchObject({
      kind: 'refused',
    });
  });
});
