import { describe, expect, it } from 'vitest';
import { mistakesWith } from '../../test/support/sample-config.ts';

const POOL = 'pools.linux';
const SHARED_TOKEN = '3fd1c9a07be24c5586d1f0a9b7c4e213';
const SIGNING_TOKEN = `whsec_${Buffer.from(Array.from({ length: 32 }, (_, index) => index * 7)).toString('base64')}`;

/** Tags `key0` to `key<count - 1>`. */
function manyTags(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`key${index}`, 'value']));
}

const GOOD: Readonly<Record<string, readonly unknown[]>> = {
  installation: ['a', 'acme-2', 'a'.repeat(31)],
  'gitlab.url': ['https://gitlab.example.com', 'http://127.0.0.1:8080/', 'https://example.com/gitlab'],
  'gitlab.projects': [[1], ['acme/web'], ['acme/sub/web.js', 7], ['_x/.y']],
  'gitlab.groups': [[1], ['acme'], ['acme/sub.x', 7]],
  'gitlab.instance': [true, false],
  'gitlab.requestsPerMinute': [30, 300, 2000],
  'gitlab.timeout': ['1s', '60s', 1, 60],
  'webhook.token': [SHARED_TOKEN],
  'webhook.signingToken': [
    SIGNING_TOKEN,
    `whsec_${Buffer.from('123456789012345678901234').toString('base64')}`,
  ],
  'aws.region': ['eu-central-1', 'us-gov-west-1', 'us-isob-east-1'],
  'aws.endpoints': [{}, { ec2: 'http://127.0.0.1:4566' }, { ssm: 'https://ssm.example.com/x' }],
  'aws.endpoints.sqs': ['https://sqs.example.com'],
  'aws.events': [
    { queue: 'https://sqs.eu-central-1.amazonaws.com/111122223333/runtide-acme-events' },
    { queue: 'http://127.0.0.1:4566/000000000000/x_-9' },
  ],
  'aws.endpoints.cloudwatch': ['https://monitoring.example.com'],
  'aws.metrics': [{}, { namespace: 'Acme/CI_runners.1#x', every: 60 }],
  'aws.metrics.every': ['30s', '15m'],
  'aws.timeout': ['1s', '1m'],
  'status.listen': ['0.0.0.0:0', 'localhost:65535', '[::1]:80', 'status.example.com:8471'],
  pollInterval: ['1s', '5m', 1.5],
  unservedAfter: ['1s', '1h'],
  drainAlarm: ['1s'],
  orphanGrace: ['1s'],
  state: ['/var/lib/runtide/runtide.db', '../x.db'],
  'log.level': ['trace', 'debug', 'info', 'warn', 'error'],
  tags: [{}, { CostCenter: '42' }, { 'a+b-c=d.e,f_g:h@i': '' }, manyTags(40)],
  [`${POOL}.runner.id`]: [1, 9_007_199_254_740_991],
  [`${POOL}.runner.tokenParameter`]: ['plain-name', '/a/b.c/d_e'],
  [`${POOL}.tags`]: [['a'], ['x y', 'Größe', '3.11']],
  [`${POOL}.runUntagged`]: [true, false],
  [`${POOL}.executor`]: ['shell'],
  [`${POOL}.checkInterval`]: ['1s', '60s'],
  [`${POOL}.slots`]: [1, 100],
  [`${POOL}.maxJobs`]: [1, 1000],
  [`${POOL}.min`]: [0, 10],
  [`${POOL}.max`]: [0, 5000],
  [`${POOL}.surge`]: [0, 10],
  [`${POOL}.minAvailable`]: [0],
  [`${POOL}.idle.slots`]: [0, 1000],
  [`${POOL}.idle.time`]: ['0s', '24h', '500ms'],
  [`${POOL}.cooldown`]: ['0s', 90],
  [`${POOL}.bootTimeout`]: ['5s', '1h'],
  [`${POOL}.maxAge`]: ['1h', '7d'],
  [`${POOL}.rebalance`]: ['drain', 'ignore'],
  [`${POOL}.instances.image`]: ['ami-12345678', 'ami-0123456789abcdef0'],
  [`${POOL}.instances.types`]: [
    [
      'm7i.large',
      't3.nano',
      'm7i-flex.8xlarge',
      'c7id.metal',
      'm7i.metal-24xl',
      'u-6tb1.112xlarge',
      'x2idn.xlarge',
    ],
    ['p4d.24xlarge', 'g4dn.xlarge', 'i3.metal', 'd3.xlarge', 'm5.large', 'r5.large', 'c5.large'],
  ],
  [`${POOL}.instances.subnets`]: [['subnet-0abc', 'subnet-0123456789abcdef0']],
  [`${POOL}.instances.securityGroups`]: [['sg-0abc', 'sg-0123456789abcdef0']],
  [`${POOL}.instances.profile`]: ['a', 'arn:aws:iam::123456789012:instance-profile/team/runtide'],
  [`${POOL}.instances.market`]: ['spot', 'on-demand'],
};

