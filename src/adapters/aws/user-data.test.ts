import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { minutes, seconds } from '../../engine/time.ts';
import type { AgentSettings } from './agent-env.ts';
import { readAgentFiles } from './agent-files.ts';
import { installFiles } from './install-files.ts';
import { type RunnerSettings, renderRunnerConfig } from './runner-config.ts';
import { type BootData, renderUserData } from './user-data.ts';

const FAKE_AGENT = '#!/bin/sh\necho "$# $1 $(umask)" >"$RUNTIDE_ROOT/called"\n';
const SETTINGS: AgentSettings = {
  pool: 'linux',
  region: 'eu-central-1',
  gitlabUrl: 'https://gitlab.example.com/gitlab',
  tokens: { parameters: ['/runtide/linux/runner-token'], use: 'all' },
};
const RUNNER: RunnerSettings = {
  pool: 'linux',
  gitlabUrl: 'https://gitlab.example.com/gitlab',
  tokens: { parameters: ['/runtide/linux/runner-token'], use: 'all' },
  slots: 4,
  checkInterval: seconds(3),
  executor: { kind: 'shell' },
};
const BOOT: BootData = {
  agentFiles: {
    agent: FAKE_AGENT,
    agentUnit: '[Unit]\nDescription=a\n',
    runnerUnit: '[Unit]\nDescription=r\n',
  },
  agentEnv: SETTINGS,
  runnerConfig: renderRunnerConfig(RUNNER),
};

/** The script in user data, as cloud-init takes it out. */
function scriptIn(userData: Uint8Array): string {
  return gunzipSync(userData).toString();
}

