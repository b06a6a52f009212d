import { gunzipSync } from 'node:zlib';
import { parse } from 'smol-toml';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { API_TOKEN, gitlabDouble } from '../../test/support/gitlab-double.ts';
import { type Edits, loadSample } from '../../test/support/sample-config.ts';
import { VirtualClock } from '../adapters/memory/clock.ts';
import { Ec2 } from '../adapters/memory/ec2/ec2.ts';
import { defaultPlace } from '../adapters/memory/ec2/place.ts';
import { Ssm } from '../adapters/memory/ec2/ssm.ts';
import { composeAdapters } from './adapters.ts';
import { startAws } from '../sandbox/aws/server.ts';

const POOL = 'pools.linux';
const NEVER = new AbortController().signal;
const IMAGE = defaultPlace.images[0];

const FULL: Edits = {
  [`${POOL}.executor`]: 'docker',
  [`${POOL}.docker`]: { image: 'alpine:3', registryMirror: 'https://mirror.example.com' },
  [`${POOL}.cache`]: { bucket: 'acme-cache', prefix: 'gitlab' },
  [`${POOL}.proxy`]: { url: 'http://proxy:3128' },
  [`${POOL}.environment`]: { LANG: 'C.UTF-8' },
  [`${POOL}.instances.image`]: { name: 'runner-x86*' },
  [`${POOL}.instances.volume`]: { size: 50 },
  [`${POOL}.instances.types`]: undefined,
  [`${POOL}.instances.requirements`]: {
    vcpu: { min: 2, max: 2 },
    memoryGiB: { min: 8, max: 8 },
    architecture: 'amd64',
  },
  [`${POOL}.instances.market`]: { onDemandBase: 1, spotShare: '50%' },
};

beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAEXAMPLE');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'example');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

/** The adapters of a configuration over the double of AWS. */
async function composed(edits: Edits) {
  const clock = new VirtualClock();
  const model = new Ec2({ timers: clock, seed: 7 });
  const ssm = new Ssm(clock, 7);
  const log = { error: (_details: object, message: string) => expect.unreachable(message) };
  const aws = await startAws({ model, ssm, timers: clock, log });
  const config = await loadSample({
    'aws.endpoints': { ec2: aws.url, ssm: aws.url },
    [`${POOL}.instances.subnets`]: defaultPlace.subnets.map(({ id }) => id),
    [`${POOL}.instances.securityGroups`]: defaultPlace.securityGroups.map(({ id }) => id),
    [`${POOL}.instances.image`]: IMAGE?.id,
    ...edits,
  });
  const adapters = await composeAdapters(config, {
    clock,
    version: '1',
    note: (message) => expect(message).toMatch(/^made runner/),
  });
  return { adapters, model, ssm, [Symbol.asyncDispose]: () => aws.close() };
}

/** The files that user data writes, by their paths. */
function filesIn(userData: string): ReadonlyMap<string, string> {
  const script = gunzipSync(Buffer.from(userData, 'base64')).toString();
  return new Map(
    [...script.matchAll(/^put \d+ (\S+) <<'(EOF_*)'\n([^]*?\n)?\2$/gm)].map(([, path = '', , text = '']) => [
      path,
      text,
    ]),
  );
}

/** The files that instances of the pool write at their first boot. */
async function bootFiles(edits: Edits): Promise<ReadonlyMap<string, string>> {
  await using world = await composed(edits);
  await world.adapters.fleet.prepare('linux', NEVER);
  const [version] = world.model.describeLaunchTemplateVersions({ name: 'runtide-acme-linux' }).items;
  return filesIn(version?.data.userData ?? '');
}

const SHA256 = 'ab'.repeat(32);

