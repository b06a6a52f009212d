import { describe, expect, it } from 'vitest';
import { type Edits, mistakesWith, sample, SMALLEST } from '../../test/support/sample-config.ts';

const POOL = 'pools.linux';
const OTHER = {
  ...SMALLEST.pools.linux,
  runner: { id: 13, tokenParameter: '/runtide/other/runner-token' },
};

async function pathsOf(edits: Edits): Promise<readonly string[]> {
  return (await mistakesWith(edits)).map(({ path }) => path);
}

function items(count: number, prefix: string, suffix: string): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}${suffix}`);
}

describe('rules over several keys', () => {
  it.each<[rule: string, edits: Edits, paths: readonly string[]]>([
    ['min is at most max', { [`${POOL}.min`]: 11 }, [`${POOL}.min`]],
    ['min may be max', { [`${POOL}.min`]: 10 }, []],
    ['surge is at most max', { [`${POOL}.surge`]: 11 }, [`${POOL}.surge`]],
    ['surge may be max', { [`${POOL}.surge`]: 10 }, []],
    ['max may be 0 although surge is 1 by default', { [`${POOL}.max`]: 0 }, []],
    [
      'minAvailable is at most min',
      { [`${POOL}.min`]: 2, [`${POOL}.minAvailable`]: 3 },
      [`${POOL}.minAvailable`],
    ],
    [
      'minAvailable may be min where a surge lets new ones come first',
      { [`${POOL}.min`]: 2, [`${POOL}.minAvailable`]: 2 },
      [],
    ],
    [
      'it must be less where there is none',
      { [`${POOL}.min`]: 2, [`${POOL}.minAvailable`]: 2, [`${POOL}.surge`]: 0 },
      [`${POOL}.surge`],
    ],
    ['and then may be less', { [`${POOL}.min`]: 2, [`${POOL}.minAvailable`]: 1, [`${POOL}.surge`]: 0 }, []],
    ['no surge is needed where none must stay', { [`${POOL}.surge`]: 0 }, []],
    ['counted jobs need one slot', { [`${POOL}.maxJobs`]: 3, [`${POOL}.slots`]: 2 }, [`${POOL}.slots`]],
    ['which is usual', { [`${POOL}.maxJobs`]: 3 }, []],
    ['a pool without tags runs untagged jobs', { [`${POOL}.tags`]: undefined }, [`${POOL}.tags`]],
    ['a pool with no tag in its list as well', { [`${POOL}.tags`]: [] }, [`${POOL}.tags`]],
    [
      'a pool that runs untagged jobs needs no tags',
      { [`${POOL}.tags`]: [], [`${POOL}.runUntagged`]: true },
      [],
    ],
    ['docker needs its section', { [`${POOL}.executor`]: 'docker' }, [`${POOL}.docker`]],
    [
      'docker needs an image',
      { [`${POOL}.executor`]: 'docker', [`${POOL}.docker`]: {} },
      [`${POOL}.docker.image`],
    ],
    [
      'docker with an image is fine',
      { [`${POOL}.executor`]: 'docker', [`${POOL}.docker`]: { image: 'a:1' } },
      [],
    ],
    ['shell has no docker section', { [`${POOL}.docker`]: { image: 'a:1' } }, [`${POOL}.docker`]],
    ['a webhook needs a token', { webhook: {} }, ['webhook.token']],
    [
      'the webhook and the status API listen apart',
      { 'webhook.token': '3fd1c9a07be24c5586d1f0a9b7c4e213', 'webhook.listen': '127.0.0.1:8471' },
      ['webhook.listen'],
    ],
    [
      'unless the system chooses the ports',
      {
        'webhook.token': '3fd1c9a07be24c5586d1f0a9b7c4e213',
        'webhook.listen': '127.0.0.1:0',
        'status.listen': '127.0.0.1:0',
      },
      [],
    ],
    ['pools have runners of their own', { 'pools.other': OTHER }, []],
    ['and share no runner', { 'pools.other': OTHER, 'pools.other.runner.id': 12 }, ['pools.other.runner.id']],
    [
      'nor its token',
      { 'pools.other': OTHER, 'pools.other.runner.tokenParameter': '/runtide/linux/runner-token' },
      ['pools.other.runner.tokenParameter'],
    ],
    [
      'a launch takes 300 offerings',
      {
        [`${POOL}.instances.types`]: items(30, 'm7i.', 'xlarge'),
        [`${POOL}.instances.subnets`]: items(10, 'subnet-0', ''),
      },
      [],
    ],
    [
      'and no more',
      {
        [`${POOL}.instances.types`]: items(43, 'm7i.', 'xlarge'),
        [`${POOL}.instances.subnets`]: items(7, 'subnet-0', ''),
      },
      [`${POOL}.instances.types`],
    ],
  ])('%s', async (_, edits, paths) => {
    expect(await pathsOf(edits)).toEqual(paths);
  });

  it('are checked beside wrong keys, so that all mistakes show at once', async () => {
    expect(
      await pathsOf({
        pollInterval: 'soon',
        [`${POOL}.min`]: 11,
        [`${POOL}.slots`]: 0,
        [`${POOL}.instances.image`]: undefined,
        'pools.other': { ...OTHER, runner: { id: 12, tokenParameter: '' } },
      }),
    ).toEqual(
      expect.arrayContaining([
        'pollInterval',
        `${POOL}.min`,
        `${POOL}.slots`,
        `${POOL}.instances.image`,
        'pools.other.runner.id',
        'pools.other.runner.tokenParameter',
      ]),
    );
  });

  it('say nothing about keys that are wrong themselves', async () => {
    expect(await pathsOf({ [`${POOL}.min`]: 11, [`${POOL}.max`]: '10' })).toEqual([`${POOL}.max`]);
  });

  it('are tried on a sample that is valid', async () => {
    expect(sample()).toEqual(SMALLEST);
    expect(await pathsOf({})).toEqual([]);
  });
});
