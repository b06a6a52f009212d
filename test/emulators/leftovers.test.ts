import {
  CreateLaunchTemplateCommand,
  CreateTagsCommand,
  DescribeImagesCommand,
  DescribeLaunchTemplatesCommand,
  DescribeSnapshotsCommand,
  type EC2Client,
  RegisterImageCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, inject, it } from 'vitest';
import { limitsOf } from '../../src/adapters/aws/aws-call.ts';
import { ec2Client } from '../../src/adapters/aws/clients.ts';
import { awsTags, poolTags } from '../../src/adapters/aws/instance-tags.ts';
import { leftImages } from '../../src/adapters/aws/left-images.ts';
import { leftTemplates } from '../../src/adapters/aws/left-templates.ts';
import { removeLeftover } from '../../src/adapters/aws/leftover.ts';
import { seconds } from '../../src/engine/time.ts';
import { resetMoto } from './moto.ts';

const limits = () => limitsOf(new AbortController().signal, seconds(30));

async function emptyEc2(): Promise<EC2Client> {
  await resetMoto(inject('motoUrl'));
  return ec2Client({
    region: 'eu-central-1',
    endpoints: { ec2: inject('motoUrl') },
    credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'example' },
  });
}

async function template(ec2: EC2Client, pool: string, ImageId: string): Promise<string> {
  const { LaunchTemplate } = await ec2.send(
    new CreateLaunchTemplateCommand({
      LaunchTemplateName: `runtide-acme-${pool}`,
      LaunchTemplateData: { ImageId },
      TagSpecifications: [{ ResourceType: 'launch-template', Tags: awsTags(poolTags('acme', pool, {})) }],
    }),
  );
  return LaunchTemplate?.LaunchTemplateId ?? '';
}

/** An image, tagged as `runtide image` has it tagged; moto makes its snapshot. */
async function built(ec2: EC2Client, Name: string): Promise<string> {
  const { ImageId = '' } = await ec2.send(
    new RegisterImageCommand({ Name, Architecture: 'x86_64', RootDeviceName: '/dev/xvda' }),
  );
  const Tags = [{ Key: 'runtide:image', Value: 'packer' }];
  await ec2.send(new CreateTagsCommand({ Resources: [ImageId], Tags }));
  return ImageId;
}

async function snapshots(ec2: EC2Client): Promise<readonly (string | undefined)[]> {
  const { Snapshots } = await ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'] }));
  return (Snapshots ?? []).map(({ SnapshotId }) => SnapshotId);
}

describe("clean-up in moto's EC2", () => {
  it('deletes the templates of pools that are gone, and no others', async () => {
    const ec2 = await emptyEc2();
    const stays = await template(ec2, 'linux', 'ami-12345678');
    const goes = await template(ec2, 'gone', 'ami-12345678');
    const question = { ec2, installation: 'acme', pools: new Set(['linux']) };
    const { leftovers } = await leftTemplates(question, limits);
    expect(leftovers.map(({ id }) => id)).toEqual([goes]);
    for (const leftover of leftovers) await removeLeftover(ec2, leftover, limits());
    const { LaunchTemplates } = await ec2.send(new DescribeLaunchTemplatesCommand({}));
    expect(LaunchTemplates?.map(({ LaunchTemplateId }) => LaunchTemplateId)).toEqual([stays]);
    ec2.destroy();
  });

  it('deregisters what nothing uses, with its snapshot', async () => {
    const ec2 = await emptyEc2();
    const first = await built(ec2, 'golden-1');
    const second = await built(ec2, 'golden-2');
    // Moto's images all have one age: none is kept for being new.
    const question = { ec2, wanted: new Set([second]), keep: 0 };
    const { leftovers, spared } = await leftImages(question, limits);
    expect(spared).toMatchObject([{ id: second, because: 'the configuration means it' }]);
    const [leftover, ...others] = leftovers;
    expect(others).toEqual([]);
    if (leftover?.kind !== 'image') throw new Error('no image is left over');
    expect(leftover.id).toBe(first);
    const [snapshot = ''] = leftover.snapshots;
    expect(await snapshots(ec2)).toContain(snapshot);
    await removeLeftover(ec2, leftover, limits());
    expect(await snapshots(ec2)).not.toContain(snapshot);
    const { Images } = await ec2.send(new DescribeImagesCommand({ Owners: ['self'] }));
    expect(Images?.map(({ ImageId }) => ImageId)).toEqual([second]);
    ec2.destroy();
  });
});
