import { describe, expect, it } from 'vitest';
import { guardedAccount } from '../../test/permissions/guarded-account.ts';
import { facts, policiesOf, poolFacts, roleOf, rolesRequest } from '../../test/permissions/sample-facts.ts';
import { type AccessRequest, allows } from '../../test/permissions/simulator.ts';
import { limitsOf } from '../adapters/aws/aws-call.ts';
import { describeAllGroups } from '../adapters/aws/auto-scaling/described-group.ts';
import { leftGroups, removeGroup } from '../adapters/aws/auto-scaling/left-groups.ts';
import { poolTags } from '../adapters/aws/instance-tags.ts';
import { IMAGE_TAG, leftImages } from '../adapters/aws/left-images.ts';
import { leftTemplates } from '../adapters/aws/left-templates.ts';
import { removeLeftover } from '../adapters/aws/leftover.ts';
import { defaultPlace } from '../adapters/memory/ec2/place.ts';
import { isPortError } from '../controller/errors.ts';
import { instant, seconds } from '../engine/time.ts';
import { IMAGE } from './clean-table.ts';
import type { PolicyDocument } from './policy.ts';
import { rolesOf } from './roles.ts';

const limits = () => limitsOf(new AbortController().signal, seconds(10));
const { region, account: HOME } = defaultPlace;

/** Cleans up once, in an account with a template and an image that nothing needs. */
async function cleanUp(policies: readonly PolicyDocument[]) {
  await using account = await guardedAccount({ installation: 'acme', policies });
  const { ec2, autoScaling, groups, model, clock } = account;
  const { id } = model.createLaunchTemplate({
    name: 'runtide-acme-gone',
    data: {},
    tagSpecifications: [
      {
        resourceType: 'launch-template',
        tags: Array.from(poolTags('acme', 'gone', {}), ([key, value]) => ({ key, value })),
      },
    ],
  });
  account.knowTemplate(id, { name: 'runtide-acme-gone', tags: poolTags('acme', 'gone', {}), data: {} });
  for (const number of [1, 2]) {
    model.images.add({
      id: `ami-0000000${number}`,
      name: `golden-${number}`,
      architecture: 'x86_64',
      rootDevice: '/dev/xvda',
      createdAt: instant(clock.now() + number),
      snapshot: `snap-${number}`,
      tags: [{ key: IMAGE_TAG.image, value: 'packer' }],
    });
  }
  const { id: template } = model.createLaunchTemplate({
    name: 'of-the-group',
    data: {},
    tagSpecifications: [],
  });
  groups.createAutoScalingGroup({
    name: 'runtide-acme-gone',
    minSize: 0,
    maxSize: 1,
    subnets: defaultPlace.subnets.map((subnet) => subnet.id),
    template: { id: template, version: '1' },
    tags: Array.from(poolTags('acme', 'gone', {}), ([key, value]) => ({
      key,
      value,
      propagateAtLaunch: true,
    })),
  });
  const wanted = { installation: 'acme', wanted: new Set<string>(), ownName: () => 'runtide-acme-gone' };
  const left = leftGroups(wanted, await describeAllGroups(autoScaling, limits));
  for (const { name } of left.leftovers) await removeGroup(autoScaling, name, limits());
  const templates = await leftTemplates({ ec2, installation: 'acme', pools: new Set() }, limits);
  const images = await leftImages({ ec2, wanted: new Set(), keep: 1 }, limits);
  for (const leftover of [...templates.leftovers, ...images.leftovers]) {
    await removeLeftover(ec2, leftover, limits());
  }
  await clock.advance(seconds(600));
  const remaining = groups.describeAutoScalingGroups({}).items.map(({ name }) => name);
  return { left: [...model.images.snapshots(), ...remaining], calls: account.calls };
}

const owned = (installation: string) => ({ 'aws:ResourceTag/runtide:installation': installation });

