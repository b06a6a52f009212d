import { describe, expect, it } from 'vitest';
import { ConfigError } from './mistakes.ts';
import { type Edits, mistakesOf, mistakesWith } from '../../test/support/sample-config.ts';

const FILE = `installation: acme
gitlab:
  token: hunter2-hunter2
  projekts: [acme/web]
  timeout: 5m
aws:
  regoin: eu-central-1
pools:
  linux:
    runner: {id: 12, tokenParameter: /a}
    tags:
      - linux
      - 3.11
    max: "10"
    instances: {image: ami-12345678, types: [m7i.large], subnets: [subnet-1], securityGroups: [sg-1], profile: a}
`;

describe('mistakes', () => {
  it('come all at once, in the order of the file, with their lines', async () => {
    expect((await mistakesOf(FILE)).map(({ line, path, value }) => [line, path, value])).toEqual([
      [2, 'gitlab.projects', 'missing'],
      [4, 'gitlab.projekts', 'unknown key'],
      [5, 'gitlab.timeout', '"5m"'],
      [6, 'aws.region', 'missing'],
      [7, 'aws.regoin', 'unknown key'],
      [13, 'pools.linux.tags[1]', '3.11'],
      [14, 'pools.linux.max', '"10"'],
    ]);
  });

  it.each([
    ['gitlab.projekts', 'did you mean `projects`?'],
    ['gitlab.api_url', 'remove it'],
    ['poll_interval', 'did you mean `pollInterval`?'],
    ['pools.linux.instances.subnet', 'did you mean `subnets`?'],
    ['pools.linux.idle.timeout', 'remove it'],
    ['log.lvl', 'did you mean `level`?'],
    ['pools.linux.instances.type', 'did you mean `types`?'],
  ])('say of the unknown key %s: %s', async (path, mend) => {
    expect(await mistakesWith({ [path]: 1 })).toMatchObject([{ path, value: 'unknown key', mend }]);
  });

  it.each([
    ['gitlab.url', 'https://gitlab.com/api/v4', 'leave out /api/v4: Runtide adds it'],
    ['gitlab.projects', 'acme/web', 'write `projects: [acme/web]`'],
    ['gitlab', undefined, 'write `token` below it, one a line and indented'],
    ['pools.linux.executor', 'Docker', 'write `executor: docker`'],
    ['pollInterval', '1h', 'write `pollInterval: 15s`'],
  ])('say how to mend %s', async (path, value, mend) => {
    expect(await mistakesWith({ [path]: value })).toMatchObject([{ path, mend }]);
  });

  it.each<[path: string, section: unknown, found: object]>([
    [
      'pools.linux.instances.image.nane',
      { nane: 'x', owner: 'self' },
      { value: 'unknown key', mend: 'did you mean `name`?' },
    ],
    ['pools.linux.instances.market.spotshare', { spotshare: 1 }, { mend: 'did you mean `spotShare`?' }],
    ['pools.linux.instances.volume.size', {}, { value: 'missing', mend: 'write `size: 50`' }],
  ])('look into %s, which has a long form', async (path, section, found) => {
    const around = path.slice(0, path.lastIndexOf('.'));
    const mistakes = await mistakesWith({ [around]: section });
    expect(mistakes).toContainEqual(expect.objectContaining({ path, ...found }));
  });

  it('say what the short form and the long one are', async () => {
    expect(await mistakesWith({ 'pools.linux.instances.image': 'my-image' })).toMatchObject([
      {
        path: 'pools.linux.instances.image',
        value: '"my-image"',
        allowed: expect.stringMatching(/^the id of an AMI .* or a map with `parameter`/),
        mend: 'write `image: ami-0123456789abcdef0`',
      },
    ]);
  });

  it.each<[what: string, edits: Edits]>([
    ['a secret of the wrong shape', { 'gitlab.token': ['hunter2'] }],
    ['a secret that is a map', { 'gitlab.token': { hunter2: 'hunter2' } }],
    ['a secret with a line break', { 'gitlab.token': 'hunter2\n' }],
    ['a weak secret', { 'webhook.token': 'hunter2' }],
    ['a signing token without its prefix', { 'webhook.signingToken': 'hunter2hunter2' }],
    ['a secret with a broken reference', { 'gitlab.token': 'hunter2${env:GONE}' }],
    ['a secret inside a broken reference', { 'gitlab.token': '${env:hunter2-hunter2}' }],
    ['a secret in place of its section', { webhook: 'hunter2hunter2hunter2' }],
    ['a secret at a misspelled key', { 'gitlab.tokken': 'hunter2' }],
    ['a map at a misspelled key', { 'gitlab.tokken': { hunter2: 1 } }],
    [
      'a token in place of the name of its parameter',
      { 'pools.linux.runner.tokenParameter': 'glrt-hunter2hunter2' },
    ],
    ['a token in place of something else', { 'log.level': 'glpat-hunter2hunter2' }],
    ['credentials in an address', { 'gitlab.url': 'https://me:hunter2@gitlab.com' }],
    ['credentials in a long address', { 'gitlab.url': `https://${'me'.repeat(40)}:hunter2@gitlab.com` }],
    ['credentials that are no address', { 'gitlab.url': 'https://me:hunter2/@gitlab.com' }],
    ['a proxy with a password', { 'gitlab.proxy': 'ftp://me:hunter2@proxy.example.com' }],
    ['a query', { 'gitlab.url': 'https://gitlab.com/?private_token=hunter2' }],
  ])('do not show %s', async (_, edits) => {
    const mistakes = await mistakesWith(edits);
    expect(mistakes).not.toEqual([]);
    const error = new ConfigError('runtide.yaml', mistakes);
    expect(`${error.message} ${JSON.stringify(error)} ${JSON.stringify(mistakes)}`).not.toContain('hunter2');
  });

  it.each([
    ['proxy.example.com:3128', 'it does not begin with http:// or https://'],
    ['proxy', 'it is no address'],
    ['socks5://proxy.example.com', 'it does not begin with http:// or https://'],
    ['http://proxy.example.com/path', 'it has a path, a query or a fragment'],
    ['http://me:100%@proxy.example.com', 'a % in its user or password is not followed by two hex digits'],
  ])('say why %s is no proxy', async (proxy, why) => {
    expect(await mistakesWith({ 'gitlab.proxy': proxy })).toMatchObject([
      { path: 'gitlab.proxy', value: '[secret]', allowed: expect.stringContaining(why) },
    ]);
  });

  it('show [secret] in place of a secret, and the whole reference to one', async () => {
    const env = { WEAK: 'changeme' };
    expect(await mistakesWith({ 'webhook.token': 'changeme' })).toMatchObject([{ value: '[secret]' }]);
    expect(await mistakesWith({ 'webhook.token': '${env:WEAK}' }, { env })).toMatchObject([
      { value: '${env:WEAK}' },
    ]);
  });

  it('show that a number or a yes stands where a section belongs, and a secret never', async () => {
    const [volume] = await mistakesWith({ 'pools.linux.instances.volume': 50 });
    expect(volume).toMatchObject({ path: 'pools.linux.instances.volume', value: 'a number' });
    const [bootstrap] = await mistakesWith({ 'pools.linux.instances.bootstrap': true });
    expect(bootstrap).toMatchObject({ value: 'true' });
    expect(await mistakesWith({ 'gitlab.token': 12_345 })).toMatchObject([{ value: '[secret]' }]);
  });

  it('shorten what is long', async () => {
    const [mistake] = await mistakesWith({ installation: 'X'.repeat(500) });
    expect(mistake?.value.length).toBeLessThan(80);
  });

  it('are rendered one by one', async () => {
    const error = new ConfigError(
      'runtide.yaml',
      await mistakesWith({ 'pools.linux.max': '10', pollInterval: 0 }),
    );
    expect(error.message).toBe(
      [
        'loading the configuration runtide.yaml: 2 mistakes',
        '  line 1, pollInterval: 0',
        '    allowed: a duration from 1s to 5m, with the unit ms, s, m, h or d, or a plain number of seconds',
        '    mend:    write `pollInterval: 15s`',
        '  line 1, pools.linux.max: "10"',
        '    allowed: a whole number from 0 to 5000',
        '    mend:    write `max: 10`',
      ].join('\n'),
    );
  });
});
