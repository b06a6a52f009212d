import { describe, expect, it } from 'vitest';
import { type Edits, loadSample } from '../../test/support/sample-config.ts';
import { agentSettingsOf, networkSettingsOf, placeOf, runnerSettingsOf } from './boot-settings.ts';
import { machineChoice } from './machine-settings.ts';

const POOL = 'pools.linux';
const ENDPOINTS = { ec2: 'http://127.0.0.1:1', ssm: 'http://127.0.0.1:2', sts: 'http://127.0.0.1:3' };
const TOKENS = { parameters: ['/runtide/linux/runner-token'], use: 'all' };
const ROLE = 'arn:aws:iam::111122223333:role/runtide';

async function loaded(edits: Edits) {
  const config = await loadSample(edits);
  const pool = config.pools['linux'];
  if (pool === undefined) throw new Error('the sample has no pool');
  return { config, pool };
}

describe('placeOf', () => {
  it('is the region of the configuration, with its endpoints', async () => {
    const { config, pool } = await loaded({ 'aws.endpoints': ENDPOINTS });
    expect(placeOf(config, pool)).toEqual({ region: 'eu-central-1', endpoints: ENDPOINTS });
  });

  it('is the region and the role of the pool; endpoints hold for the own region', async () => {
    const { config, pool } = await loaded({
      'aws.endpoints': ENDPOINTS,
      [`${POOL}.instances.region`]: 'us-east-1',
      [`${POOL}.instances.role`]: ROLE,
    });
    expect(placeOf(config, pool)).toEqual({ region: 'us-east-1', role: ROLE, endpoints: {} });
    expect(agentSettingsOf(config, pool)).toEqual({
      pool: 'linux',
      region: 'us-east-1',
      gitlabUrl: 'https://gitlab.com',
      tokens: TOKENS,
      rebalance: 'drain',
    });
  });
});

describe('agentSettingsOf', () => {
  it.each<[edits: Edits, rebalance: string | undefined]>([
    [{}, 'drain'],
    [{ [`${POOL}.rebalance`]: 'ignore' }, undefined],
    [{ [`${POOL}.slots`]: 2 }, undefined],
  ])('lets an agent drain by itself only where no free slot is left behind: %j', async (edits, rebalance) => {
    const { config, pool } = await loaded(edits);
    expect(agentSettingsOf(config, pool).rebalance).toBe(rebalance);
  });
});

describe('the number of jobs of an instance', () => {
  it('is told to its agent where there is one', async () => {
    const { config, pool } = await loaded({ [`${POOL}.maxJobs`]: 3 });
    expect(agentSettingsOf(config, pool).maxJobs).toBe(3);
    const other = await loaded({});
    expect(agentSettingsOf(other.config, other.pool)).not.toHaveProperty('maxJobs');
  });
});

describe('runnerSettingsOf', () => {
  it('says nothing that nobody said', async () => {
    const { config, pool } = await loaded({});
    expect(runnerSettingsOf(config, pool)).toEqual({
      pool: 'linux',
      gitlabUrl: 'https://gitlab.com',
      tokens: TOKENS,
      slots: 1,
      checkInterval: 3000,
      executor: { kind: 'shell' },
    });
    expect(networkSettingsOf(pool)).toEqual({ pool: 'linux' });
  });

  it('gives every pool a path of its own in the cache', async () => {
    const cacheOf = async (cache: object, over: Edits = {}) => {
      const { config, pool } = await loaded({ [`${POOL}.cache`]: cache, ...over });
      return runnerSettingsOf(config, pool).cache;
    };
    expect(await cacheOf({ bucket: 'acme' })).toEqual({
      bucket: 'acme',
      region: 'eu-central-1',
      path: 'acme/linux',
    });
    expect(await cacheOf({ bucket: 'acme' }, { [`${POOL}.instances.region`]: 'us-east-1' })).toMatchObject({
      region: 'us-east-1',
    });
    expect(await cacheOf({ bucket: 'acme', region: 'eu-west-1', prefix: 'a/b' })).toEqual({
      bucket: 'acme',
      region: 'eu-west-1',
      path: 'a/b/acme/linux',
    });
  });

  it('passes on what the docker executor, the network and jobs are told', async () => {
    const { config, pool } = await loaded({
      [`${POOL}.executor`]: 'docker',
      [`${POOL}.docker`]: {
        image: 'alpine:3',
        volumes: ['/cache'],
        pullPolicy: 'never',
        gpus: 'all',
        registryMirror: 'https://mirror.example.com/',
      },
      [`${POOL}.environment`]: { LANG: 'C' },
      [`${POOL}.proxy`]: { url: 'http://proxy:3128', direct: ['.example.com'] },
    });
    expect(runnerSettingsOf(config, pool)).toMatchObject({
      executor: {
        kind: 'docker',
        image: 'alpine:3',
        privileged: false,
        volumes: ['/cache'],
        pullPolicy: 'never',
        gpus: 'all',
      },
      environment: { LANG: 'C' },
    });
    expect(networkSettingsOf(pool)).toEqual({
      pool: 'linux',
      proxy: 'http://proxy:3128',
      direct: ['.example.com'],
      registryMirror: 'https://mirror.example.com',
    });
  });
});

