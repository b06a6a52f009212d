import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { answer, failure, type Reply, scriptedAws } from '../../../test/support/scripted-aws.ts';
import { seconds } from '../../engine/time.ts';
import { limitsOf } from './aws-call.ts';
import { ec2Client } from './clients.ts';
import { type OperatorTemplate, pinOperatorTemplate } from './operator-template.ts';

const SCRIPT = '#!/bin/sh\nexec runtide-agent install\n';

const GOOD = {
  imageId: '<imageId>ami-00000001</imageId>',
  profile: '<iamInstanceProfile><name>runtide</name></iamInstanceProfile>',
  shutdown: '<instanceInitiatedShutdownBehavior>terminate</instanceInitiatedShutdownBehavior>',
  endpoint: '<httpEndpoint>enabled</httpEndpoint>',
  tokens: '<httpTokens>required</httpTokens>',
  hops: '<httpPutResponseHopLimit>1</httpPutResponseHopLimit>',
  tags: '<instanceMetadataTags>enabled</instanceMetadataTags>',
  userData: `<userData>${btoa(SCRIPT)}</userData>`,
  market: '',
};

function version(parts: Partial<typeof GOOD>): Reply {
  const { endpoint, tokens, hops, tags, ...rest } = { ...GOOD, ...parts };
  const metadata = `<metadataOptions>${endpoint}${tokens}${hops}${tags}</metadataOptions>`;
  const data = `<launchTemplateData>${Object.values(rest).join('')}${metadata}</launchTemplateData>`;
  return answer(
    'DescribeLaunchTemplateVersions',
    `<launchTemplateVersionSet><item><launchTemplateId>lt-1</launchTemplateId><versionNumber>7</versionNumber>${data}</item></launchTemplateVersionSet>`,
  );
}

async function pin(reply: Reply, named: OperatorTemplate['version'] = 'default') {
  await using aws = await scriptedAws({ DescribeLaunchTemplateVersions: () => reply });
  const limits = limitsOf(new AbortController().signal, seconds(10));
  const value = await pinOperatorTemplate(
    ec2Client(aws.access),
    'linux',
    { id: 'lt-1', version: named },
    limits,
  );
  return { value, asked: aws.calls[0]?.form };
}

describe('pinOperatorTemplate', () => {
  it.each([
    ['default', '$Default'],
    ['latest', '$Latest'],
    [7, '7'],
  ] as const)('pins the version %s', async (named, spelled) => {
    const { value, asked } = await pin(version({}), named);
    expect(value).toEqual({ id: 'lt-1', version: '7' });
    expect(asked?.get('LaunchTemplateId')).toBe('lt-1');
    expect(asked?.get('LaunchTemplateVersion.1')).toBe(spelled);
  });

  it('reads user data that is packed', async () => {
    const userData = `<userData>${gzipSync(SCRIPT).toString('base64')}</userData>`;
    expect((await pin(version({ userData }))).value).toEqual({ id: 'lt-1', version: '7' });
  });

  it.each<[lacks: string, parts: Partial<typeof GOOD>]>([
    ['an image', { imageId: '' }],
    ['an instance profile', { profile: '' }],
    ['shutdown behaviour terminate', { shutdown: '' }],
    ['shutdown behaviour terminate', { shutdown: GOOD.shutdown.replace('terminate', 'stop') }],
    ['instance metadata switched on', { endpoint: '' }],
    ['IMDSv2 required', { tokens: '<httpTokens>optional</httpTokens>' }],
    ['a hop limit of 1', { hops: '' }],
    ['a hop limit of 1', { hops: GOOD.hops.replace('1', '2') }],
    ['instance tags in the metadata', { tags: '<instanceMetadataTags>disabled</instanceMetadataTags>' }],
    ['user data that starts runtide-agent', { userData: '' }],
    ['user data that starts runtide-agent', { userData: `<userData>${btoa('#!/bin/sh\n')}</userData>` }],
    ['user data that starts runtide-agent', { userData: '<userData>H4sIbroken</userData>' }],
    [
      'no market options',
      { market: '<instanceMarketOptions><marketType>spot</marketType></instanceMarketOptions>' },
    ],
  ])('refuses one without %s', async (lacks, parts) => {
    await expect(pin(version(parts))).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringMatching(
        new RegExp(
          `^checking launch template lt-1 \\(version \\$Default\\) of pool linux: it lacks ${lacks}[^;]*; make`,
        ),
      ),
    });
  });

  it('says all that is missing at once', async () => {
    await expect(pin(version({ profile: '', shutdown: '', tags: '' }))).rejects.toThrow(
      /it lacks an instance profile; shutdown behaviour terminate[^;]*; instance tags in the metadata/,
    );
  });

  it('says where to look when there is none', async () => {
    await expect(pin(failure('InvalidLaunchTemplateId.NotFound'))).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('check instances.template of the pool, and its region'),
    });
  });

  it('does not take an empty answer for a template', async () => {
    await expect(pin(answer('DescribeLaunchTemplateVersions', ''))).rejects.toMatchObject({
      kind: 'invalid-answer',
    });
    await expect(pin(failure('RequestLimitExceeded', '', 503))).rejects.toMatchObject({ kind: 'throttled' });
  });
});
