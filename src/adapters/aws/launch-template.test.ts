import { describe, expect, it } from 'vitest';
import { answer, failure, scriptedAws } from '../../../test/support/scripted-aws.ts';
import { listing } from '../../../test/support/scripted-fleet.ts';
import { seconds } from '../../engine/time.ts';
import { limitsOf } from './aws-call.ts';
import { ec2Client } from './clients.ts';
import { LaunchTemplates, type TemplateParts, wantedTemplate } from './launch-template.ts';

const MACHINES: TemplateParts = {
  generation: '3fa9c0d1e2b4',
  imageId: 'ami-0123456789abcdef0',
  securityGroups: ['sg-1', 'sg-2'],
  profile: 'runtide-instance',
  userData: '#!/bin/sh\n',
};
const WANTED = wantedTemplate('acme', 'linux', MACHINES, { CostCenter: '42' });
const NO_TEMPLATE = failure('InvalidLaunchTemplateName.NotFoundException');

function named(machines: Partial<TemplateParts>, users = { CostCenter: '42' }): string {
  return wantedTemplate('acme', 'linux', { ...MACHINES, ...machines }, users).version;
}

function version(number: number, description: string): string {
  return `<item><launchTemplateId>lt-1</launchTemplateId><launchTemplateName>${WANTED.name}</launchTemplateName><versionNumber>${number}</versionNumber><versionDescription>${description}</versionDescription></item>`;
}

function versions(items: string, next = '') {
  const token = next === '' ? '' : `<nextToken>${next}</nextToken>`;
  return answer(
    'DescribeLaunchTemplateVersions',
    `<launchTemplateVersionSet>${items}</launchTemplateVersionSet>${token}`,
  );
}

const CREATED = answer(
  'CreateLaunchTemplate',
  '<launchTemplate><launchTemplateId>lt-1</launchTemplateId><latestVersionNumber>1</latestVersionNumber></launchTemplate>',
);
const ADDED = answer(
  'CreateLaunchTemplateVersion',
  `<launchTemplateVersion>${version(8, WANTED.version).slice(6, -7)}</launchTemplateVersion>`,
);

async function ensure(script: Parameters<typeof scriptedAws>[0]) {
  await using aws = await scriptedAws(script);
  const limits = limitsOf(new AbortController().signal, seconds(10));
  const notes: string[] = [];
  const templates = new LaunchTemplates(ec2Client(aws.access), (message) => notes.push(message));
  const pin = await templates.ensure(WANTED, limits);
  return { pin, aws, notes };
}

/** The versions 1 to `count`; the first is the default. */
function many(count: number): string {
  return Array.from({ length: count }, (_, index) => version(index + 1, `old ${index + 1}`))
    .join('')
    .replace('<versionNumber>1<', '<defaultVersion>true</defaultVersion><versionNumber>1<');
}

describe('wantedTemplate', () => {
  it('holds what an instance must have', () => {
    expect(WANTED.name).toBe('runtide-acme-linux');
    expect(WANTED.data).toMatchObject({
      ImageId: 'ami-0123456789abcdef0',
      IamInstanceProfile: { Name: 'runtide-instance' },
      SecurityGroupIds: ['sg-1', 'sg-2'],
      InstanceInitiatedShutdownBehavior: 'terminate',
      MetadataOptions: {
        HttpEndpoint: 'enabled',
        HttpTokens: 'required',
        HttpPutResponseHopLimit: 1,
        InstanceMetadataTags: 'enabled',
      },
      UserData: 'IyEvYmluL3NoCg==',
    });
    expect(WANTED.data).not.toHaveProperty('BlockDeviceMappings');
  });

  it('describes the root volume, always encrypted', () => {
    const rootVolume = { device: '/dev/xvda', size: 50 };
    const { data } = wantedTemplate('acme', 'linux', { ...MACHINES, rootVolume }, {});
    expect(data.BlockDeviceMappings).toEqual([
      {
        DeviceName: '/dev/xvda',
        Ebs: { VolumeType: 'gp3', VolumeSize: 50, Encrypted: true, DeleteOnTermination: true },
      },
    ]);
    const { data: sized } = wantedTemplate(
      'acme',
      'linux',
      { ...MACHINES, rootVolume: { device: '/dev/sda1' } },
      {},
    );
    expect(sized.BlockDeviceMappings).toEqual([
      { DeviceName: '/dev/sda1', Ebs: { VolumeType: 'gp3', Encrypted: true, DeleteOnTermination: true } },
    ]);
    const all = { ...rootVolume, throughput: 250, iops: 4000, kmsKey: 'alias/runners' };
    const { data: full } = wantedTemplate('acme', 'linux', { ...MACHINES, rootVolume: all }, {});
    expect(full.BlockDeviceMappings?.[0]?.Ebs).toMatchObject({
      Throughput: 250,
      Iops: 4000,
      KmsKeyId: 'alias/runners',
    });
  });

  it('takes a profile by its ARN', () => {
    const profile = 'arn:aws:iam::1:instance-profile/runtide';
    const { data } = wantedTemplate('acme', 'linux', { ...MACHINES, profile }, {});
    expect(data.IamInstanceProfile).toEqual({ Arn: profile });
  });

  it('names its version after the generation and all that is in it', () => {
    expect(named({})).toBe(WANTED.version);
    expect(named({})).toMatch(/^3fa9c0d1e2b4 [0-9a-f]{12}$/);
    const others = [
      named({ generation: 'other' }),
      named({ imageId: 'ami-1' }),
      named({ userData: 'x' }),
      named({}, { CostCenter: '43' }),
    ];
    expect(new Set([...others, WANTED.version]).size).toBe(5);
  });
});