describe('the policy for clean-up', () => {
  const policies = policiesOf('clean', { facts: facts() });
  const ask = (action: string, resource: string, context: AccessRequest['context'] = {}): Promise<boolean> =>
    allows(policies, { action, resource, context });

  it('allows all of it, and every call of it stands in the table', async () => {
    const { left, calls } = await cleanUp(policies);
    expect(left).toEqual(['snap-2']);
    expect(new Set(calls.map(({ name }) => name))).toEqual(
      new Set([
        'DescribeAutoScalingGroupsCommand',
        'DeleteAutoScalingGroupCommand',
        'DescribeLaunchTemplatesCommand',
        'DescribeLaunchTemplateVersionsCommand',
        'DescribeInstancesCommand',
        'DescribeImagesCommand',
        'DeleteLaunchTemplateCommand',
        'DeregisterImageCommand',
        'DeleteSnapshotCommand',
      ]),
    );
  });

  it('is none of Runtide itself', async () => {
    await expect(cleanUp(policiesOf('controller', { facts: facts() }))).rejects.toSatisfy((error) =>
      isPortError(error, 'unauthorized'),
    );
  });

  it('rests on the tag that images have', () => {
    expect(IMAGE).toBe(IMAGE_TAG.image);
  });

  const template = `arn:aws:ec2:${region}:${HOME}:launch-template/lt-1`;
  const image = `arn:aws:ec2:${region}::image/ami-1`;
  const snapshot = `arn:aws:ec2:${region}::snapshot/snap-1`;
  const built = { 'aws:ResourceTag/runtide:image': 'packer' };

  it.for<readonly [boolean, string, string, AccessRequest['context']?]>([
    [true, 'ec2:DeleteLaunchTemplate', template, owned('acme')],
    [false, 'ec2:DeleteLaunchTemplate', template, owned('beta')],
    [false, 'ec2:DeleteLaunchTemplate', template],
    [false, 'ec2:DeleteLaunchTemplate', template.replace(region, 'us-east-1'), owned('acme')],
    [true, 'ec2:DeregisterImage', image, built],
    [false, 'ec2:DeregisterImage', image],
    [false, 'ec2:DeregisterImage', image, owned('acme')],
    [false, 'ec2:DeregisterImage', image.replace(region, 'us-east-1'), built],
    [true, 'ec2:DeleteSnapshot', snapshot, built],
    [true, 'ec2:DeleteSnapshot', snapshot, { 'aws:ResourceTag/CreatedBy': 'EC2 Image Builder' }],
    [false, 'ec2:DeleteSnapshot', snapshot],
    [false, 'ec2:DeleteSnapshot', snapshot, { 'aws:ResourceTag/CreatedBy': 'somebody' }],
    [false, 'ec2:DeleteVolume', `arn:aws:ec2:${region}:${HOME}:volume/vol-1`, built],
    [false, 'ec2:TerminateInstances', `arn:aws:ec2:${region}:${HOME}:instance/i-1`, owned('acme')],
    [false, 'ec2:ModifyImageAttribute', image, built],
    [false, 'ec2:CreateTags', image, { ...built, 'aws:TagKeys': ['runtide:image'] }],
    [false, 'ec2:DescribeImages', '*', { 'aws:RequestedRegion': 'us-east-1' }],
    [false, 'ssm:GetParameter', `arn:aws:ssm:${region}:${HOME}:parameter/runtide/linux/runner-token`],
  ])('allows: %s, %s on %s (%o)', async ([allowed, action, resource, context]) => {
    expect(await ask(action, resource, context)).toBe(allowed);
  });

  it('reads the parameters that name images', async () => {
    const pools = [poolFacts({ image: '*', imageParameter: '/golden' })];
    const looking = policiesOf('clean', { facts: facts({ pools }) });
    const resource = `arn:aws:ssm:${region}:${HOME}:parameter/golden`;
    expect(await allows(looking, { action: 'ssm:GetParameter', resource, context: {} })).toBe(true);
  });

  it('goes to other accounts by the roles of pools, which need more for it', () => {
    const role = 'arn:aws:iam::222222222222:role/runtide';
    const place = { partition: 'aws', region: 'eu-west-1', account: '222222222222' };
    const pools = [poolFacts(), poolFacts({ name: 'far', place, assumes: role })];
    const roles = rolesOf(rolesRequest({ facts: facts({ pools }), roles: ['clean'] }));
    expect(roles.map(({ arn }) => arn)).toEqual([`arn:aws:iam::${HOME}:role/runtide-acme-clean`, role]);
    const [own, far] = roles;
    expect(JSON.stringify(own?.policies)).toContain(`"sts:AssumeRole"`);
    expect(JSON.stringify(far?.policies)).toContain('arn:aws:ec2:eu-west-1:222222222222:launch-template/*');
    expect(far?.trustPolicy.Statement[0]?.Principal).toEqual({
      AWS: [`arn:aws:iam::${HOME}:role/runtide-acme-controller`, own?.arn],
    });
  });

  it('may be taken by whom the account lets', () => {
    expect(roleOf('clean').trustPolicy.Statement[0]?.Principal).toEqual({
      AWS: [`arn:aws:iam::${HOME}:root`],
    });
  });
});
