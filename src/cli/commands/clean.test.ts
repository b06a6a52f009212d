import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { z } from 'zod';
import { type Ended, runtide } from '../../../test/support/command-line.ts';
import { type Edits, sample } from '../../../test/support/sample-config.ts';
import { poolTags } from '../../adapters/aws/instance-tags.ts';
import { VirtualClock } from '../../adapters/memory/clock.ts';
import { Ec2 } from '../../adapters/memory/ec2/ec2.ts';
import { defaultPlace } from '../../adapters/memory/ec2/place.ts';
import { Ssm } from '../../adapters/memory/ec2/ssm.ts';
import { instant } from '../../engine/time.ts';
import { startAws } from '../../sandbox/aws/server.ts';
import { Sts } from '../../sandbox/aws/sts.ts';

const HOME = defaultPlace.account;
const OTHER = '222222222222';
const ROLE = `arn:aws:iam::${OTHER}:role/runtide`;
const GOLDEN = ['ami-00000001', 'ami-00000002', 'ami-00000003'] as const;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'runtide-clean-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A region of an account with a template of each pool, and three images that `runtide image` has had built. */
function world(clock: VirtualClock, account: string, region: string, pools: readonly string[]) {
  const model = new Ec2({ timers: clock, seed: region.length, place: { ...defaultPlace, account, region } });
  for (const pool of pools) {
    const tags = Array.from(poolTags('acme', pool, {}), ([key, value]) => ({ key, value }));
    model.createLaunchTemplate({
      name: `runtide-acme-${pool}`,
      data: { imageId: GOLDEN[2] },
      tagSpecifications: [{ resourceType: 'launch-template', tags }],
    });
  }
  for (const [index, id] of GOLDEN.entries()) {
    model.images.add({
      id,
      name: `golden-${index + 1}`,
      architecture: 'x86_64',
      rootDevice: '/dev/xvda',
      snapshot: `snap-${index + 1}`,
      createdAt: instant(clock.now() + index),
      tags: [{ key: 'runtide:image', value: 'packer' }],
    });
  }
  const ssm = new Ssm(clock, 1);
  ssm.putParameter({ name: '/golden', value: GOLDEN[0] });
  return { model, ssm };
}

/** AWS as `runtide` finds it: pool `linux` at home, pool `far` in another account and region. */
async function accounts() {
  const clock = new VirtualClock(instant(Date.UTC(2100, 0, 1)));
  const home = world(clock, HOME, 'eu-central-1', ['linux', 'gone']);
  const far = world(clock, OTHER, 'eu-west-1', ['far', 'linux']);
  const sts = new Sts({ timers: clock, seed: 1, account: HOME, roles: [{ arn: ROLE }] });
  const log = {
    error: (details: object, message: string) => expect.unreachable(`${message} ${JSON.stringify(details)}`),
  };
  const aws = await startAws({ ...home, elsewhere: [far], sts, timers: clock, log });
  const clean = async (edits: Edits, ...args: readonly string[]): Promise<Ended> => {
    const file = join(folder, 'runtide.yaml');
    writeFileSync(file, stringify(sample(edits)));
    const env = {
      AWS_ENDPOINT_URL: aws.url,
      AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'example',
      AWS_EC2_METADATA_DISABLED: 'true',
    };
    return runtide(['clean', '-c', file, ...args], { env });
  };
  return { home: home.model, far: far.model, clean, clock, [Symbol.asyncDispose]: () => aws.close() };
}

const LINUX = { 'pools.linux.instances.image': { parameter: '/golden' } };
const FAR = {
  'pools.far': {
    runner: { id: 13, tokenParameter: '/runtide/far/runner-token' },
    tags: ['far'],
    instances: {
      image: GOLDEN[1],
      types: ['m7i.large'],
      subnets: ['subnet-0abc'],
      securityGroups: ['sg-0abc'],
      profile: 'runtide-instance',
      region: 'eu-west-1',
      role: ROLE,
    },
  },
};

const printed = z.object({
  deleting: z.boolean(),
  places: z.array(
    z.object({
      region: z.string(),
      role: z.string().optional(),
      leftovers: z.array(
        z.object({ kind: z.string(), name: z.string(), deleted: z.boolean(), error: z.string().optional() }),
      ),
      spared: z.array(z.object({ name: z.string(), because: z.string() })),
    }),
  ),
});

