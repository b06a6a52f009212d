import {
  CreateLaunchTemplateCommand,
  CreateLaunchTemplateVersionCommand,
  DescribeLaunchTemplatesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { type AwsDouble, fleetOf, startAwsDouble } from '../../../test/support/aws-double.ts';
import { seconds } from '../../engine/time.ts';
import { defaultPlace } from '../memory/ec2/place.ts';
import { limitsOf } from './aws-call.ts';
import { awsTags, poolTags } from './instance-tags.ts';
import { imagesOfTemplate, leftImages } from './left-images.ts';
import { leftTemplates } from './left-templates.ts';
import { type Ec2Leftover, type Examination, type Leftover, removeLeftover } from './leftover.ts';

const NEVER = new AbortController().signal;
const limits = () => limitsOf(NEVER, seconds(10));
const [X86] = defaultPlace.images;
const SUBNET = defaultPlace.subnets[0]?.id;

/** Makes the launch template of a pool; `installation` empty: somebody else's, without our tags. */
async function template(
  { ec2 }: AwsDouble,
  pool: string,
  images: readonly string[],
  installation = 'acme',
): Promise<string> {
  const [first, ...more] = images.map((ImageId) => ({ ImageId }));
  const { LaunchTemplate } = await ec2.send(
    new CreateLaunchTemplateCommand({
      LaunchTemplateName: `runtide-${installation}-${pool}`,
      LaunchTemplateData: first,
      TagSpecifications:
        installation === ''
          ? []
          : [{ ResourceType: 'launch-template', Tags: awsTags(poolTags(installation, pool, {})) }],
    }),
  );
  const LaunchTemplateId = LaunchTemplate?.LaunchTemplateId ?? '';
  for (const LaunchTemplateData of more) {
    await ec2.send(new CreateLaunchTemplateVersionCommand({ LaunchTemplateId, LaunchTemplateData }));
  }
  return LaunchTemplateId;
}

/** Launches one instance of the template. */
async function launch({ ec2, clock }: AwsDouble, LaunchTemplateId: string): Promise<string> {
  const { Instances } = await ec2.send(
    fleetOf(LaunchTemplateId, {
      LaunchTemplateConfigs: [
        {
          LaunchTemplateSpecification: { LaunchTemplateId, Version: '$Latest' },
          Overrides: [{ InstanceType: 'm7i.large', SubnetId: SUBNET }],
        },
      ],
      TargetCapacitySpecification: { TotalTargetCapacity: 1, DefaultTargetCapacityType: 'on-demand' },
    }),
  );
  await clock.advance(seconds(60));
  return Instances?.[0]?.InstanceIds?.[0] ?? '';
}

/** Lets `runtide image` have built images `ami-…1` to `ami-…<count>`, the last one newest. */
async function build(
  { model, clock }: AwsDouble,
  count: number,
  { architecture = 'amd64', from = 1 } = {},
): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let number = from; number < from + count; number++) {
    await clock.advance(seconds(60));
    const id = `ami-${String(number).padStart(8, '0')}`;
    model.images.add({
      id,
      name: `runtide-al2023-${architecture}-${number}`,
      architecture: 'x86_64',
      rootDevice: '/dev/xvda',
      snapshot: `snap-${number}`,
      createdAt: clock.now(),
      tags: [
        { key: 'runtide:image', value: 'packer' },
        { key: 'runtide:system', value: 'al2023' },
        { key: 'runtide:architecture', value: architecture },
      ],
    });
    ids.push(id);
  }
  return ids;
}

const ids = (found: readonly { readonly id: string }[]): readonly string[] => found.map(({ id }) => id);

function pools(double: AwsDouble, ...names: readonly string[]): Promise<Examination<Ec2Leftover>> {
  return leftTemplates({ ec2: double.ec2, installation: 'acme', pools: new Set(names) }, limits);
}

