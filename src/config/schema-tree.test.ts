import { describe, expect, it } from 'vitest';
import { about, appliesAt, child, freeKey, keysOf, type Part } from './schema-tree.ts';
import { configSchema } from './schema.ts';

/** Every key with its path, `*` standing for a name that the writer of the file chooses. */
function allKeys(part: Part, path: string): readonly { path: string; part: Part }[] {
  const keys = freeKey(part) === undefined ? (keysOf(part) ?? []) : ['*'];
  return keys.flatMap((key) => {
    const below = child(part, key);
    const here = path === '' ? key : `${path}.${key}`;
    return below === undefined ? [] : [{ path: here, part: below }, ...allKeys(below, here)];
  });
}

function appliesOf(path: string): string | undefined {
  let part: Part | undefined = configSchema;
  let applies: string | undefined;
  for (const key of path.split('.')) {
    part = part && child(part, key);
    applies = part && (about(part).applies ?? applies);
  }
  return applies;
}

const KEYS = allKeys(configSchema, '');

describe('the schema', () => {
  it.each(KEYS.map(({ path, part }) => [path, part] as const))('describes %s', (_, part) => {
    expect(about(part).description).toMatch(/\.$/);
  });

  it.each(KEYS.map(({ path }) => path))('says when a change of %s applies', (path) => {
    expect(appliesOf(path)).toMatch(/^(hot|drifts|restart)$/);
  });

  it('says what may stand at every key that is no section', () => {
    const leaves = KEYS.filter(({ part }) => keysOf(part) === undefined && freeKey(part) === undefined);
    expect(leaves.length).toBeGreaterThan(40);
    expect(leaves.filter(({ part }) => about(part).allowed === undefined)).toEqual([]);
  });

  it('lets a key that says nothing apply like the section around it', () => {
    expect(appliesAt(configSchema, 'hot')).toBe('hot');
  });

  it.each([
    [
      'restart',
      'installation webhook webhook.listen aws.region aws.endpoints aws.endpoints.ec2 status.listen state',
      'instances.region instances.role',
    ],
    [
      'hot',
      'gitlab.token gitlab.projects gitlab.timeout webhook.url webhook.token webhook.signingToken aws.timeout pollInterval ' +
        'unservedAfter drainAlarm orphanGrace log.level tags tags.* prices pools pools.* maxInstances budget budget.day ' +
        'aws.launchLimits aws.launchLimits.requests.most',
      'sizes sizes.* sizes.*.min sizes.*.idle sizes.*.maxPrice tags runUntagged min max surge minAvailable sizes.*.minAvailable idle.slots idle.factor idle.minimum idle.time schedules budget.hour projectCaps projectCaps.* sizes.*.budget cooldown bootTimeout maxAge instances.subnets ' +
        'instances.market instances.market.spotShare instances.maxPrice instances.image.follow',
    ],
    [
      'drifts',
      'gitlab.url',
      'runner runner.id runner.tokenParameter executor docker docker.image docker.privileged checkInterval slots maxJobs sizes.*.maxJobs ' +
        'instances.image instances.image.name instances.types instances.requirements instances.requirements.vcpu.min ' +
        'instances.template.version instances.volume.size instances.securityGroups instances.profile ' +
        'sizes.*.runner sizes.*.types sizes.*.slots cache.bucket proxy.url caFile environment environment.* docker.volumes',
    ],
  ])('knows what applies %s', (applies, keys, poolKeys) => {
    const paths = [...words(keys), ...words(poolKeys).map((key) => `pools.*.${key}`)];
    expect(paths.filter((path) => appliesOf(path) !== applies)).toEqual([]);
  });
});

function words(text: string): readonly string[] {
  return text.split(' ').filter((word) => word !== '');
}