const BAD: Readonly<Record<string, readonly unknown[]>> = {
  installation: [undefined, null, '', 'Acme', '1acme', 'a_b', 'a'.repeat(32), 42, ['acme']],
  gitlab: [undefined, null, 'x', []],
  'gitlab.url': [
    'gitlab.com',
    'ftp://gitlab.com',
    'https://gitlab.com/api/v4',
    'https://x/gitlab/api/v4/',
    7,
    '',
  ],
  'gitlab.token': [undefined, null, '', 'two words', 'line\nbreak', 42, { a: 1 }],
  'gitlab.projects': [undefined, [], 'acme/web', null, { a: 1 }],
  'gitlab.groups': [[], 'acme', null],
  'gitlab.instance': ['yes', 1],
  'gitlab.requestsPerMinute': [0, 29, 1.5, '300'],
  'gitlab.timeout': ['999ms', '61s', 0, 61, '10', '10 s', true],
  'webhook.token': [
    '',
    'short',
    'changeme',
    'webhook-secret-token',
    'aaaaaaaaaaaaaaaaaaaa',
    `${SHARED_TOKEN} `,
  ],
  'webhook.signingToken': [
    '',
    SHARED_TOKEN,
    'whsec_',
    'whsec_not base64!',
    `whsec_${Buffer.from('12345678901234567890123').toString('base64')}`,
    `whsec_${Buffer.alloc(32).toString('base64')}`,
  ],
  aws: [undefined, 'eu-central-1'],
  'aws.region': [undefined, '', 'europe', 'eu-central', 'EU-CENTRAL-1', 'eu-central-1a'],
  'aws.endpoints.ec2': ['127.0.0.1', 'file:///x', 'https://x/?a=b', 'https://x/#a'],
  'aws.events': ['https://sqs.eu-central-1.amazonaws.com/111122223333/events'],
  'aws.events.queue': [
    undefined,
    'events',
    'arn:aws:sqs:eu-central-1:111122223333:events',
    'https://sqs.eu-central-1.amazonaws.com/events',
    'https://sqs.eu-central-1.amazonaws.com/1111/events',
    'https://sqs.eu-central-1.amazonaws.com/111122223333/events.fifo',
    'https://sqs.eu-central-1.amazonaws.com/111122223333/events?x=y',
  ],
  'aws.metrics': [true, 'Runtide'],
  'aws.metrics.namespace': ['', 'AWS/EC2', 'two words', 'a:b', 'x'.repeat(256)],
  'aws.metrics.every': ['29s', '16m'],
  'aws.timeout': ['0s', '2m'],
  'status.listen': [
    '8471',
    ':8471',
    'localhost',
    'localhost:65536',
    'localhost:-1',
    'local host:80',
    '::1:80',
    8471,
  ],
  pollInterval: ['0s', '301s', '15', -1, null],
  unservedAfter: ['0s', 'never'],
  drainAlarm: ['0s', '25h'],
  orphanGrace: ['0s', false],
  state: ['', 'x/', 7],
  'log.level': ['INFO', 'fatal', 'silent', ''],
  tags: [['a'], 'a', manyTags(41)],
  'tags.CostCenter': [42, null, true, 'x'.repeat(257)],
  pools: [undefined, {}, [], 'linux'],
  [`${POOL}.runner`]: [undefined, 12],
  [`${POOL}.runner.id`]: [undefined, 0, 1.5, '12', -1],
  [`${POOL}.runner.tokenParameter`]: [
    undefined,
    '',
    '/aws/x',
    'ssm-x',
    '/a//b',
    'a/b',
    '/a b',
    `glrt-${'x'.repeat(20)}`,
  ],
  [`${POOL}.tags`]: ['linux', {}],
  [`${POOL}.runUntagged`]: ['true', 1, 'yes'],
  [`${POOL}.executor`]: ['kubernetes', 'Shell', ''],
  [`${POOL}.checkInterval`]: ['500ms', '61s'],
  [`${POOL}.slots`]: [0, 101, 1.5, '1'],
  [`${POOL}.maxJobs`]: [0, 1001, 1.5, '1'],
  [`${POOL}.min`]: [-1, 5001, '0'],
  [`${POOL}.max`]: [-1, 5001, '10', Infinity],
  [`${POOL}.surge`]: [-1, '1'],
  [`${POOL}.minAvailable`]: [-1, '1', 5001],
  [`${POOL}.idle.slots`]: [-1, 0.5],
  [`${POOL}.idle.time`]: ['25h', '-1s'],
  [`${POOL}.cooldown`]: ['25h'],
  [`${POOL}.bootTimeout`]: ['4s', '61m'],
  [`${POOL}.maxAge`]: ['59m', '4000d'],
  [`${POOL}.rebalance`]: ['note', true, ''],
  [`${POOL}.instances`]: [undefined],
  [`${POOL}.instances.image`]: [
    undefined,
    'ami-',
    'ami-1234567',
    'ami-0123456789ABCDEF0',
    'ami-0123456789abcdef01',
  ],
  [`${POOL}.instances.types`]: [undefined, [], 'm7i.large'],
  [`${POOL}.instances.subnets`]: [undefined, []],
  [`${POOL}.instances.securityGroups`]: [undefined, []],
  [`${POOL}.instances.profile`]: [undefined, '', 'a b', 'arn:aws:iam::12:role/x'],
  [`${POOL}.instances.market`]: ['Spot', 'ondemand'],
};

