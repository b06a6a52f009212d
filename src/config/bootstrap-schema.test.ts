import { describe, expect, it } from 'vitest';
import { type Edits, loadSample, mistakesWith, sample } from '../../test/support/sample-config.ts';
import { bootstrapSettingsOf, networkSettingsOf } from './boot-settings.ts';
import { generationOf } from './generation.ts';

const AT = 'pools.linux.instances';
const AMD64 = 'ab'.repeat(32);
const ARM64 = 'cd'.repeat(32);
const RUNNER = { version: '18.3.0', sha256: { amd64: AMD64 } };
const PROXY = { url: 'http://proxy:3128', direct: ['.example.com'] };

function bootstrap(keys: object, over: Edits = {}): Edits {
  return { [`${AT}.bootstrap`]: { runner: RUNNER, ...keys }, ...over };
}

const DOCKER: Edits = { 'pools.linux.executor': 'docker', 'pools.linux.docker': { image: 'alpine:3' } };

async function poolOf(edits: Edits) {
  const config = await loadSample(edits);
  const pool = config.pools['linux'];
  if (pool === undefined) throw new Error('the sample has no pool');
  return { config, pool };
}

async function settings(edits: Edits) {
  return bootstrapSettingsOf((await poolOf(edits)).pool);
}

async function generation(edits: Edits): Promise<string> {
  return generationOf((await poolOf(edits)).config, 'linux');
}

async function paths(edits: Edits): Promise<readonly string[]> {
  return (await mistakesWith(edits)).map(({ path }) => path.replace(`${AT}.`, ''));
}

