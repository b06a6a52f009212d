import fc from 'fast-check';
import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Duration, minutes, seconds } from '../../engine/time.ts';
import { type Executor, type RunnerSettings, renderRunnerConfig } from './runner-config.ts';

type Docker = Extract<Executor, { kind: 'docker' }>;

const RUNNER: Omit<RunnerSettings, 'executor'> = {
  pool: 'linux',
  gitlabUrl: 'https://gitlab.example.com',
  tokens: { parameters: ['/runtide/linux/runner-token'], use: 'all' },
  slots: 2,
  checkInterval: seconds(3),
};

/** Everything that a table of config.toml may hold. */
const tableShape = z.looseObject({ runners: z.array(z.looseObject({})) });

/** What an instance with the shell executor gets. */
function configOf(settings: Partial<RunnerSettings>) {
  return tableShape.parse(parse(renderRunnerConfig({ ...RUNNER, executor: { kind: 'shell' }, ...settings })));
}

/** A configuration with one runner, whose tables may hold anything. */
const configShape = z.looseObject({
  runners: z.tuple([
    z.looseObject({ docker: z.record(z.string(), z.unknown()), environment: z.array(z.string()).optional() }),
  ]),
});

/** The one runner of the configuration that an instance gets. */
function runnerOf(docker: Docker, more: Partial<RunnerSettings> = {}) {
  const [runner] = configShape.parse(
    parse(renderRunnerConfig({ ...RUNNER, ...more, executor: docker })),
  ).runners;
  return runner;
}

const dockers: fc.Arbitrary<Docker> = fc.record(
  {
    kind: fc.constant('docker' as const),
    image: fc.string({ minLength: 1 }),
    privileged: fc.boolean(),
    volumes: fc.array(fc.constantFrom('/cache', '/srv/cache:/cache', '/certs:/certs:ro')),
    pullPolicy: fc.constantFrom('always', 'if-not-present', 'never'),
    gpus: fc.constant('all'),
  },
  { requiredKeys: ['kind', 'image', 'privileged'] },
);

describe('what a job container gets of its instance', () => {
  it('is nothing where nothing is said: no volume, no privilege, no network of the instance', () => {
    const runner = runnerOf({ kind: 'docker', image: 'alpine:3', privileged: false });
    expect(runner.docker).toEqual({ image: 'alpine:3', privileged: false });
  });

  it('is what the pool says, and never more', () => {
    fc.assert(
      fc.property(dockers, (docker) => {
        const { image, privileged, volumes, pullPolicy, gpus } = docker;
        const said = { image, privileged, volumes, pull_policy: pullPolicy, gpus };
        const wanted = Object.entries(said).filter(([, value]) => value !== undefined);
        expect(runnerOf(docker).docker).toEqual(Object.fromEntries(wanted));
      }),
    );
  });

  it('can have a network of its own for each job', () => {
    const environment = { FF_NETWORK_PER_BUILD: 'true' };
    const runner = runnerOf({ kind: 'docker', image: 'alpine:3', privileged: false }, { environment });
    expect(runner.environment).toEqual(['FF_NETWORK_PER_BUILD=true']);
  });
});

describe('the runners of an instance', () => {
  const both = ['/a', '/b'];

  it('are one for each token that it serves, each with a name and the place of its token', () => {
    const { runners } = configOf({ tokens: { parameters: both, use: 'all' } });
    expect(runners).toEqual(
      ['linux 1 @INSTANCE_ID@', 'linux 2 @INSTANCE_ID@'].map((name) => ({
        name,
        url: 'https://gitlab.example.com',
        token: '@RUNNER_TOKEN@',
        executor: 'shell',
      })),
    );
  });

  it.each(['one', 'own'] as const)('are one where it uses %s of them', (use) => {
    expect(configOf({ tokens: { parameters: both, use } }).runners).toMatchObject([
      { name: 'linux @INSTANCE_ID@', token: '@RUNNER_TOKEN@' },
    ]);
  });

  it('run as many jobs in all as the instance has slots', () => {
    expect(configOf({ slots: 6, tokens: { parameters: both, use: 'all' } })['concurrent']).toBe(6);
  });

  it.each<[slots: number, runners: number, requests: number | undefined]>([
    [1, 1, undefined],
    [2, 1, 2],
    [100, 1, 10],
    [4, 2, 2],
    [3, 2, undefined],
    [1, 3, undefined],
  ])('ask often enough to fill %d slots of %d runners quickly', (slots, count, requests) => {
    const parameters = Array.from({ length: count }, (_, index) => `/${index}`);
    const { runners } = configOf({ slots, tokens: { parameters, use: 'all' } });
    expect(runners.map((runner) => runner['request_concurrency'])).toEqual(parameters.map(() => requests));
  });

  it('ask as often as the pool says', () => {
    expect(configOf({ slots: 8, manager: { requestConcurrency: 3 } }).runners).toMatchObject([
      { request_concurrency: 3 },
    ]);
  });
});

