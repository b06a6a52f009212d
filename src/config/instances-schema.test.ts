import { describe, expect, it } from 'vitest';
import { mistakesWith } from '../../test/support/sample-config.ts';

const POOL = 'pools.linux';

const GOOD: Readonly<Record<string, readonly unknown[]>> = {
  [`${POOL}.instances.market`]: [
    'spot',
    'on-demand',
    {},
    { onDemandBase: 2, spotShare: 0.8, onDemandFallback: true },
    { spotShare: '80%' },
    { spotShare: '12.5%' },
    { spotShare: 1 },
  ],
  [`${POOL}.instances.maxPrice`]: [0.25, 100],
  [`${POOL}.instances.image`]: [
    'ami-12345678',
    'ami-0123456789abcdef0',
    { parameter: '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64' },
    { parameter: '/acme/image', follow: true },
    { name: 'runner-*' },
    { name: 'runner 2026 [x]', owner: 'self', follow: false },
    { name: 'al2023-ami-2023*', owner: 'amazon' },
    { name: 'runner-*', owner: '111122223333' },
  ],
  [`${POOL}.instances.volume`]: [
    { size: 8 },
    { size: 100, throughput: 750, iops: 3000 },
    { size: 100, throughput: 1000, iops: 4000, kmsKey: 'alias/runners' },
    { size: 16, iops: 8000, kmsKey: 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd' },
    { size: 8, kmsKey: '1234abcd-12ab-34cd-56ef-1234567890ab' },
  ],
  [`${POOL}.instances.region`]: ['eu-west-1'],
  [`${POOL}.instances.role`]: ['arn:aws:iam::111122223333:role/ci/runtide'],
  [`${POOL}.cache`]: [{ bucket: 'acme-cache' }, { bucket: 'a.b', region: 'eu-west-1', prefix: 'git/lab' }],
  [`${POOL}.proxy`]: [
    { url: 'http://proxy.example.com:3128' },
    { url: 'http://10.0.0.1:3128', direct: ['.example.com', '10.0.0.0/8', 'fd00::/8'] },
  ],
  [`${POOL}.environment`]: [{}, { LANG: 'C.UTF-8', _x1: '' }],
  'aws.endpoints.sts': ['https://sts.example.com'],
};

/** Keys whose values need others beside them. */
const GOOD_TOGETHER: readonly (readonly [what: string, edits: Readonly<Record<string, unknown>>])[] = [
  [
    'requirements in place of types',
    {
      [`${POOL}.instances.types`]: undefined,
      [`${POOL}.instances.requirements`]: {
        vcpu: { min: 2, max: 4 },
        memoryGiB: { min: 7.5 },
        architecture: 'arm64',
        burstable: true,
        currentGeneration: false,
        gpu: { min: 0 },
        families: { include: ['m7*', 't4g'], exclude: ['m7gd'] },
      },
    },
  ],
  ...['lt-0123456789abcdef0', { id: 'lt-01234567' }, { id: 'lt-01234567', version: 7 }].map(
    (template) =>
      [
        'a template in place of what it says',
        {
          [`${POOL}.instances.template`]: template,
          [`${POOL}.instances.image`]: undefined,
          [`${POOL}.instances.securityGroups`]: undefined,
          [`${POOL}.instances.profile`]: undefined,
        },
      ] as const,
  ),
  [
    'all of the docker executor',
    {
      [`${POOL}.executor`]: 'docker',
      [`${POOL}.docker`]: {
        image: 'alpine:3',
        volumes: ['/cache', '/certs:/certs:ro', 'data:/data'],
        pullPolicy: 'if-not-present',
        gpus: 'all',
        registryMirror: 'https://mirror.example.com',
      },
    },
  ],
];

const BAD: Readonly<Record<string, readonly unknown[]>> = {
  [`${POOL}.instances.market`]: ['Spot', 'ondemand', ['spot'], 1],
  [`${POOL}.instances.market.spotShare`]: [1.1, -0.1, '101%', '80', 'half', true],
  [`${POOL}.instances.market.onDemandBase`]: [-1, 1.5, '2'],
  [`${POOL}.instances.market.onDemandFallback`]: ['true', 1],
  [`${POOL}.instances.market.spot`]: [1],
  [`${POOL}.instances.maxPrice`]: [0, -1, '0.25', 1001],
  [`${POOL}.instances.volume`]: [8, 'gp3'],
  [`${POOL}.instances.region`]: ['europe', 7],
  [`${POOL}.instances.role`]: ['runtide', 'arn:aws:iam::1:role/x', 'arn:aws:iam::111122223333:user/x'],
  [`${POOL}.cache`]: ['acme-cache'],
  [`${POOL}.proxy`]: ['http://proxy'],
  [`${POOL}.environment`]: [['A=b'], 'A=b'],
  [`${POOL}.environment.LANG`]: [1, null, 'x'.repeat(1001)],
  [`${POOL}.caFile`]: [7, ['ca.pem'], 'missing.pem'],
  prices: [7, 'missing.json'],
};

/** Parts of sections that are given with what else they need. */
const BAD_WITHIN: readonly (readonly [path: string, section: unknown])[] = [
  [`${POOL}.instances.image.parameter`, { parameter: 'aws/service/x' }],
  [`${POOL}.instances.image.name`, { name: 'x' }],
  [`${POOL}.instances.image.owner`, { name: 'runner-*', owner: 'acme' }],
  [`${POOL}.instances.image.follow`, { name: 'runner-*', follow: 'yes' }],
  [`${POOL}.instances.image.id`, { name: 'runner-*', id: 'ami-12345678' }],
  [`${POOL}.instances.volume.size`, { size: 0 }],
  [`${POOL}.instances.volume.throughput`, { size: 8, throughput: 124 }],
  [`${POOL}.instances.volume.iops`, { size: 8, iops: 2999 }],
  [`${POOL}.instances.volume.kmsKey`, { size: 8, kmsKey: 'my key' }],
  [`${POOL}.cache.bucket`, { bucket: 'Acme' }],
  [`${POOL}.cache.region`, { bucket: 'acme', region: 'europe' }],
  [`${POOL}.cache.prefix`, { bucket: 'acme', prefix: '/x' }],
  [`${POOL}.cache.accessKey`, { bucket: 'acme', accessKey: 'AKIAIOSFODNN7EXAMPLE' }],
  [`${POOL}.proxy.url`, { url: 'http://me:secret@proxy' }],
  [`${POOL}.proxy.direct[0]`, { url: 'http://proxy', direct: ['a b'] }],
];

function rows(table: Readonly<Record<string, readonly unknown[]>>): [path: string, value: unknown][] {
  return Object.entries(table).flatMap(([path, values]) =>
    values.map((value): [string, unknown] => [path, value]),
  );
}

describe('a key of what is bought and what runs on it', () => {
  it.each(rows(GOOD))('%s takes %j', async (path, value) => {
    expect(await mistakesWith({ [path]: value })).toEqual([]);
  });

  it.each(rows(BAD))('%s refuses %j', async (path, value) => {
    const mistakes = await mistakesWith({ [path]: value });
    expect(mistakes.map((mistake) => mistake.path)).toEqual([path]);
    expect(mistakes[0]?.allowed).toMatch(/\S/);
    expect(mistakes[0]?.mend).toMatch(/\S/);
  });

  it.each(GOOD_TOGETHER)('takes %s', async (_, edits) => {
    expect(await mistakesWith(edits)).toEqual([]);
  });

  it.each(BAD_WITHIN)('%s is refused in %j', async (path, section) => {
    const around = path.replace(/(?:\.\w+|\.\w+\[0\])$/, '');
    const mistakes = await mistakesWith({ [around]: section });
    expect(mistakes.map((mistake) => mistake.path)).toEqual([path]);
  });
});