describe('instances.bootstrap', () => {
  it('is nothing where nothing is said', async () => {
    expect(await settings({})).toBeUndefined();
    expect(networkSettingsOf((await poolOf({})).pool)).toEqual({ pool: 'linux' });
  });

  it('is what the bootstrap is told, for the processor of the types', async () => {
    expect(await settings(bootstrap({}))).toEqual({
      architecture: 'amd64',
      settings: {
        runner: { version: '18.3.0', sha256: AMD64 },
        docker: false,
        metadataFor: 'root',
        ecrRegistries: [],
        images: [],
        packages: [],
        direct: [],
      },
    });
    const all = {
      runner: {
        ...RUNNER,
        sha256: { amd64: AMD64, arm64: ARM64 },
        url: 'https://mirror.example/v1/gitlab-runner-{arch}',
      },
      ecrRegistries: ['111122223333.dkr.ecr.eu-central-1.amazonaws.com', 'public.ecr.aws'],
      images: ['alpine:3', `registry.example/a/b@sha256:${AMD64}`],
      packages: ['jq', 'g++'],
      logGroup: '/runtide/linux',
    };
    const arm = { ...DOCKER, 'pools.linux.proxy': PROXY, [`${AT}.types`]: ['m7g.large'] };
    expect(await settings(bootstrap(all, arm))).toEqual({
      architecture: 'arm64',
      settings: {
        ...all,
        runner: {
          version: '18.3.0',
          sha256: ARM64,
          url: 'https://mirror.example/v1/gitlab-runner-arm64',
        },
        docker: true,
        metadataFor: 'root',
        proxy: 'http://proxy:3128',
        direct: ['.example.com'],
      },
    });
    expect(networkSettingsOf((await poolOf(bootstrap(all, arm))).pool)).toMatchObject({ bootstrap: true });
  });

  it('takes the one checksum that is given where the types are not known', async () => {
    const unknown = { [`${AT}.types`]: ['z99g.large'] };
    const runner = { version: '18.3.0', sha256: { arm64: ARM64 } };
    expect(await settings(bootstrap({ runner }, unknown))).toMatchObject({
      architecture: 'arm64',
      settings: { runner: { sha256: ARM64 } },
    });
    expect(await settings(bootstrap({}, unknown))).toMatchObject({ architecture: 'amd64' });
  });

  it.each<[what: string, edits: Edits, found: readonly string[]]>([
    ['no runner', { [`${AT}.bootstrap`]: {} }, ['bootstrap.runner']],
    [
      'a version that is none',
      bootstrap({ runner: { ...RUNNER, version: 'latest' } }),
      ['bootstrap.runner.version'],
    ],
    ['no checksum', bootstrap({ runner: { version: '18.3.0' } }), ['bootstrap.runner.sha256']],
    [
      'a checksum that is none',
      bootstrap({ runner: { version: '18.3.0', sha256: { amd64: AMD64.toUpperCase() } } }),
      ['bootstrap.runner.sha256.amd64'],
    ],
    [
      'the checksum of another processor',
      bootstrap({}, { [`${AT}.types`]: ['m7g.large'] }),
      ['bootstrap.runner.sha256.arm64'],
    ],
    [
      'the checksums of two for types that nobody knows',
      bootstrap(
        { runner: { version: '18.3.0', sha256: { amd64: AMD64, arm64: ARM64 } } },
        { [`${AT}.types`]: ['z99.large'] },
      ),
      ['bootstrap.runner.sha256'],
    ],
    [
      'credentials in the address',
      bootstrap({ runner: { ...RUNNER, url: 'https://user:secret@mirror.example/x' } }),
      ['bootstrap.runner.url'],
    ],
    [
      'a runner that cannot count jobs, where they are counted',
      bootstrap({ runner: { ...RUNNER, version: '18.0.5' } }, { 'pools.linux.maxJobs': 1 }),
      ['bootstrap.runner.version'],
    ],
    ['images without Docker', bootstrap({ images: ['alpine:3'] }), ['bootstrap.images']],
    [
      'registries without Docker',
      bootstrap({ ecrRegistries: ['public.ecr.aws'] }),
      ['bootstrap.ecrRegistries'],
    ],
    [
      'a registry that is not ECR',
      bootstrap({ ecrRegistries: ['docker.io'] }, DOCKER),
      ['bootstrap.ecrRegistries[0]'],
    ],
    ['an option in place of a package', bootstrap({ packages: ['--force'] }), ['bootstrap.packages[0]']],
    ['two packages in one', bootstrap({ packages: ['jq,zip'] }), ['bootstrap.packages[0]']],
    ['a log group that is none', bootstrap({ logGroup: 'a b' }), ['bootstrap.logGroup']],
    ['an empty script', { [`${AT}.preInstall`]: ' \n\t' }, ['preInstall']],
    ['a script with Windows line ends', { [`${AT}.postInstall`]: 'echo\r\n' }, ['postInstall']],
    ['a script of 8001 characters', { [`${AT}.postInstall`]: 'x'.repeat(8001) }, ['postInstall']],
    [
      'both beside a template',
      {
        ...bootstrap({}),
        [`${AT}.preInstall`]: 'echo',
        [`${AT}.template`]: 'lt-01234567',
        [`${AT}.image`]: undefined,
        [`${AT}.securityGroups`]: undefined,
        [`${AT}.profile`]: undefined,
      },
      ['bootstrap', 'preInstall'],
    ],
  ])('refuses %s', async (_what, edits, found) => {
    expect(await paths(edits)).toEqual(found);
  });

  it('says which checksum is missing, in the size that needs it', async () => {
    const sizes = {
      small: { runner: { id: 21, tokenParameter: '/a' } },
      large: { runner: { id: 22, tokenParameter: '/b' }, types: ['m7g.4xlarge'] },
    };
    const edits = bootstrap({}, { 'pools.linux.sizes': sizes, 'pools.linux.runner': undefined });
    expect(await mistakesWith(edits)).toEqual([
      expect.objectContaining({
        path: `${AT}.bootstrap.runner.sha256.arm64`,
        allowed: 'the SHA-256 of the binary for arm64, which the types of the pool are',
        mend: 'copy the digits of binaries/gitlab-runner-linux-arm64 from the file release.sha256 of that release',
      }),
    ]);
  });

  it('makes instances drift when it changes, and so do the scripts', async () => {
    const generations = await Promise.all(
      [
        {},
        bootstrap({}),
        bootstrap({ packages: ['jq'] }),
        { [`${AT}.preInstall`]: 'echo' },
        { [`${AT}.postInstall`]: 'echo' },
        { [`${AT}.postInstall`]: 'echo 2' },
      ].map(generation),
    );
    expect(new Set(generations).size).toBe(6);
  });

  it('takes scripts from files, as they are', async () => {
    const script = '#!/bin/sh\n# größer\n\techo "$HOME"';
    const edits = { [`${AT}.preInstall`]: '${file:pre-install.sh}' };
    const text = JSON.stringify(sample(edits));
    const sources = {
      readFile: async (path: string) =>
        new TextEncoder().encode(path.endsWith('/pre-install.sh') ? `${script}\n` : text),
    };
    const config = await loadSample(edits, sources);
    expect(config.pools['linux']?.instances.preInstall).toBe(script);
  });
});

describe('cache', () => {
  it.each<[edits: Edits, found: readonly string[]]>([
    [
      { 'pools.linux.cache': { bucket: 'acme', endpoint: 'https://s3.example.com:9000', kmsKey: 'alias/x' } },
      [],
    ],
    [
      { 'pools.linux.cache': { bucket: 'acme', endpoint: 'https://s3.example.com/bucket' } },
      ['pools.linux.cache.endpoint'],
    ],
    [{ 'pools.linux.cache': { bucket: 'acme', kmsKey: 'a key' } }, ['pools.linux.cache.kmsKey']],
  ])('of %j has the mistakes %j', async (edits, found) => {
    expect(await paths(edits)).toEqual(found);
  });
});
