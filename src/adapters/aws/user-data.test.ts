import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { minutes, seconds } from '../../engine/time.ts';
import type { AgentSettings } from './agent-env.ts';
import { readAgentFiles } from './agent-files.ts';
import { type RunnerSettings, renderRunnerConfig } from './runner-config.ts';
import { type BootData, renderUserData } from './user-data.ts';

const FAKE_AGENT = '#!/bin/sh\necho "$# $1 $(umask)" >"$RUNTIDE_ROOT/called"\n';
const SETTINGS: AgentSettings = {
  pool: 'linux',
  region: 'eu-central-1',
  gitlabUrl: 'https://gitlab.example.com/gitlab',
  tokenParameter: '/runtide/linux/runner-token',
};
const RUNNER: RunnerSettings = {
  pool: 'linux',
  gitlabUrl: 'https://gitlab.example.com/gitlab',
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

/** Runs the script under a root folder of its own and hands what it left there to `check`. */
function boot(script: string, check: (at: (path: string) => string, root: string) => void): void {
  const root = mkdtempSync(join(tmpdir(), 'runtide user data '));
  try {
    const env = { PATH: '/usr/local/bin:/usr/bin:/bin', RUNTIDE_ROOT: root };
    const run = spawnSync('sh', ['-s'], { input: script, env, encoding: 'utf8' });
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
      input: renderUserData(BOOT),
      env: { PATH: '/usr/local/bin:/usr/bin:/bin', RUNTIDE_ROOT: '/dev/null' },
      encoding: 'utf8',
    });
    expect(run.status).not.toBe(0);
  });

  it('is the same bytes for the same settings, and names no system that packed it', () => {
    const script = renderUserData(BOOT);
    expect(renderUserData({ ...BOOT })).toBe(script);
    const packed = [...script.matchAll(/<<'EOF'\n(.+)\nEOF/g)].map(([, text = '']) =>
      Buffer.from(text, 'base64'),
    );
    expect(packed).toHaveLength(5);
    for (const bytes of packed) expect([...bytes.subarray(4, 10)]).toEqual([0, 0, 0, 0, 2, 255]);
  });

  it('holds no secret: the token is a placeholder, and one that slips in is refused', () => {
    expect(BOOT.runnerConfig).toContain('token = "@RUNNER_TOKEN@"');
    const runnerConfig = BOOT.runnerConfig.replace('@RUNNER_TOKEN@', 'glrt-t3_abcdefgh12345678');
    const leak = () => renderUserData({ ...BOOT, runnerConfig });
    expect(leak).toThrow(
      'writing the user data of pool linux: a GitLab token stands in it; keep the token in the SSM parameter',
    );
    expect(leak).not.toThrow('abcdefgh');
  });

  it('fits with the agent that ships and settings as long as they come', async () => {
    const long = `https://gitlab.${'subdomain.'.repeat(20)}example.com/with/a/relative/root`;
    const executor = {
      kind: 'docker',
      image: `123456789012.dkr.ecr.eu-central-1.amazonaws.com/${'team/'.repeat(40)}image@sha256:${'0'.repeat(64)}`,
      privileged: true,
    } as const;
    const script = renderUserData({
      agentFiles: await readAgentFiles(),
      agentEnv: {
        ...SETTINGS,
        gitlabUrl: long,
        tokenParameter: `/${'path/'.repeat(200)}token`,
        ssmEndpoint: long,
      },
      runnerConfig: renderRunnerConfig({ ...RUNNER, gitlabUrl: long, executor }),
    });
    expect(Buffer.byteLength(script)).toBeLessThan(12_000);
  });

  it('is refused from 16 KiB on, with what to shorten', () => {
    const noise = Array.from({ length: 6000 }, (_, index) => ((index * 7919) % 65_521).toString(36)).join('');
    expect(() => renderUserData({ ...BOOT, runnerConfig: noise })).toThrow(
      /writing the user data of pool linux: it has \d+ bytes, and EC2 takes fewer than 16384; shorten .*docker.image/,
    );
  });
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
    expect(files.runnerUnit).toContain('gitlab-runner');
  });
});
