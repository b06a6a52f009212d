import { describe, expect, it } from 'vitest';
import { answer, failure, type Script, scriptedAws } from '../../../test/support/scripted-aws.ts';
import { isPortError } from '../../controller/errors.ts';
import { after, instant, minutes, seconds } from '../../engine/time.ts';
import { limitsOf } from './aws-call.ts';
import { ec2Client, ssmClient } from './clients.ts';
import { describeImage, FoundImage, type ImageQuery } from './machine-image.ts';
import { readParameter } from './parameters.ts';

const NEVER = new AbortController().signal;
const IMAGE = '/aws/service/image';

function image(id: string, created: string): string {
  return `<item><imageId>${id}</imageId><name>runner ${id}</name><creationDate>${created}</creationDate></item>`;
}

function mapping(device: string, size: number): string {
  return `<item><deviceName>${device}</deviceName><ebs><volumeSize>${size}</volumeSize></ebs></item>`;
}

function images(items: string) {
  return answer('DescribeImages', `<imagesSet>${items}</imagesSet>`);
}

function parameter(value: string) {
  return { status: 200, body: JSON.stringify({ Parameter: { Name: IMAGE, Type: 'String', Value: value } }) };
}

/** What `use` makes of an image that is looked up, with a clock of its own. */
async function withImage<T>(
  query: ImageQuery,
  script: Script,
  use: (image: FoundImage, wait: (length: number) => void) => Promise<T>,
) {
  await using aws = await scriptedAws(script);
  const notes: string[] = [];
  const ssm = ssmClient(aws.access);
  let now = instant(0);
  const found = new FoundImage({
    query,
    follow: false,
    ec2: ec2Client(aws.access),
    readParameter: (name, signal) => readParameter(ssm, name, signal, seconds(10)),
    now: () => now,
    note: (message) => notes.push(message),
  });
  const value = await use(found, (length) => {
    now = after(now, minutes(length));
  });
  return { value, aws, notes };
}

function resolve(found: FoundImage): Promise<string> {
  return found.resolve(limitsOf(NEVER, seconds(10)));
}

describe('FoundImage', () => {
  it('is the newest of those that fit', async () => {
    const { value, aws } = await withImage(
      { name: 'runner-*', owner: 'self' },
      {
        DescribeImages: () =>
          images(
            image('ami-00000001', '2026-01-01T00:00:00.000Z') +
              image('ami-00000003', '2026-01-03T00:00:00.000Z') +
              image('ami-00000002', '2026-01-02T00:00:00.000Z'),
          ),
      },
      resolve,
    );
    expect(value).toBe('ami-00000003');
    expect(Object.fromEntries(aws.of('DescribeImages')[0] ?? [])).toMatchObject({
      'Owner.1': 'self',
      'Filter.1.Name': 'name',
      'Filter.1.Value.1': 'runner-*',
      'Filter.2.Name': 'state',
      'Filter.2.Value.1': 'available',
    });
  });

  it('is what the parameter says, asked once an hour', async () => {
    const { value, aws } = await withImage(
      { parameter: IMAGE },
      { GetParameter: (_call, nth) => parameter(`ami-0000000${nth}`) },
      async (found, wait) => {
        const before = found.id;
        const first = await resolve(found);
        wait(59);
        const second = await resolve(found);
        wait(1);
        return [before, first, second, await resolve(found), found.id];
      },
    );
    expect(value).toEqual([undefined, 'ami-00000000', 'ami-00000000', 'ami-00000001', 'ami-00000001']);
    expect(aws.calls).toHaveLength(2);
  });

  it('stays while it cannot be looked up, says so, and tries again in five minutes', async () => {
    const { value, notes, aws } = await withImage(
      { parameter: IMAGE },
      {
        GetParameter: (_call, nth) =>
          nth === 1 ? failure('InternalServerError', '', 500) : parameter(`ami-0000000${nth}`),
      },
      async (found, wait) => {
        await resolve(found);
        wait(60);
        const during = await resolve(found);
        wait(4);
        const still = await resolve(found);
        wait(1);
        return [during, still, await resolve(found)];
      },
    );
    expect(value).toEqual(['ami-00000000', 'ami-00000000', 'ami-00000002']);
    expect(notes).toEqual([expect.stringMatching(/^image ami-00000000 stays: reading SSM parameter/)]);
    expect(aws.calls).toHaveLength(3);
  });

  it('fails while nothing is known', async () => {
    const { notes } = await withImage(
      { parameter: IMAGE },
      { GetParameter: () => ({ status: 400, body: JSON.stringify({ __type: 'ParameterNotFound' }) }) },
      async (found) => {
        await expect(resolve(found)).rejects.toMatchObject({ kind: 'not-found' });
        await expect(resolve(found)).rejects.toMatchObject({ kind: 'not-found' });
      },
    );
    expect(notes).toEqual([]);
  });

  it.each<[what: string, query: ImageQuery, script: Script, message: string]>([
    [
      'a parameter that holds something else',
      { parameter: IMAGE },
      { GetParameter: () => parameter('{"image_id":"ami-00000001"}') },
      `reading the image in SSM parameter ${IMAGE}: its value is no id of an AMI; name a parameter`,
    ],
    [
      'a name that no image has',
      { name: 'runner-*', owner: 'self' },
      { DescribeImages: () => images('') },
      'looking for the newest image named runner-* of self: there is none; check the name',
    ],
  ])('refuses %s', async (_what, query, script, message) => {
    await withImage(query, script, async (found) => {
      await expect(resolve(found)).rejects.toSatisfy((error) => isPortError(error, 'refused'));
      await expect(resolve(found)).rejects.toThrow(message);
    });
  });

  it('does not take an empty answer for no image', async () => {
    await withImage(
      { name: 'runner-*', owner: 'self' },
      { DescribeImages: () => answer('DescribeImages', '') },
      async (found) => {
        await expect(resolve(found)).rejects.toMatchObject({ kind: 'invalid-answer' });
      },
    );
  });
});

async function described(items: string) {
  await using aws = await scriptedAws({ DescribeImages: () => images(items) });
  return await describeImage(ec2Client(aws.access), 'ami-00000001', limitsOf(NEVER, seconds(10)));
}

describe('describeImage', () => {
  it('reads architecture and root volume', async () => {
    expect(
      await described(
        '<item><imageId>ami-00000001</imageId><name>runner</name><architecture>arm64</architecture>' +
          '<rootDeviceName>/dev/xvda</rootDeviceName>' +
          `<blockDeviceMapping>${mapping('/dev/sdb', 99)}${mapping('/dev/xvda', 8)}</blockDeviceMapping></item>`,
      ),
    ).toEqual({
      id: 'ami-00000001',
      name: 'runner',
      architecture: 'arm64',
      rootDevice: '/dev/xvda',
      rootSize: 8,
    });
  });

  it('leaves out what is not known', async () => {
    const item = '<item><imageId>ami-00000001</imageId><architecture>i386</architecture></item>';
    expect(await described(item)).toEqual({ id: 'ami-00000001', name: '' });
  });

  it('refuses an image that cannot be seen', async () => {
    await expect(described('')).rejects.toMatchObject({
      kind: 'refused',
      message:
        'looking up image ami-00000001: there is none; check instances.image of the pool, and its region',
    });
  });
});