describe('composeAdapters', () => {
  it('buys what the configuration says', async () => {
    await using world = await composed(FULL);
    const { fleet, policy } = world.adapters;
    const [pool] = policy().pools;
    const offerings = pool?.offerings.filter(({ market }) => market === 'on-demand') ?? [];
    expect(offerings.length).toBeGreaterThan(10);
    const { launched } = await fleet.launch(
      {
        launchId: 'l-1',
        pool: 'linux',
        count: 2,
        offerings,
        slots: 1,
        generation: pool?.generation ?? '',
        template: await fleet.prepare('linux', NEVER),
      },
      NEVER,
    );
    expect(launched).toHaveLength(2);
    expect((await fleet.list(NEVER)).map(({ generation }) => generation)).toEqual([
      pool?.generation,
      pool?.generation,
    ]);
    const [version] = world.model.describeLaunchTemplateVersions({ name: 'runtide-acme-linux' }).items;
    expect(version?.data).toMatchObject({
      imageId: IMAGE?.id,
      blockDevices: [{ deviceName: IMAGE?.rootDevice, ebs: { volumeSize: 50, encrypted: true } }],
    });
  });

  it('tells instances what the configuration says', async () => {
    const files = await bootFiles(FULL);
    expect(parse(files.get('/etc/runtide/config.toml.in') ?? '')).toMatchObject({
      runners: [
        {
          environment: expect.arrayContaining(['https_proxy=http://proxy:3128', 'LANG=C.UTF-8']),
          cache: { Path: 'gitlab/acme/linux', s3: { BucketName: 'acme-cache', AuthenticationType: 'iam' } },
        },
      ],
    });
    expect(files.get('/etc/runtide/hooks.d/pre/10-network')).toContain("mirror='https://mirror.example.com'");
    expect(files.get('/etc/runtide/agent.env')).toContain('RUNTIDE_REGION=eu-central-1\n');
  });

  it('brings what a plain image lacks', async () => {
    const files = await bootFiles({
      ...FULL,
      [`${POOL}.instances.bootstrap`]: {
        runner: { version: '18.3.0', sha256: { amd64: SHA256, arm64: 'cd'.repeat(32) } },
        images: ['alpine:3'],
        logGroup: '/runtide/linux',
      },
      [`${POOL}.instances.preInstall`]: 'echo first',
      [`${POOL}.instances.postInstall`]: 'echo last',
    });
    expect(files.get('/usr/local/sbin/runtide-bootstrap')).toMatch(/^#!\/bin\/sh\nset -u\n[^]*esac\n$/);
    expect(files.get('/etc/runtide/bootstrap.env')?.split('\n')).toEqual([
      'RUNTIDE_RUNNER_VERSION=18.3.0',
      `RUNTIDE_RUNNER_SHA256=${SHA256}`,
      'RUNTIDE_RUNNER_URL=https://gitlab-runner-downloads.s3.amazonaws.com/v18.3.0/binaries/gitlab-runner-linux-amd64',
      'RUNTIDE_DOCKER=yes',
      'RUNTIDE_METADATA_FOR=root',
      'RUNTIDE_IMAGES=alpine:3',
      'RUNTIDE_PROXY=http://proxy:3128',
      'RUNTIDE_LOG_GROUP=/runtide/linux',
      '',
    ]);
    expect(files.get('/etc/runtide/hooks.d/pre/50-pool')).toBe('#!/bin/sh\nset -e\necho first\n');
    expect(files.get('/etc/runtide/hooks.d/post/50-pool')).toBe('#!/bin/sh\nset -e\necho last\n');
    expect(files.get('/etc/runtide/hooks.d/pre/10-network')).toContain('\nbootstrap=yes\n');
  });

  it('brings no bootstrap to an image that has it all', async () => {
    expect([...(await bootFiles({})).keys()]).toEqual([
      '/usr/local/bin/runtide-agent',
      '/etc/systemd/system/runtide-agent.service',
      '/etc/systemd/system/runtide-runner.service',
      '/etc/runtide/agent.env',
      '/etc/runtide/config.toml.in',
    ]);
  });

  it('refuses a secret in a hook', async () => {
    await expect(composed({ [`${POOL}.instances.preInstall`]: 'x=glpat-abcdefgh12345678' })).rejects.toThrow(
      'writing the user data of pool linux: a secret stands in what becomes /etc/runtide/hooks.d/pre/50-pool',
    );
  });

  it('tries what machines are to be made of, and the launches of both markets', async () => {
    await using world = await composed({ [`${POOL}.instances.market`]: { onDemandBase: 1 } });
    expect(await world.adapters.checkMachines('linux', NEVER)).toEqual([
      { about: 'machines', ok: true, detail: `image ${IMAGE?.id} (runner-x86_64, amd64)` },
      { about: 'network', ok: true, detail: expect.stringContaining('3 subnets, 1 security group in vpc-') },
      { about: 'instance types', ok: true, detail: 'm7i.large in 3 zones' },
      { about: 'launch', ok: true, detail: expect.stringMatching(/^EC2 would launch m7i.large .* and /) },
    ]);
    await using other = await composed({ [`${POOL}.instances.types`]: ['m7g.large'] });
    expect(await other.adapters.checkMachines('linux', NEVER)).toContainEqual({
      about: 'machines',
      ok: false,
      detail: expect.stringContaining('is for amd64, and the instance types are arm64'),
    });
    await expect(other.adapters.checkMachines('mac', NEVER)).rejects.toThrow('no such pool');
  });

  it('reads the token of a pool from its parameter', async () => {
    await using world = await composed({});
    world.ssm.putParameter({ name: '/runtide/linux/runner-token', value: 'glrt-x', type: 'SecureString' });
    expect(await world.adapters.readToken('linux', '/runtide/linux/runner-token', NEVER)).toBe('glrt-x');
    await expect(world.adapters.readToken('mac', '/x', NEVER)).rejects.toThrow('no such pool');
  });

  it('makes the runner of a pool, and buys nothing before; then instances read the token of that runner', async () => {
    const { double, gitlab } = await gitlabDouble();
    await using resources = new AsyncDisposableStack();
    resources.defer(() => double.close());
    await using world = await composed({
      'gitlab.url': double.url,
      'gitlab.token': API_TOKEN,
      [`${POOL}.runner`]: { create: { project: 'acme/web' } },
    });
    const { adapters, ssm, model } = world;
    const { registrar, runners, fleet, policy } = adapters;
    expect(policy().pools[0]?.awaits).toContain('not known yet');
    await expect(runners.managers('linux', NEVER)).rejects.toThrow('it is not made yet');

    expect(adapters.upkeeps).toContain(registrar);
    expect(await registrar.tend(NEVER)).toEqual([]);
    const id = gitlab.runners().at(-1)?.id ?? 0;
    const name = `/runtide/acme/linux/runner-token/${id}`;
    expect(ssm.names()).toEqual([name]);
    expect(await runners.managers('linux', NEVER)).toEqual([]);
    const [pool] = policy().pools;
    expect(pool).not.toHaveProperty('awaits');
    await fleet.prepare('linux', NEVER);
    const [version] = model.describeLaunchTemplateVersions({ name: 'runtide-acme-linux' }).items;
    expect(version?.description).toContain(pool?.generation);
    const files = filesIn(version?.data.userData ?? '');
    expect(files.get('/etc/runtide/agent.env')).toContain(`RUNTIDE_TOKEN_PARAMETER=${name}\n`);
  });
});