describe('how the runner process works', () => {
  it('is as the pool says', () => {
    const config = configOf({
      manager: {
        shell: 'bash',
        listenAddress: '0.0.0.0:9252',
        connectionMaxAge: minutes(5),
        shutdownTimeout: seconds(40),
        logLevel: 'warn',
        logFormat: 'json',
        outputLimit: 16_384,
        sessionServer: { listen: '0.0.0.0:8093', advertise: '@INSTANCE_ADDRESS@:8093', timeout: minutes(10) },
        scripts: { preGetSources: 'a', postGetSources: 'b', preBuild: 'c', postBuild: 'd' },
      },
    });
    expect(config).toEqual({
      concurrent: 2,
      check_interval: 3,
      listen_address: '0.0.0.0:9252',
      connection_max_age: '5m0s',
      shutdown_timeout: 40,
      log_level: 'warn',
      log_format: 'json',
      session_server: {
        listen_address: '0.0.0.0:8093',
        advertise_address: '@INSTANCE_ADDRESS@:8093',
        session_timeout: 600,
      },
      runners: [
        {
          name: 'linux @INSTANCE_ID@',
          url: 'https://gitlab.example.com',
          token: '@RUNNER_TOKEN@',
          request_concurrency: 2,
          output_limit: 16_384,
          shell: 'bash',
          pre_get_sources_script: 'a',
          post_get_sources_script: 'b',
          pre_build_script: 'c',
          post_build_script: 'd',
          executor: 'shell',
        },
      ],
    });
  });

  it.each<[Duration, string]>([
    [seconds(45), '45s'],
    [minutes(15), '15m0s'],
    [seconds(3690), '1h1m30s'],
    [minutes(60 * 24), '24h0m0s'],
  ])('writes %d ms as Go does: %s', (connectionMaxAge, written) => {
    expect(configOf({ manager: { connectionMaxAge } })['connection_max_age']).toBe(written);
  });

  it('has what is handed through, in every runner, and never in place of what Runtide decides', () => {
    const own = { privileged: true, image: 'other', cap_drop: ['NET_RAW'] };
    const config = configOf({
      tokens: { parameters: ['/a', '/b'], use: 'all' },
      executor: { kind: 'docker', image: 'alpine:3', privileged: false },
      manager: {
        configToml: {
          global: { concurrent: 99, sentry_dsn: 'https://sentry.example.com/1' },
          runner: { token: 'other', url: 'https://other', labels: { team: 'web' } },
          docker: own,
        },
      },
    });
    expect(config).toMatchObject({ concurrent: 2, sentry_dsn: 'https://sentry.example.com/1' });
    for (const runner of config.runners) {
      expect(runner).toMatchObject({
        url: 'https://gitlab.example.com',
        token: '@RUNNER_TOKEN@',
        labels: { team: 'web' },
        docker: { image: 'alpine:3', privileged: false, cap_drop: ['NET_RAW'] },
      });
    }
  });
});

describe('the containers of a pool', () => {
  it('are as the pool says', () => {
    const runner = runnerOf({
      kind: 'docker',
      image: 'alpine:3',
      privileged: false,
      allowedPullPolicies: ['always', 'never'],
      services: [
        {
          name: 'docker:27-dind',
          alias: 'docker',
          entrypoint: ['dockerd'],
          command: ['--mtu=1400'],
          environment: { DOCKER_TLS_CERTDIR: '' },
        },
        { name: 'postgres:17' },
      ],
      allowedImages: ['ruby:*'],
      allowedServices: ['postgres:*'],
      waitForServicesTimeout: minutes(1),
      memory: '4g',
      cpus: 1.5,
      shmSize: 268_435_456,
      networkMode: 'bridge',
      dns: ['10.0.0.2'],
      extraHosts: ['git.example.com:10.0.0.5'],
      helperImage: 'registry.example.com/helper:1',
      tlsVerify: false,
      disableCache: true,
    });
    expect(runner.docker).toEqual({
      image: 'alpine:3',
      privileged: false,
      allowed_pull_policies: ['always', 'never'],
      services: [
        {
          name: 'docker:27-dind',
          alias: 'docker',
          entrypoint: ['dockerd'],
          command: ['--mtu=1400'],
          environment: ['DOCKER_TLS_CERTDIR='],
        },
        { name: 'postgres:17' },
      ],
      allowed_images: ['ruby:*'],
      allowed_services: ['postgres:*'],
      wait_for_services_timeout: 60,
      memory: '4g',
      cpus: '1.5',
      shm_size: 268_435_456,
      network_mode: 'bridge',
      dns: ['10.0.0.2'],
      extra_hosts: ['git.example.com:10.0.0.5'],
      helper_image: 'registry.example.com/helper:1',
      tls_verify: false,
      disable_cache: true,
    });
  });

  it('can do without waiting for services', () => {
    const docker = { kind: 'docker', image: 'alpine:3', privileged: false } as const;
    const wait = (waitForServicesTimeout: Duration) =>
      runnerOf({ ...docker, waitForServicesTimeout }).docker['wait_for_services_timeout'];
    expect([wait(seconds(0)), wait(seconds(7))]).toEqual([-1, 7]);
  });
});
