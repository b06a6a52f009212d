import { describe, expect, it } from 'vitest';
import { answer, type Script, scriptedAws } from '../../../test/support/scripted-aws.ts';
import { instant, seconds } from '../../engine/time.ts';
import { limitsOf } from './aws-call.ts';
import { ec2Client } from './clients.ts';
import type { PoolMachines } from './launch-template.ts';
import { FoundImage } from './machine-image.ts';
import { MachineParts, type Machines } from './machine-parts.ts';

const PLAIN: PoolMachines = {
  generation: 'g1',
  imageId: 'ami-00000001',
  securityGroups: ['sg-1'],
  profile: 'runtide',
  userData: '#!/bin/sh\n',
};
const { imageId: _, ...FOUND } = PLAIN;

function describing(architecture = 'x86_64', root = '<rootDeviceName>/dev/xvda</rootDeviceName>'): Script {
  const mapping =
    '<blockDeviceMapping><item><deviceName>/dev/xvda</deviceName><ebs><volumeSize>8</volumeSize></ebs></item></blockDeviceMapping>';
  const item = (id: string): string =>
    `<item><imageId>${id}</imageId><name>runner</name><architecture>${architecture}</architecture>${root}${mapping}</item>`;
  return {
    DescribeImages: ({ form }) =>
      answer('DescribeImages', `<imagesSet>${item(form.get('ImageId.1') ?? 'ami-00000002')}</imagesSet>`),
  };
}

async function withParts<T>(
  script: Script,
  use: (parts: MachineParts, found: FoundImage, limits: ReturnType<typeof limitsOf>) => Promise<T>,
) {
  await using aws = await scriptedAws(script);
  const ec2 = ec2Client(aws.access);
  const found = new FoundImage({
    query: { name: 'runner-*', owner: 'self' },
    follow: false,
    ec2,
    readParameter: async () => '',
    now: () => instant(0),
    note: () => undefined,
  });
  const value = await use(new MachineParts(ec2), found, limitsOf(new AbortController().signal, seconds(10)));
  return { value, calls: aws.calls };
}

function check(machines: (image: FoundImage) => Machines) {
  return withParts(describing('arm64'), (parts, image, limits) =>
    parts.check('linux', machines(image), limits),
  );
}

describe('MachineParts', () => {
  it('encrypts the root volume where nothing is said of it', async () => {
    const { value } = await withParts(describing(), (parts, _found, limits) =>
      parts.of('linux', PLAIN, limits),
    );
    expect(value).toEqual({ ...PLAIN, rootVolume: { device: '/dev/xvda' } });
  });

  it('leaves an image without a root device as it is', async () => {
    const { value } = await withParts(describing('x86_64', ''), (parts, _found, limits) =>
      parts.of('linux', PLAIN, limits),
    );
    expect(value).toEqual(PLAIN);
  });

  it('puts the root volume at the root device of the image, asked once', async () => {
    const volume = { size: 50, throughput: 250 };
    const { value, calls } = await withParts(describing(), async (parts, _found, limits) => {
      await parts.of('linux', { ...PLAIN, volume }, limits);
      return parts.of('linux', { ...PLAIN, volume }, limits);
    });
    expect(value).toEqual({ ...PLAIN, rootVolume: { ...volume, device: '/dev/xvda' } });
    expect(calls).toHaveLength(1);
  });

  it('takes the image that was found', async () => {
    const { value } = await withParts(describing(), (parts, image, limits) =>
      parts.of('linux', { ...FOUND, image, architecture: 'amd64' }, limits),
    );
    expect(value).toMatchObject({ imageId: 'ami-00000002' });
  });

  it.each<[what: string, script: Script, machines: Partial<PoolMachines>, message: string]>([
    [
      'an image of another architecture',
      describing('arm64'),
      { volume: { size: 8 }, architecture: 'amd64' },
      'preparing the launch template of pool linux: image ami-00000001 is for arm64, and the instance types are amd64; give',
    ],
    [
      'a volume smaller than that of the image',
      describing(),
      { volume: { size: 7 } },
      'the root volume of image ami-00000001 has 8 GiB, and instances.volume.size is 7; write size: 8 or more',
    ],
    [
      'a volume for an image without a root device',
      describing('x86_64', ''),
      { volume: { size: 50 } },
      'image ami-00000001 names no root device',
    ],
  ])('refuses %s', async (_what, script, machines, message) => {
    await withParts(script, async (parts, _found, limits) => {
      const refused = parts.of('linux', { ...PLAIN, ...machines }, limits);
      await expect(refused).rejects.toMatchObject({
        kind: 'refused',
        message: expect.stringContaining(message),
      });
    });
  });

  it('says what machines will be made of', async () => {
    expect((await check(() => PLAIN)).value).toBe('image ami-00000001 (runner, arm64)');
    expect((await check((image) => ({ ...FOUND, image }))).value).toBe('image ami-00000002 (runner, arm64)');
    await expect(check(() => ({ ...PLAIN, architecture: 'amd64' }))).rejects.toMatchObject({
      kind: 'refused',
    });
    await expect(check(() => ({ template: { id: 'lt-1', version: 1 } }))).rejects.toThrow(
      'checking launch template lt-1 (version 1) of pool linux',
    );
  });
});