describe('the runner process of an instance', () => {
  it('is told what the pool says of it', async () => {
    const { config, pool } = await loaded({
      [`${POOL}.executor`]: 'docker',
      [`${POOL}.docker`]: {
        image: 'alpine:3',
        shmSize: '256m',
        cpus: 1.5,
        waitForServicesTimeout: '0s',
        services: [{ name: 'docker:27-dind', alias: 'docker', environment: { DOCKER_TLS_CERTDIR: '' } }],
      },
      [`${POOL}.manager`]: {
        shell: 'sh',
        listenAddress: '[::]:9252',
        connectionMaxAge: '5m',
        log: { level: 'warn' },
        sessionServer: { listen: '0.0.0.0:8093', timeout: '10m' },
        scripts: { preBuild: 'ulimit -n 65536' },
        configToml: { docker: { cap_drop: ['NET_RAW'] } },
      },
    });
    expect(runnerSettingsOf(config, pool)).toMatchObject({
      executor: {
        kind: 'docker',
        shmSize: 268_435_456,
        cpus: 1.5,
        waitForServicesTimeout: 0,
        services: [{ name: 'docker:27-dind', alias: 'docker', environment: { DOCKER_TLS_CERTDIR: '' } }],
      },
      manager: {
        shell: 'sh',
        listenAddress: '[::]:9252',
        connectionMaxAge: 300_000,
        logLevel: 'warn',
        sessionServer: { listen: '0.0.0.0:8093', advertise: '@INSTANCE_ADDRESS@:8093', timeout: 600_000 },
        scripts: { preBuild: 'ulimit -n 65536' },
        configToml: { docker: { cap_drop: ['NET_RAW'] } },
      },
    });
  });

  it('advertises the terminals of jobs where the pool says', async () => {
    const sessionServer = { listen: '0.0.0.0:8093', advertise: 'terminals.example.com:443' };
    const { config, pool } = await loaded({ [`${POOL}.manager`]: { sessionServer } });
    expect(runnerSettingsOf(config, pool).manager).toEqual({ sessionServer });
  });
});

describe('machineChoice', () => {
  it.each<[image: unknown, choice: object]>([
    ['ami-12345678', { id: 'ami-12345678' }],
    [{ parameter: '/a' }, { query: { parameter: '/a' }, follow: false }],
    [
      { name: 'runner-*', follow: true },
      { query: { name: 'runner-*', owner: 'self' }, follow: true },
    ],
    [
      { name: 'x*z', owner: 'amazon' },
      { query: { name: 'x*z', owner: 'amazon' }, follow: false },
    ],
  ])('takes the image %j', async (image, choice) => {
    const { pool } = await loaded({ [`${POOL}.instances.image`]: image });
    expect(machineChoice(pool)).toEqual({
      image: choice,
      securityGroups: ['sg-0abc'],
      profile: 'runtide-instance',
      architecture: 'amd64',
    });
  });

  it.each<[template: unknown, choice: object]>([
    ['lt-01234567', { id: 'lt-01234567', version: 'default' }],
    [{ id: 'lt-01234567' }, { id: 'lt-01234567', version: 'default' }],
    [
      { id: 'lt-01234567', version: 'latest' },
      { id: 'lt-01234567', version: 'latest' },
    ],
    [
      { id: 'lt-01234567', version: 3 },
      { id: 'lt-01234567', version: 3 },
    ],
  ])('takes the template %j', async (template, choice) => {
    const { pool } = await loaded({
      [`${POOL}.instances.image`]: undefined,
      [`${POOL}.instances.securityGroups`]: undefined,
      [`${POOL}.instances.profile`]: undefined,
      [`${POOL}.instances.template`]: template,
    });
    expect(machineChoice(pool)).toEqual({ template: choice });
  });
});
