import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../clock.ts';
import { seededRandom } from '../random.ts';
import { Ec2Error } from './error.ts';
import { LaunchTemplates } from './launch-templates.ts';

function templates(): LaunchTemplates {
  return new LaunchTemplates(new VirtualClock(), seededRandom(1));
}

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return error instanceof Ec2Error ? error.code : String(error);
  }
  return 'no error';
}

describe('launch templates', () => {
  it('grow by versions; the first stays the default', () => {
    const all = templates();
    const { id } = all.create({ name: 'pool', description: 'g1', data: { imageId: 'ami-1' } });
    const next = all.createVersion({ id, description: 'g2', data: { imageId: 'ami-2' } });
    expect(next).toMatchObject({
      version: 2,
      isDefault: false,
      description: 'g2',
      data: { imageId: 'ami-2' },
    });
    expect(all.version({ name: 'pool' }).version).toBe(1);
    expect(all.version({ id, version: '$Latest' }).version).toBe(2);
    expect(all.versions({ id }, []).map((one) => one.description)).toEqual(['g1', 'g2']);
    expect(all.versions({ id }, ['2', '$Default']).map((one) => one.version)).toEqual([2, 1]);
    expect(all.list([], ['pool'])).toMatchObject([{ id, defaultVersion: 1, latestVersion: 2 }]);
  });

  it('take what a version leaves out from its source', () => {
    const all = templates();
    const { id } = all.create({ name: 'pool', data: { imageId: 'ami-1', keyName: 'k' } });
    const next = all.createVersion({
      id,
      sourceVersion: '1',
      data: { imageId: 'ami-2', keyName: undefined },
    });
    expect(next.data).toEqual({ imageId: 'ami-2', keyName: 'k' });
  });

  it('answer the same to the same client token', () => {
    const all = templates();
    const created = all.create({ name: 'pool', clientToken: 't', data: {} });
    expect(all.create({ name: 'pool', clientToken: 't', data: {} })).toEqual(created);
    expect(codeOf(() => all.create({ name: 'pool', clientToken: 't', data: { keyName: 'k' } }))).toBe(
      'IdempotentParameterMismatch',
    );
    const { id } = created;
    const version = all.createVersion({ id, clientToken: 'v', data: {} });
    expect(all.createVersion({ id, clientToken: 'v', data: {} })).toEqual(version);
    expect(all.versions({ id }, [])).toHaveLength(2);
  });

  it('are gone when deleted', () => {
    const all = templates();
    const { id } = all.create({ name: 'pool', data: {} });
    all.delete({ name: 'pool' });
    expect(all.list([], [])).toEqual([]);
    expect(codeOf(() => all.delete({ id }))).toBe('InvalidLaunchTemplateId.NotFound');
  });

  it('are refused where EC2 refuses them', () => {
    const all = templates();
    const { id } = all.create({ name: 'pool', data: {} });
    const create = (data: object): string => codeOf(() => all.createVersion({ id, data }));
    expect(codeOf(() => all.create({ name: 'pool', data: {} }))).toBe(
      'InvalidLaunchTemplateName.AlreadyExistsException',
    );
    expect(codeOf(() => all.create({ name: 'a b', data: {} }))).toBe(
      'InvalidLaunchTemplateName.MalformedException',
    );
    expect(codeOf(() => all.version({ name: 'other' }))).toBe('InvalidLaunchTemplateName.NotFoundException');
    expect(codeOf(() => all.version({ id: 'lt-x' }))).toBe('InvalidLaunchTemplateId.Malformed');
    expect(codeOf(() => all.version({ id, version: '9' }))).toBe('InvalidLaunchTemplateId.VersionNotFound');
    expect(codeOf(() => all.version({ id, name: 'pool' }))).toBe('MissingParameter');
    expect(create({ userData: 'not base64!' })).toBe('InvalidUserData.Malformed');
    expect(create({ userData: btoa('x'.repeat(16_385)) })).toBe('InvalidParameterValue');
    expect(create({ userData: btoa('x'.repeat(16_384)) })).toBe('no error');
    expect(create({ instanceInitiatedShutdownBehavior: 'explode' })).toBe('InvalidParameterValue');
  });

  it('lose versions, but for the default one, and do not give their numbers again', () => {
    const all = templates();
    const { id } = all.create({ name: 'pool', data: { imageId: 'ami-1' } });
    for (let version = 2; version <= 4; version++) all.createVersion({ id, data: { imageId: 'ami-1' } });
    const { deleted, kept } = all.deleteVersions({ name: 'pool' }, ['1', '3', '4', '4']);
    expect(deleted.map(({ number }) => number)).toEqual(['3', '4']);
    expect(kept.map(({ number, refusal }) => [number, refusal?.code])).toEqual([
      ['1', 'unexpectedError'],
      ['4', 'launchTemplateVersionDoesNotExist'],
    ]);
    expect(all.version({ id, version: '$Latest' }).version).toBe(2);
    expect(codeOf(() => all.version({ id, version: '4' }))).toBe('InvalidLaunchTemplateId.VersionNotFound');
    expect(all.createVersion({ id, data: { imageId: 'ami-1' } }).version).toBe(5);
    expect(all.list([], [])).toMatchObject([{ defaultVersion: 1, latestVersion: 5 }]);
    expect(codeOf(() => all.deleteVersions({ id }, []))).toBe('MissingParameter');
  });
});