/** Items that make their list wrong at `[1]`. */
const BAD_SECOND_ITEMS: Readonly<Record<string, readonly unknown[]>> = {
  'gitlab.projects': [
    'web',
    'acme/',
    '/acme',
    'acme/web.git',
    'https://gitlab.com/acme/web',
    '1234',
    0,
    1.5,
    null,
  ],
  'gitlab.groups': ['acme/', '/acme', 'https://gitlab.com/acme', '1 2', 0, null],
  [`${POOL}.tags`]: ['', ' a', 'a ', 'a,b', 'x'.repeat(256), 3.11],
  [`${POOL}.instances.types`]: ['m7i', 'large', 'M7i.large', 'm7i.huge', ''],
  [`${POOL}.instances.subnets`]: ['0abc', 'sg-0abc', 'subnet-'],
  [`${POOL}.instances.securityGroups`]: ['0abc', 'subnet-0abc', 'sg-'],
};

const FIRST_ITEMS: Readonly<Record<string, unknown>> = {
  'gitlab.projects': 'acme/web',
  'gitlab.groups': 'acme',
  [`${POOL}.tags`]: 'linux',
  [`${POOL}.instances.types`]: 'm7i.large',
  [`${POOL}.instances.subnets`]: 'subnet-0abc',
  [`${POOL}.instances.securityGroups`]: 'sg-0abc',
};