describe('LaunchTemplates', () => {
  it('creates the template where there is none, as version 1', async () => {
    const { pin, aws } = await ensure({
      DescribeLaunchTemplateVersions: () => NO_TEMPLATE,
      CreateLaunchTemplate: () => CREATED,
    });
    expect(pin).toEqual({ id: 'lt-1', version: '1' });
    const form = aws.of('CreateLaunchTemplate')[0];
    expect(form?.get('LaunchTemplateName')).toBe('runtide-acme-linux');
    expect(form?.get('VersionDescription')).toBe(WANTED.version);
    expect(form?.get('LaunchTemplateData.MetadataOptions.HttpTokens')).toBe('required');
    expect(form?.get('TagSpecification.1.ResourceType')).toBe('launch-template');
  });

  it('finds its version on a later page', async () => {
    const { pin, aws } = await ensure({
      DescribeLaunchTemplateVersions: (_call, nth) =>
        nth === 0 ? versions(version(9, 'other'), 'more') : versions(version(3, WANTED.version)),
    });
    expect(pin).toEqual({ id: 'lt-1', version: '3' });
    expect(aws.of('DescribeLaunchTemplateVersions')[1]?.get('NextToken')).toBe('more');
    expect(aws.calls).toHaveLength(2);
  });

  it('adds a version under a token of its own', async () => {
    const { pin, aws } = await ensure({
      DescribeLaunchTemplateVersions: () => versions(version(7, 'older')),
      CreateLaunchTemplateVersion: () => ADDED,
    });
    expect(pin).toEqual({ id: 'lt-1', version: '8' });
    const form = aws.of('CreateLaunchTemplateVersion')[0];
    expect(form?.get('LaunchTemplateId')).toBe('lt-1');
    expect(form?.get('ClientToken')).toMatch(/^[0-9a-f]{64}$/);
    const again = await ensure({
      DescribeLaunchTemplateVersions: () => versions(version(7, 'older')),
      CreateLaunchTemplateVersion: () => ADDED,
    });
    expect(again.aws.of('CreateLaunchTemplateVersion')[0]?.get('ClientToken')).toBe(form?.get('ClientToken'));
  });

  it.each([
    ['the same version', () => versions(version(1, WANTED.version)), '1'],
    ['another version', () => versions(version(1, 'theirs')), '8'],
    ['a template that is not listed yet', () => NO_TEMPLATE, '8'],
  ])('ends well when somebody else creates %s meanwhile', async (_what, afterwards, expected) => {
    const { pin, aws } = await ensure({
      DescribeLaunchTemplateVersions: (_call, nth) => (nth === 0 ? NO_TEMPLATE : afterwards()),
      CreateLaunchTemplate: () => failure('InvalidLaunchTemplateName.AlreadyExistsException'),
      CreateLaunchTemplateVersion: () => ADDED,
    });
    expect(pin).toEqual({ id: 'lt-1', version: expected });
    expect(aws.of('CreateLaunchTemplate')).toHaveLength(1);
  });

  it('does not take a failure or an empty answer for a missing template', async () => {
    await expect(
      ensure({ DescribeLaunchTemplateVersions: () => failure('RequestLimitExceeded', '', 503) }),
    ).rejects.toMatchObject({ kind: 'throttled' });
    await expect(
      ensure({ DescribeLaunchTemplateVersions: () => answer('DescribeLaunchTemplateVersions', '') }),
    ).rejects.toMatchObject({ kind: 'invalid-answer' });
  });

  describe('once it has added a version', () => {
    it('looks no further while there are few', async () => {
      const { aws } = await ensure({
        CreateLaunchTemplateVersion: () => ADDED,
        DescribeLaunchTemplateVersions: () => versions(many(20)),
      });
      expect(aws.calls.map(({ action }) => action)).toEqual([
        'DescribeLaunchTemplateVersions',
        'CreateLaunchTemplateVersion',
      ]);
    });

    it('goes on where they cannot be deleted, and says so', async () => {
      const { pin, notes } = await ensure({
        CreateLaunchTemplateVersion: () => ADDED,
        DescribeLaunchTemplateVersions: () => versions(many(30)),
        DescribeInstances: () => listing(''),
        DeleteLaunchTemplateVersions: () => failure('UnauthorizedOperation', 'no', 403),
      });
      expect(pin).toEqual({ id: 'lt-1', version: '8' });
      expect(notes).toEqual([
        expect.stringMatching(/^old versions of launch template lt-1 stay for now: deleting old versions of/),
      ]);
    });
  });
});