const names = (model: Ec2): readonly string[] =>
  model.describeLaunchTemplates().items.map(({ name }) => name);

describe('runtide clean', { timeout: 60_000 }, () => {
  it('lists what could go, and touches nothing', async () => {
    await using aws = await accounts();
    const { code, stdout, stderr } = await aws.clean(
      { ...LINUX, 'gitlab.token': '${env:NOT_SET}' },
      '--keep',
      '1',
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.replaceAll(/lt-\w+/g, 'lt-…').split('\n')).toEqual([
      'eu-central-1',
      '  would go  launch template lt-… (runtide-acme-gone): pool gone no longer launches from it here',
      '  would go  image ami-00000002 (golden-2): older than the newest 1 for unknown unknown, and nothing uses it',
      '  stays     image ami-00000001 (golden-1): the configuration means it',
      '2 leftovers; nothing was deleted: run it again with --yes',
      '',
    ]);
    expect(names(aws.home)).toEqual(['runtide-acme-linux', 'runtide-acme-gone']);
    expect(aws.home.calls()).not.toHaveProperty('DeleteLaunchTemplate');
    expect(aws.home.calls()).not.toHaveProperty('DeregisterImage');
  });

  it('deletes it, in every region and account, each with its own role', async () => {
    await using aws = await accounts();
    const { code, stdout } = await aws.clean({ ...LINUX, ...FAR }, '--keep', '1', '--yes', '--json');
    expect(code).toBe(0);
    const { deleting, places } = printed.parse(JSON.parse(stdout));
    expect(deleting).toBe(true);
    expect(
      places.map(({ region, role, leftovers }) => [region, role, leftovers.map(({ name }) => name)]),
    ).toEqual([
      ['eu-central-1', undefined, ['runtide-acme-gone']],
      ['eu-west-1', ROLE, ['runtide-acme-linux']],
    ]);
    expect(names(aws.home)).toEqual(['runtide-acme-linux']);
    expect(names(aws.far)).toEqual(['runtide-acme-far']);
    expect(places.flatMap(({ spared }) => spared)).toEqual([
      { name: 'golden-2', because: 'the configuration means it' },
      { name: 'golden-1', because: 'the configuration means it' },
    ]);
  });

  it('deletes images with their snapshots, and has nothing to do the second time', async () => {
    await using aws = await accounts();
    expect((await aws.clean(LINUX, '--keep', '1', '--yes')).stdout).toMatch(/^2 leftovers deleted$/m);
    expect(aws.home.images.all().map(({ id }) => id)).not.toContain(GOLDEN[1]);
    expect(aws.home.images.snapshots()).toEqual(['snap-1', 'snap-3']);
    expect((await aws.clean(LINUX, '--keep', '1')).stdout).toMatch(/^nothing to delete$/m);
  });

  it('ends with 1 where something fails, and goes on with the rest', async () => {
    await using aws = await accounts();
    aws.home.faults.throttle(1, 'DeleteLaunchTemplate');
    const { code, stdout } = await aws.clean(LINUX, '--keep', '1', '--yes');
    expect(code).toBe(1);
    expect(stdout).toMatch(/FAILED +launch template .*: deleting launch template .*RequestLimitExceeded/);
    expect(stdout).toMatch(/^1 leftover deleted$/m);
  });

  it('deletes nothing where it does not know what the configuration means', async () => {
    await using aws = await accounts();
    const image = { 'pools.linux.instances.image': { parameter: '/nowhere' } };
    const { code, stdout } = await aws.clean(image, '--yes');
    expect(code).toBe(1);
    expect(stdout).toMatch(/FAILED +reading SSM parameter \/nowhere: ParameterNotFound/);
    expect(stdout).toMatch(/^0 leftovers deleted; 1 place could not be looked at$/m);
    expect(names(aws.home)).toContain('runtide-acme-gone');
  });

  it.for([
    [['--yes', '--dry-run'], /'--dry-run' cannot be used with option '--yes'/],
    [['--keep', '0'], /a number from 1 to 9999/],
  ] as const)('refuses %j as misuse', async ([args, why]) => {
    await using aws = await accounts();
    const { code, stdout, stderr } = await aws.clean(LINUX, ...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(why);
  });
});
