import { describe, expect, it } from 'vitest';
import { mistakesWith } from '../../test/support/sample-config.ts';

const POOL = 'pools.linux';
const DOCKER = { [`${POOL}.executor`]: 'docker', [`${POOL}.docker.image`]: 'alpine:3' };

function rows(table: Readonly<Record<string, readonly unknown[]>>): [path: string, value: unknown][] {
  return Object.entries(table).flatMap(([path, values]) =>
    values.map((value): [string, unknown] => [path, value]),
  );
}

const GOOD = {
  'manager.shell': ['bash', 'sh', 'pwsh'],
  'manager.listenAddress': ['127.0.0.1:9252', '[::]:9252', 'localhost:1'],
  'manager.connectionMaxAge': ['1s', '24h'],
  'manager.shutdownTimeout': ['1s', '10m'],
  'manager.log': [{}, { level: 'debug' }, { format: 'json' }],
  'manager.outputLimit': [1, 1_048_576],
  'manager.requestConcurrency': [1, 100],
  'manager.sessionServer': [
    { listen: '0.0.0.0:8093' },
    { listen: '[::]:8093', advertise: 'terminals.example.com:443', timeout: '10m' },
  ],
  'manager.scripts': [{}, { preGetSources: 'a\nb', postGetSources: 'c', preBuild: 'd', postBuild: 'e' }],
  'docker.services': [
    [{ name: 'postgres:17' }],
    [
      { name: 'docker:27-dind', alias: 'docker, dind', command: ['--mtu=1400'], environment: { A: 'b' } },
      { name: 'docker:27-dind', alias: 'other', entrypoint: ['sh', '-c'] },
    ],
  ],
  'docker.waitForServicesTimeout': ['0s', '1h'],
  'docker.allowedPullPolicies': [['always'], ['never', 'if-not-present']],
  'docker.allowedImages': [['registry.example.com/*', 'ruby:?.*']],
  'docker.allowedServices': [['postgres:*']],
  'docker.memory': ['4g', '512m', '1073741824'],
  'docker.cpus': [0.5, 4],
  'docker.shmSize': ['64m', '1048576'],
  'docker.networkMode': ['bridge', 'none', 'host', 'container:x', 'my_net-1'],
  'docker.dns': [['10.0.0.2'], ['fd00::1', '1.1.1.1']],
  'docker.extraHosts': [['git.example.com:10.0.0.5', 'other:fd00::1', 'host.docker.internal:host-gateway']],
  'docker.helperImage': ['registry.example.com/helper:1'],
  'docker.tlsVerify': [true],
  'docker.disableCache': [true],
};

const BAD = {
  'manager.shell': ['zsh', 'powershell', ''],
  'manager.listenAddress': ['9252', ':9252', 'localhost:70000'],
  'manager.connectionMaxAge': ['0s', '25h'],
  'manager.shutdownTimeout': ['11m', 'long'],
  'manager.log.level': ['warning', 'INFO'],
  'manager.log.format': ['xml'],
  'manager.outputLimit': [0, '4096', 1.5],
  'manager.requestConcurrency': [0, 101],
  'manager.sessionServer.listen': ['8093', undefined],
  'manager.sessionServer.timeout': ['0s'],
  'manager.scripts.preBuild': ['', 7],
  'manager.configToml': ['x = 1'],
  'manager.configToml.runner': ['x = 1', ['x']],
  'docker.services[0].name': ['a b', undefined],
  'docker.services[0].alias': ['', 'a b!'],
  'docker.waitForServicesTimeout': ['2h', -1],
  'docker.allowedImages': [[], 'ruby:*'],
  'docker.memory': ['4GB', '0', 4, '-1g'],
  'docker.cpus': [0, '2'],
  'docker.shmSize': ['64 m', 64],
  'docker.networkMode': ['', 'a b'],
  'docker.tlsVerify': ['yes'],
};

/** A value at a path, one of whose steps may be the first item of a list. */
function edit(path: string, value: unknown): Record<string, unknown> {
  const [before = '', after] = path.split('[0].');
  if (after === undefined) {
    const around = path.startsWith('manager.sessionServer.')
      ? { [`${POOL}.manager.sessionServer.listen`]: 'h:1' }
      : {};
    return { ...around, [`${POOL}.${path}`]: value };
  }
  const item = { name: 'x', [after]: value };
  return { [`${POOL}.${before}`]: [item] };
}

describe('what a pool says of its runner process and its containers', () => {
  it.each(rows(GOOD))('%s takes %j', async (path, value) => {
    expect(await mistakesWith({ ...DOCKER, ...edit(path, value) })).toEqual([]);
  });

  it.each(rows(BAD))('%s refuses %j', async (path, value) => {
    const mistakes = await mistakesWith({ ...DOCKER, ...edit(path, value) });
    expect(mistakes.map((mistake) => mistake.path)).toEqual([`${POOL}.${path}`]);
    expect(mistakes[0]?.allowed).toMatch(/\S/);
    expect(mistakes[0]?.mend).toMatch(/\S/);
  });

  it.each([
    ['docker.dns', ['ns.example.com']],
    ['docker.extraHosts', ['git.example.com']],
    ['docker.allowedPullPolicies', ['sometimes']],
  ])('%s refuses the items %j', async (path, items) => {
    const mistakes = await mistakesWith({ ...DOCKER, [`${POOL}.${path}`]: items });
    expect(mistakes.map((mistake) => mistake.path)).toEqual([`${POOL}.${path}[0]`]);
  });

  it('refuses keys that it does not know', async () => {
    const mistakes = await mistakesWith({ [`${POOL}.manager`]: { listen_address: ':9252', shel: 'sh' } });
    expect(mistakes.map(({ value }) => value)).toEqual(['unknown key', 'unknown key']);
  });
});