/** Runs the script under a root folder of its own and hands what it left there to `check`. */
function boot(userData: Uint8Array, check: (at: (path: string) => string, root: string) => void): void {
  const root = mkdtempSync(join(tmpdir(), 'runtide user data '));
  try {
    const env = { PATH: '/usr/local/bin:/usr/bin:/bin', RUNTIDE_ROOT: root };
    const run = spawnSync('sh', ['-s'], { input: scriptIn(userData), env, encoding: 'utf8' });
    expect(run).toMatchObject({ status: 0, stderr: '' });
    check((path) => readFileSync(join(root, path), 'utf8'), root);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

describe('renderUserData', () => {
  it('writes every file with its mode and hands over to the agent', () => {
    boot(renderUserData(BOOT), (at, root) => {
      expect(at('usr/local/bin/runtide-agent')).toBe(FAKE_AGENT);
      expect(at('etc/systemd/system/runtide-agent.service')).toBe(BOOT.agentFiles.agentUnit);
      expect(at('etc/systemd/system/runtide-runner.service')).toBe(BOOT.agentFiles.runnerUnit);
      expect(at('etc/runtide/config.toml.in')).toBe(BOOT.runnerConfig);
      expect(at('called')).toMatch(/^1 install 0*22\n$/);
      const mode = (path: string) => (statSync(join(root, path)).mode & 0o777).toString(8);
      expect(mode('usr/local/bin/runtide-agent')).toBe('755');
      expect(mode('usr/local/bin')).toBe('755');
      expect(mode('etc/systemd/system/runtide-agent.service')).toBe('644');
      expect(mode('etc/systemd/system/runtide-runner.service')).toBe('644');
      expect(mode('etc/runtide/agent.env')).toBe('600');
      expect(mode('etc/runtide/config.toml.in')).toBe('600');
      expect(readdirSync(join(root, 'etc/runtide')).toSorted()).toEqual(['agent.env', 'config.toml.in']);
    });
  });

  it('writes further files, with their modes', () => {
    const files = [{ mode: '0755', path: '/etc/runtide/hooks.d/pre/10-x', text: '#!/bin/sh\n' }];
    boot(renderUserData({ ...BOOT, files }), (at, root) => {
      expect(at('etc/runtide/hooks.d/pre/10-x')).toBe('#!/bin/sh\n');
      expect(statSync(join(root, 'etc/runtide/hooks.d/pre/10-x')).mode & 0o777).toBe(0o755);
    });
  });

  it.each([
    ['nothing', '', ''],
    ['no line end', 'last', 'last\n'],
    ['what means something to a shell', `$HOME \`id\` $(id) "it's" \\ \t \\\n`, undefined],
    ['the words that end a file', 'EOF\necho EOF\nEOF_\n', undefined],
    ['other scripts', 'größer → 大\n', undefined],
  ])('writes a file with %s as it is', (_what, text, expected = text) => {
    boot(renderUserData({ ...BOOT, files: [{ mode: '0600', path: '/etc/x', text }] }), (at) => {
      expect(at('etc/x')).toBe(expected);
      expect(at('etc/runtide/config.toml.in')).toBe(BOOT.runnerConfig);
    });
  });

  it('writes settings that a shell and a reader of lines take alike', () => {
    const agentEnv = { ...SETTINGS, ssmEndpoint: 'http://[::1]:8080/ssm' } as const;
    boot(renderUserData({ ...BOOT, agentEnv }), (at, root) => {
      expect(at('etc/runtide/agent.env')).toBe(
        [
          'RUNTIDE_POOL=linux',
          'RUNTIDE_REGION=eu-central-1',
          'RUNTIDE_GITLAB_URL=https://gitlab.example.com/gitlab',
          'RUNTIDE_TOKEN_PARAMETER=/runtide/linux/runner-token',
          'RUNTIDE_SSM_ENDPOINT=http://[::1]:8080/ssm',
          '',
        ].join('\n'),
      );
      const sourced = spawnSync('sh', [
        '-c',
        '. "$1"; printf %s "$RUNTIDE_SSM_ENDPOINT"',
        'sh',
        `${root}/etc/runtide/agent.env`,
      ]);
      expect(sourced.stdout.toString()).toBe('http://[::1]:8080/ssm');
    });
  });

  it.each(['a\nRUNTIDE_REGION=x', "it's", '$(reboot)', 'two words', 'back\\slash', '"', ''])(
    'refuses the setting %j',
    (pool) => {
      expect(() => renderUserData({ ...BOOT, agentEnv: { ...SETTINGS, pool } })).toThrow(
        /writing RUNTIDE_POOL for the agent.*correct the value/,
      );
    },
  );

  it('stops when a file cannot be written', () => {
    const run = spawnSync('sh', ['-s'], {
      input: scriptIn(renderUserData(BOOT)),
      env: { PATH: '/usr/local/bin:/usr/bin:/bin', RUNTIDE_ROOT: '/dev/null' },
      encoding: 'utf8',
    });
    expect(run.status).not.toBe(0);
  });

  it('is the same bytes for the same settings, and names no system that packed it', () => {
    const bytes = renderUserData(BOOT);
    expect(renderUserData({ ...BOOT })).toEqual(bytes);
    expect([...bytes.subarray(0, 10)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255]);
  });

  it('holds no secret: the token is a placeholder, and one that slips in is refused', () => {
    expect(BOOT.runnerConfig).toContain('token = "@RUNNER_TOKEN@"');
    const runnerConfig = BOOT.runnerConfig.replace('@RUNNER_TOKEN@', 'glrt-t3_abcdefgh12345678');
    const leak = () => renderUserData({ ...BOOT, runnerConfig });
    expect(leak).toThrow(
      'writing the user data of pool linux: a secret stands in what becomes /etc/runtide/config.toml.in; keep the token of the runner in the SSM parameter',
    );
    expect(leak).not.toThrow('abcdefgh');
  });

  it.each(['glpat-abcdefgh12345678', 'AKIAABCDEFGHIJKLMNOP', '-----BEGIN EC PRIVATE KEY-----'])(
    'refuses a hook with %s',
    (secret) => {
      const files = installFiles({ postInstall: `echo '${secret}'` });
      const leak = () => renderUserData({ ...BOOT, files });
      expect(leak).toThrow(
        /a secret stands in what becomes \/etc\/runtide\/hooks\.d\/post\/50-pool; .* a hook fetch/,
      );
      expect(leak).not.toThrow(secret);
    },
  );
});

describe('renderRunnerConfig', () => {
  it('writes a shell runner', () => {
    expect(parse(renderRunnerConfig(RUNNER))).toEqual({
      concurrent: 4,
      check_interval: 3,
      runners: [
        {
          name: 'linux @INSTANCE_ID@',
          url: 'https://gitlab.example.com/gitlab',
          token: '@RUNNER_TOKEN@',
          request_concurrency: 4,
          executor: 'shell',
        },
      ],
    });
  });

  it('writes a Docker runner, with an image spelled in any way', () => {
    const executor = { kind: 'docker', image: 'alpine:3 "\\\n€', privileged: true } as const;
    expect(parse(renderRunnerConfig({ ...RUNNER, executor, checkInterval: minutes(1) }))).toMatchObject({
      check_interval: 60,
      runners: [{ executor: 'docker', docker: { image: 'alpine:3 "\\\n€', privileged: true } }],
    });
  });
});

describe('renderRunnerConfig, with all that can be said', () => {
  it('writes what jobs find: variables, volumes, a cache without keys', () => {
    const config = renderRunnerConfig({
      ...RUNNER,
      executor: {
        kind: 'docker',
        image: 'alpine:3',
        privileged: false,
        volumes: ['/cache', '/certs:/certs:ro'],
        pullPolicy: 'if-not-present',
        gpus: 'all',
      },
      environment: { LANG: 'C.UTF-8', QUOTED: 'a "b" \\ = c' },
      cache: { bucket: 'acme-cache', region: 'eu-west-1', path: 'gitlab/acme/linux' },
    });
    expect(parse(config)).toEqual({
      concurrent: 4,
      check_interval: 3,
      runners: [
        {
          name: 'linux @INSTANCE_ID@',
          url: 'https://gitlab.example.com/gitlab',
          token: '@RUNNER_TOKEN@',
          request_concurrency: 4,
          environment: ['LANG=C.UTF-8', 'QUOTED=a "b" \\ = c'],
          executor: 'docker',
          docker: {
            image: 'alpine:3',
            privileged: false,
            volumes: ['/cache', '/certs:/certs:ro'],
            pull_policy: 'if-not-present',
            gpus: 'all',
          },
          cache: {
            Type: 's3',
            Path: 'gitlab/acme/linux',
            Shared: true,
            s3: { BucketName: 'acme-cache', BucketLocation: 'eu-west-1', AuthenticationType: 'iam' },
          },
        },
      ],
    });
    expect(config).not.toMatch(/AccessKey|SecretKey/);
  });

  it('says nothing of variables where there are none', () => {
    expect(renderRunnerConfig({ ...RUNNER, environment: {} })).toBe(renderRunnerConfig(RUNNER));
  });
});

describe('readAgentFiles', () => {
  it('reads what the package ships', async () => {
    const files = await readAgentFiles();
    expect(files.agent).toMatch(/^#!\/bin\/sh\n/);
    expect(files.agentUnit).toContain('ExecStart=');
    expect(files.runnerUnit).toContain('runtide-agent runner');
  });
});
