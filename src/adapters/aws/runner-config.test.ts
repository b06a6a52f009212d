import fc from 'fast-check';
import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { seconds } from '../../engine/time.ts';
import { type Executor, type RunnerSettings, renderRunnerConfig } from './runner-config.ts';

type Docker = Extract<Executor, { kind: 'docker' }>;

const RUNNER: Omit<RunnerSettings, 'executor'> = {
  pool: 'linux',
  gitlabUrl: 'https://gitlab.example.com',
  slots: 2,
  checkInterval: seconds(3),
};

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