function leftOf(
  { ec2 }: AwsDouble,
  keep: number,
  ...wanted: readonly string[]
): Promise<Examination<Ec2Leftover>> {
  return leftImages({ ec2, wanted: new Set(wanted), keep }, limits);
}

describe('launch templates', () => {
  it('of pools that are gone are left over, those of other installations are not', async () => {
    await using double = await startAwsDouble();
    await template(double, 'linux', [X86?.id ?? '']);
    const gone = await template(double, 'gone', [X86?.id ?? '']);
    await template(double, 'gone', [X86?.id ?? ''], 'beta');
    await template(double, 'gone', [X86?.id ?? ''], '');
    const { leftovers, spared } = await pools(double, 'linux');
    expect(leftovers).toEqual([
      {
        kind: 'launch template',
        id: gone,
        name: 'runtide-acme-gone',
        because: 'pool gone no longer launches from it here',
      },
    ]);
    expect(spared).toEqual([]);
  });

  it('stay while a group launches from them', async () => {
    await using double = await startAwsDouble();
    const id = await template(double, 'gone', [X86?.id ?? '']);
    const question = { ec2: double.ec2, installation: 'acme', pools: new Set<string>() };
    for (const called of [id, 'runtide-acme-gone']) {
      const launching = new Map([[called, ['ci-runners']]]);
      expect(await leftTemplates({ ...question, launching }, limits)).toMatchObject({
        leftovers: [],
        spared: [{ id, because: 'group ci-runners launches from it' }],
      });
    }
  });

  it('stay while an instance is there that was made of them', async () => {
    await using double = await startAwsDouble();
    const gone = await template(double, 'gone', [X86?.id ?? '']);
    const instance = await launch(double, gone);
    expect(await pools(double)).toMatchObject({
      leftovers: [],
      spared: [{ id: gone, because: '1 instance of it still there' }],
    });
    await double.ec2.send(new TerminateInstancesCommand({ InstanceIds: [instance] }));
    await double.clock.advance(seconds(600));
    expect(ids((await pools(double)).leftovers)).toEqual([gone]);
  });

  it('are listed beyond the first page', async () => {
    await using double = await startAwsDouble();
    const made: string[] = [];
    for (let pool = 0; pool < 205; pool++) {
      made.push(
        double.model.createLaunchTemplate({
          name: `runtide-acme-p${pool}`,
          data: {},
          tagSpecifications: [
            {
              resourceType: 'launch-template',
              tags: Array.from(poolTags('acme', `p${pool}`, {}), ([key, value]) => ({ key, value })),
            },
          ],
        }).id,
      );
      await double.clock.advance(seconds(2));
    }
    const kept = Array.from({ length: 203 }, (_, pool) => `p${pool}`);
    expect(ids((await pools(double, ...kept)).leftovers)).toEqual(made.slice(203));
  });

  it('go, and are no error when they are gone already', async () => {
    await using double = await startAwsDouble();
    const gone = await template(double, 'gone', [X86?.id ?? '']);
    const [leftover] = (await pools(double)).leftovers;
    if (leftover === undefined) throw new Error('nothing is left over');
    await removeLeftover(double.ec2, leftover, limits());
    await removeLeftover(double.ec2, leftover, limits());
    const { LaunchTemplates } = await double.ec2.send(new DescribeLaunchTemplatesCommand({}));
    expect(LaunchTemplates?.map(({ LaunchTemplateId }) => LaunchTemplateId)).not.toContain(gone);
  });
});

