import { describe, expect, it } from 'vitest';
import {
  answer,
  failure,
  type ReceivedCall,
  type Reply,
  scriptedAws,
} from '../../../test/support/scripted-aws.ts';
import { described, listing, withFleet } from '../../../test/support/scripted-fleet.ts';
import { instant, milliseconds, seconds } from '../../engine/time.ts';
import { ec2Client } from './clients.ts';
import { ec2Fleet } from './ec2-fleet.ts';
import { FoundImage } from './machine-image.ts';

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
        DescribeImages: () =>
          answer('DescribeImages', '<imagesSet><item><imageId>ami-1</imageId></item></imagesSet>'),
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

function imaged(id: string, image: string): string {
  return described(id).replace('<instanceType>', `<imageId>${image}</imageId><instanceType>`);
}

async function noParameter(name: string): Promise<string> {
  throw new Error(`${name} is not expected to be read`);
}

describe('an image that instances follow', () => {
  const tagged = listing(imaged('i-1', 'ami-00000001') + imaged('i-2', 'ami-00000002') + described('i-3'));
  const newest = answer(
    'DescribeImages',
    '<imagesSet><item><imageId>ami-00000002</imageId><creationDate>2026-01-01</creationDate></item></imagesSet>',
  );

  async function generations(follow: boolean, images: () => Reply) {
    await using aws = await scriptedAws({ DescribeInstances: () => tagged, DescribeImages: images });
    const notes: string[] = [];
    const note = (message: string): void => void notes.push(message);
    const ec2 = ec2Client(aws.access);
    const query = { name: 'runner-*', owner: 'self' };
    const image = new FoundImage({ query, follow, ec2, readParameter: noParameter, now: () => AT, note });
    const linux = { generation: 'g1', image, securityGroups: ['sg-1'], profile: 'p', userData: '' };
    const fleet = ec2Fleet({
      ec2,
      installation: 'acme',
      tags: () => ({}),
      pools: () => ({ linux }),
      timeout: seconds(10),
      note,
    });
    await fleet.list(NEVER);
    const instances = await fleet.list(NEVER);
    return { found: instances.map(({ generation }) => generation), notes, aws };
  }

  it('makes instances of another image another generation', async () => {
    const { found, aws } = await generations(true, () => newest);
    expect(found).toEqual(['g1 of ami-00000001', 'g1', 'g1']);
    expect(aws.of('DescribeImages')).toHaveLength(1);
  });

  it('is not looked for when nobody follows it', async () => {
    const { found, aws } = await generations(false, () => newest);
    expect(found).toEqual(['g1', 'g1', 'g1']);
    expect(aws.of('DescribeImages')).toHaveLength(0);
  });

  it('replaces nothing while it is not known, and says so once', async () => {
    const { found, notes } = await generations(true, () => failure('InternalError', '', 500));
    expect(found).toEqual(['g1', 'g1', 'g1']);
    expect(notes).toEqual([expect.stringMatching(/^no image drifts in pool linux for now: looking for/)]);
  });
});

describe('a launch template of the operator', () => {
  it('is checked and pinned at every launch', async () => {
    await using aws = await scriptedAws({
      DescribeLaunchTemplateVersions: () => OTHER_VERSION,
    });
    const fleet = ec2Fleet({
      ec2: ec2Client(aws.access),
      installation: 'acme',
      tags: () => ({}),
      pools: () => ({ linux: { template: { id: 'lt-1', version: 'latest' } } }),
      timeout: seconds(10),
      note: () => undefined,
    });
    await expect(fleet.prepare('linux', NEVER)).rejects.toMatchObject({ kind: 'invalid-answer' });
    expect(aws.of('DescribeLaunchTemplateVersions')[0]?.get('LaunchTemplateVersion.1')).toBe('$Latest');
    expect(aws.of('CreateLaunchTemplateVersion')).toEqual([]);
  });
});
