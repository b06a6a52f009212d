import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../clock.ts';
import { Ec2 } from './ec2.ts';
import { Ec2Error } from './error.ts';
import type { FleetRequest } from './fleet-request.ts';
import type { LaunchTemplateData } from './launch-template.ts';

function world(data: LaunchTemplateData = {}) {
  const ec2 = new Ec2({ timers: new VirtualClock(), seed: 7 });
  const template = ec2.createLaunchTemplate({
    name: 'pool',
    data: { imageId: 'ami-0a000000000000001', instanceType: 'm7i.large', ...data },
  });
  const request = (tagSpecifications: FleetRequest['tagSpecifications'] = []): FleetRequest => ({
    configs: [{ template: { id: template.id, version: '1' }, overrides: [] }],
    count: 1,
    market: 'spot',
    tagSpecifications,
  });
  const launch = (tagSpecifications: FleetRequest['tagSpecifications'] = []): string =>
    ec2.createFleet(request(tagSpecifications)).instances[0]?.ids[0] ?? '';
  return { ec2, template, request, launch };
}

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return error instanceof Ec2Error ? error.code : String(error);
  }
  return 'no error';
}

describe('tags', () => {
  it('come from the template, the request and EC2, and change later', () => {
    const { ec2, template, launch } = world({
      tagSpecifications: [
        {
          resourceType: 'instance',
          tags: [
            { key: 'pool', value: 'template' },
            { key: 'generation', value: 'g1' },
          ],
        },
      ],
    });
    const tagged: string[] = [];
    ec2.onTagged(({ id }) => tagged.push(id));
    const id = launch([{ resourceType: 'instance', tags: [{ key: 'pool', value: 'request' }] }]);
    expect(Object.fromEntries(ec2.instance(id)?.tags ?? [])).toEqual({
      pool: 'request',
      generation: 'g1',
      'aws:ec2:fleet-id': ec2.instance(id)?.fleetId,
      'aws:ec2launchtemplate:id': template.id,
      'aws:ec2launchtemplate:version': '1',
    });
    ec2.createTags([id], [{ key: 'pool', value: 'now' }]);
    ec2.deleteTags([id], [{ key: 'pool', value: 'other' }, { key: 'generation' }]);
    expect(ec2.instance(id)?.tags.get('pool')).toBe('now');
    expect(ec2.instance(id)?.tags.has('generation')).toBe(false);
    expect(tagged).toEqual([id, id]);
  });

  it('are limited to 50, apart from those of AWS', () => {
    const { ec2, launch } = world();
    const id = launch();
    const tags = Array.from({ length: 50 }, (_, index) => ({ key: `k${index}`, value: '' }));
    ec2.createTags([id], tags);
    expect(codeOf(() => ec2.createTags([id], [{ key: 'one-more', value: '' }]))).toBe('TagLimitExceeded');
    ec2.createTags([id], [{ key: 'k1', value: 'again' }]);
    expect(ec2.instance(id)?.tags.get('k1')).toBe('again');
  });

  it('refuses reserved, doubled and too long ones', () => {
    const { ec2, launch } = world();
    const id = launch();
    const refused = (...keys: string[]): string =>
      codeOf(() =>
        ec2.createTags(
          [id],
          keys.map((key) => ({ key, value: '' })),
        ),
      );
    expect(refused('aws:mine')).toBe('InvalidParameterValue');
    expect(refused('a', 'a')).toBe('InvalidParameterValue');
    expect(refused('k'.repeat(129))).toBe('InvalidParameterValue');
    expect(refused('a/b c')).toBe('no error');
  });

  it('refuses keys that metadata cannot show where instances see their tags', () => {
    const { ec2, launch, request } = world({ metadataOptions: { instanceMetadataTags: 'enabled' } });
    const id = launch();
    expect(codeOf(() => ec2.createTags([id], [{ key: 'a/b', value: '' }]))).toBe('InvalidParameterValue');
    expect(codeOf(() => ec2.createTags([id], [{ key: 'a b', value: '' }]))).toBe('InvalidParameterValue');
    const tagSpecifications = [{ resourceType: 'instance', tags: [{ key: 'a/b', value: '' }] }];
    const answer = ec2.createFleet(request(tagSpecifications));
    expect(answer.instances).toEqual([]);
    expect(answer.errors.map((one) => one.code)).toEqual(['InvalidParameterValue']);
  });
});