describe('images', () => {
  it('are left over when they are older than the newest of their kind', async () => {
    await using double = await startAwsDouble();
    const [oldest = ''] = await build(double, 4);
    await build(double, 2, { architecture: 'arm64', from: 11 });
    const { leftovers, spared } = await leftOf(double, 3);
    expect(leftovers).toEqual([
      {
        kind: 'image',
        id: oldest,
        name: 'runtide-al2023-amd64-1',
        snapshots: ['snap-1'],
        because: 'older than the newest 3 for al2023 amd64, and nothing uses it',
      },
    ]);
    expect(spared).toEqual([]);
    expect(ids((await leftOf(double, 1)).leftovers)).toEqual([
      ...(await firstBuilt(double, 3)),
      'ami-00000011',
    ]);
  });

  it('that somebody else made are never looked at', async () => {
    await using double = await startAwsDouble();
    expect(await leftOf(double, 1)).toEqual({ leftovers: [], spared: [] });
  });

  it.for([
    [
      'the configuration means them',
      async (_double: AwsDouble, image: string) => [image],
      'the configuration means it',
    ],
    [
      'an instance runs from them, whoever launched it',
      async (double: AwsDouble, image: string) => {
        const id = await template(double, 'own', [image], '');
        await launch(double, id);
        double.model.deleteLaunchTemplate({ id });
        return [];
      },
      'instances run from it',
    ],
    [
      'a version of a template of Runtide names them',
      async (double: AwsDouble, image: string) => {
        await template(double, 'linux', ['ami-0', image, 'ami-1'], 'beta');
        return [];
      },
      'a version of launch template runtide-beta-linux names it',
    ],
    [
      'the one version of such a template names them',
      async (double: AwsDouble, image: string) => {
        await template(double, 'linux', [image]);
        return [];
      },
      'a version of launch template runtide-acme-linux names it',
    ],
    [
      "the latest version of somebody else's template names them",
      async (double: AwsDouble, image: string) => {
        await template(double, 'web', ['ami-0', image], '');
        return [];
      },
      'a version of launch template runtide--web names it',
    ],
  ] as const)('stay while %s', async ([, use, because]) => {
    await using double = await startAwsDouble();
    const [old = ''] = await build(double, 2);
    const wanted = await use(double, old);
    expect(await leftOf(double, 1, ...wanted)).toMatchObject({
      leftovers: [],
      spared: [{ kind: 'image', id: old, because }],
    });
  });

  it('do not stay for the first version of a template that has others', async () => {
    await using double = await startAwsDouble();
    const [old = '', newest = ''] = await build(double, 2);
    await template(double, 'linux', [old, newest]);
    expect(ids((await leftOf(double, 1)).leftovers)).toEqual([old]);
  });

  it("are meant by every version of an operator's template", async () => {
    await using double = await startAwsDouble();
    const id = await template(double, 'own', ['ami-1', 'ami-2'], '');
    expect(await imagesOfTemplate(double.ec2, id, limits)).toEqual(['ami-1', 'ami-2']);
  });

  it('go with their snapshots; what is gone already is no error', async () => {
    await using double = await startAwsDouble();
    await build(double, 2);
    const [leftover] = (await leftOf(double, 1)).leftovers;
    if (leftover === undefined) throw new Error('nothing is left over');
    await removeLeftover(double.ec2, leftover, limits());
    expect(double.model.images.snapshots()).toEqual(['snap-2']);
    await removeLeftover(double.ec2, leftover, limits());
    expect(ids(double.model.images.all())).not.toContain(leftover.id);
  });

  it('say which snapshot they left behind when it could not be deleted', async () => {
    await using double = await startAwsDouble();
    await build(double, 2);
    const [leftover] = (await leftOf(double, 1)).leftovers;
    if (leftover?.kind !== 'image') throw new Error('no image is left over');
    const other: Leftover = { ...leftover, snapshots: ['snap-2'] };
    await expect(removeLeftover(double.ec2, other, limits())).rejects.toMatchObject({
      message: expect.stringMatching(
        /^deleting snapshot snap-2 of image ami-00000001: InvalidSnapshot\.InUse: .*; nothing else will delete it: aws ec2 delete-snapshot --snapshot-id snap-2$/,
      ),
    });
  });
});

/** The ids of the first `count` images that were built. */
async function firstBuilt({ model }: AwsDouble, count: number): Promise<readonly string[]> {
  return ids(model.images.all())
    .filter((id) => id.startsWith('ami-0000000'))
    .slice(0, count)
    .toReversed();
}