const NOT_NITRO = 't1 t2 m1 m2 m3 m4 c1 c3 c4 r3 r4 i2 i3 d2 g2 g3 p2 p3 x1 x1e h1 f1 cc2 cr1 hs1'.split(' ');

function rows(table: Readonly<Record<string, readonly unknown[]>>): [path: string, value: unknown][] {
  return Object.entries(table).flatMap(([path, values]) =>
    values.map((value): [string, unknown] => [path, value]),
  );
}

describe('a key of the configuration', () => {
  it.each(rows(GOOD))('%s takes %j', async (path, value) => {
    expect(await mistakesWith({ [path]: value })).toEqual([]);
  });

  it.each(rows(BAD))('%s refuses %j', async (path, value) => {
    const webhook = path.startsWith('webhook.') ? { 'webhook.listen': '127.0.0.1:0' } : {};
    const mistakes = await mistakesWith({ ...webhook, [path]: value });
    expect(mistakes.map((mistake) => mistake.path)).toEqual([path]);
    expect(mistakes[0]?.allowed).toMatch(/\S/);
    expect(mistakes[0]?.mend).toMatch(/\S/);
  });

  it.each(rows(BAD_SECOND_ITEMS))('%s refuses the item %j', async (path, item) => {
    const mistakes = await mistakesWith({ [path]: [FIRST_ITEMS[path], item] });
    expect(mistakes.map((mistake) => mistake.path)).toEqual([`${path}[1]`]);
  });

  it.each(Object.entries(FIRST_ITEMS))('%s refuses an item that stands twice', async (path, item) => {
    const mistakes = await mistakesWith({ [path]: [item, item] });
    expect(mistakes.map((mistake) => mistake.path)).toEqual([`${path}[1]`]);
  });

  it.each([{ 'gitlab.groups': ['acme'] }, { 'gitlab.instance': true }])(
    'gitlab needs no projects with %j',
    async (others) => {
      expect(await mistakesWith({ 'gitlab.projects': undefined, ...others })).toEqual([]);
    },
  );

  it('takes a project once, whatever the case of its path', async () => {
    expect(await mistakesWith({ 'gitlab.projects': ['acme/web', 'Acme/Web'] })).toHaveLength(1);
  });

  it.each(NOT_NITRO)('refuses the family %s, which is older than Nitro', async (family) => {
    const [mistake] = await mistakesWith({ [`${POOL}.instances.types`]: [`${family}.large`] });
    expect(mistake).toMatchObject({ path: `${POOL}.instances.types[0]`, value: `"${family}.large"` });
    expect(mistake?.allowed).toContain('Nitro');
  });

  it.each(['aws:x', 'AWS:x', 'runtide:x', 'a/b', 'a b', '', '.', '..', '_index', 'x'.repeat(129)])(
    'refuses the tag key %j',
    async (key) => {
      const mistakes = await mistakesWith({ tags: { [key]: 'value' } });
      expect(mistakes.map((mistake) => mistake.value)).toEqual(['a key that does not fit']);
    },
  );

  it.each(['Linux', '1linux', 'a_b', 'a'.repeat(25), ''])('refuses the pool name %j', async (name) => {
    const mistakes = await mistakesWith({ [POOL]: undefined, [`pools.${name}`]: 'no map' });
    expect(mistakes.map((mistake) => mistake.value).toSorted()).toEqual([
      'a key that does not fit',
      'a text',
    ]);
  });

  it('leaves room for the longest names in AWS', async () => {
    const [installation, pool] = ['i'.repeat(31), 'p'.repeat(24)];
    expect(await mistakesWith({ installation })).toEqual([]);
    expect(`runtide-${installation}-${pool}`.length).toBeLessThanOrEqual(64);
  });
});
