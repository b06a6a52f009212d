import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { realRunner } from '../../../test/support/real-runner.ts';
import { until } from '../../../test/support/until.ts';
import { minutes, seconds } from '../../engine/time.ts';
import { type RunnerSettings, renderRunnerConfig } from './runner-config.ts';

const CACHE = { bucket: 'acme-cache', region: 'eu-central-1', path: 'gitlab/acme/linux' };
const RUNNER: RunnerSettings = {
  pool: 'linux',
  gitlabUrl: 'http://gitlab.invalid',
  tokens: { parameters: ['/runtide/linux/runner-token'], use: 'all' },
  slots: 4,
  checkInterval: seconds(3),
  executor: { kind: 'shell' },
};

/** Every key that a configuration can have. */
const WHOLE: readonly (readonly [string, Partial<RunnerSettings>])[] = [
  [
    'shell',
    {
      environment: { LANG: 'C.UTF-8' },
      cache: CACHE,
      manager: {
        shell: 'bash',
        listenAddress: '127.0.0.1:0',
        connectionMaxAge: minutes(5),
        shutdownTimeout: seconds(40),
        logLevel: 'info',
        logFormat: 'text',
        outputLimit: 16_384,
        sessionServer: { listen: '127.0.0.1:0', advertise: '@INSTANCE_ADDRESS@:8093', timeout: minutes(10) },
        scripts: { preGetSources: 'a', postGetSources: 'b', preBuild: 'c', postBuild: 'd' },
        configToml: {
          global: { sentry_dsn: 'https://key@sentry.example.com/1' },
          runner: { builds_dir: '/tmp/builds', feature_flags: { FF_NETWORK_PER_BUILD: true } },
        },
      },
    },
  ],
  [
    'docker',
    {
      executor: {
        kind: 'docker',
        image: 'alpine:3',
        privileged: true,
        volumes: ['/cache', '/certs/client'],
        pullPolicy: 'if-not-present',
        gpus: 'all',
        allowedPullPolicies: ['always', 'if-not-present'],
        services: [
          {
            name: 'docker:27-dind',
            alias: 'docker',
            entrypoint: ['dockerd'],
            command: ['--mtu=1400'],
            environment: { DOCKER_TLS_CERTDIR: '' },
          },
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
        tlsVerify: true,
        disableCache: true,
      },
      manager: {
        configToml: { docker: { cap_drop: ['NET_RAW'], sysctls: { 'net.core.somaxconn': '1024' } } },
      },
      environment: { HTTPS_PROXY: 'http://proxy:3128', QUOTED: 'a "b" \\ $c' },
      cache: { ...CACHE, endpoint: 'http://s3.example:9000', kmsKey: 'alias/cache' },
    },
  ],
];

/** What the agent makes of the configuration. */
function configOf(settings: Partial<RunnerSettings>, gitlabUrl = RUNNER.gitlabUrl): string {
  return renderRunnerConfig({ ...RUNNER, ...settings, gitlabUrl })
    .replaceAll('@RUNNER_TOKEN@', 'glrt-t1_abcdefgh12345678')
    .replaceAll('@INSTANCE_ADDRESS@', '10.0.0.7')
    .replaceAll('@INSTANCE_ID@', 'i-0123456789abcdef0');
}

/** A path for every value in a document, such as `runners.0.docker.image`. */
function valuesIn(value: unknown, path = ''): ReadonlyMap<string, unknown> {
  if (typeof value !== 'object' || value === null) return new Map([[path, value]]);
  const below = Object.entries(value).map(([key, inner]) =>
    valuesIn(inner, path === '' ? key : `${path}.${key}`),
  );
  return new Map(below.flatMap((map) => [...map]));
}

/** What the runner is told of the server of its cache. */
function serverOf(endpoint: string): readonly (readonly [string, unknown])[] {
  const values = valuesIn(parse(configOf({ cache: { ...CACHE, endpoint } })));
  return [...values].filter(([path]) => /ServerAddress|Insecure/.test(path));
}

describe('the configuration of the runner', () => {
  it.each(WHOLE)(
    'has a token for the agent to fill in, and no keys for S3, with the %s executor',
    (_kind, settings) => {
      const values = valuesIn(parse(configOf(settings)));
      expect(values.get('runners.0.token')).toBe('glrt-t1_abcdefgh12345678');
      expect(values.get('runners.0.cache.s3.AuthenticationType')).toBe('iam');
      expect([...values.keys()].join(' ')).not.toMatch(/AccessKey|SecretKey|SessionToken/);
    },
  );

  it('names the server of the cache as the runner takes it', () => {
    expect(serverOf('https://bucket.vpce-0abc.s3.eu-central-1.vpce.amazonaws.com')).toEqual([
      ['runners.0.cache.s3.ServerAddress', 'bucket.vpce-0abc.s3.eu-central-1.vpce.amazonaws.com'],
    ]);
    expect(serverOf('http://s3.example:9000')).toEqual([
      ['runners.0.cache.s3.ServerAddress', 's3.example:9000'],
      ['runners.0.cache.s3.Insecure', true],
    ]);
  });
});

/** A GitLab that has no job, and lets runners go. */
async function idleGitLab(): Promise<{ url: string; asked: string[]; server: Server }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    request.resume();
    response.writeHead(204).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${port}`, asked, server };
}

/** A real runner with a configuration of its own, and a GitLab for it. */
class RealRunner implements AsyncDisposable {
  readonly url: string;
  readonly asked: readonly string[];
  readonly config: string;
  said = '';
  readonly #binary: string;
  readonly #folder: string;
  readonly #server: Server;
  #process: ChildProcess | undefined;

  private constructor(binary: string, folder: string, gitlab: Awaited<ReturnType<typeof idleGitLab>>) {
    this.#binary = binary;
    this.#folder = folder;
    this.#server = gitlab.server;
    this.url = gitlab.url;
    this.asked = gitlab.asked;
    this.config = join(folder, 'config.toml');
  }

  static async create(binary: string, settings: Partial<RunnerSettings>, more = ''): Promise<RealRunner> {
    const folder = await mkdtemp(join(tmpdir(), 'runtide-real-runner-'));
    const runner = new RealRunner(binary, folder, await idleGitLab());
    await writeFile(runner.config, configOf(settings, runner.url) + more.replace('@URL@', runner.url));
    return runner;
  }

  start(...args: readonly string[]): ChildProcess {
    const runner = spawn(this.#binary, [...args, '--config', this.config], {
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: this.#folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [runner.stdout, runner.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (this.said += text));
    }
    this.#process = runner;
    return runner;
  }

  async run(...args: readonly string[]): Promise<number | null> {
    const runner = this.start(...args);
    await once(runner, 'close');
    return runner.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const runner = this.#process;
    if (runner !== undefined && runner.exitCode === null && runner.signalCode === null) {
      const closed = once(runner, 'close');
      runner.kill('SIGKILL');
      await closed;
    }
    this.#server.closeAllConnections();
    this.#server.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** What the runner says of a configuration that it does not understand in full. */
function complaints(said: string): readonly string[] {
  const lines = said
    .split('\n')
    .filter((line) => /jsonschema: |level=(?:warning|error|fatal)|WARNING|ERROR|FATAL/.test(line));
  // GitLab Runner says this of every configuration that leaves it out, as it may be.
  return lines.filter((line) => !line.includes("'/runners/0/custom_build_dir/enabled'"));
}

const BINARY = realRunner() ?? '';

/** Registered only where the variable names a gitlab-runner. */
const TRIED = BINARY === '' ? [] : WHOLE;

describe.each(TRIED)('the gitlab-runner of RUNTIDE_GITLAB_RUNNER, with the %s executor', (kind, settings) => {
  it(
    'knows every key: none is lost where it writes its configuration anew',
    { timeout: 60_000 },
    async () => {
      const other = `\n[[runners]]\nname = "other"\nurl = "@URL@"\ntoken = "glrt-t1_other12345678"\nexecutor = "shell"\n`;
      await using runner = await RealRunner.create(BINARY, settings, other);
      expect(await runner.run('unregister', '--name', 'other')).toBe(0);
      const text = await readFile(runner.config, 'utf8');
      expect(text).not.toContain('"other"');
      const [before, after] = [configOf(settings, runner.url), text].map((one) => valuesIn(parse(one)));
      expect(before?.size).toBeGreaterThan(8);
      for (const [path, value] of before ?? []) {
        // It writes a list where one text may stand.
        expect([path, after?.get(path) ?? after?.get(`${path}.0`)]).toEqual([path, value]);
      }
      expect(complaints(runner.said)).toEqual([]);
    },
  );

  it('asks for jobs with it, and leaves at a QUIT', { timeout: 60_000 }, async () => {
    await using runner = await RealRunner.create(BINARY, settings);
    const running = runner.start('run');
    await until(() => runner.asked.includes('POST /api/v4/jobs/request'));
    expect(runner.said).toContain('Configuration loaded');
    expect(complaints(runner.said)).toEqual([]);
    const closed = once(running, 'close');
    running.kill('SIGQUIT');
    await closed;
    expect([kind, running.exitCode]).toEqual([kind, 0]);
  });
});
