import { describe, expect, it } from 'vitest';
import { renderBootstrapSettings } from '../../bootstrap/bootstrap-settings.ts';
import { readBootstrap } from '../../bootstrap/bootstrap-text.ts';
import { seconds } from '../../engine/time.ts';
import type { AgentSettings } from './agent-env.ts';
import { readAgentFiles } from './agent-files.ts';
import { installFiles } from './install-files.ts';
import { networkFiles, proxyVariables } from './network-files.ts';
import { type RunnerSettings, renderRunnerConfig } from './runner-config.ts';
import { renderUserData } from './user-data.ts';

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

/** Text that cannot be packed much smaller than base64 can. */
function noise(length: number): string {
  const bytes = new Uint8Array((length * 3) / 4);
  let state = 1;
  for (let index = 0; index < bytes.length; index++) {
    state = Math.imul(state, 1_103_515_245) + 12_345;
    bytes[index] = state >>> 16;
  }
  return Buffer.from(bytes).toString('base64');
}

/** A certificate of an authority with an RSA key of 4096 bits. */
function certificate(): string {
  return `-----BEGIN CERTIFICATE-----\n${noise(1880).replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
}

/** Everything that a pool in a company may say at once. */
async function largestRealistic(): Promise<Uint8Array> {
  const registry = '123456789012.dkr.ecr.eu-central-1.amazonaws.com';
  const network = {
    pool: 'linux',
    proxy: 'http://proxy.internal.example.com:3128',
    direct: ['.example.com', '10.0.0.0/8', 's3.eu-central-1.amazonaws.com', 'gitlab.example.com'],
    certificates: certificate() + certificate(),
    registryMirror: 'https://mirror.internal.example.com',
    bootstrap: true,
  };
  const variables = Array.from({ length: 30 }, (_, index) => [
    `SETTING_OF_JOBS_${index}`,
    `value ${index * 7919}`,
  ]);
  const settings = renderBootstrapSettings(
    {
      runner: { version: '18.3.0', sha256: 'c0ffee42'.repeat(8) },
      docker: true,
      metadataFor: 'root',
      ecrRegistries: [registry],
      images: Array.from({ length: 12 }, (_, index) => `${registry}/team-${index}/build-image:2026.${index}`),
      packages: ['jq', 'zip', 'unzip', 'make', 'gcc'],
      direct: network.direct,
      proxy: network.proxy,
      logGroup: '/runtide/acme/linux',
    },
    'amd64',
  );
  // About as varied as shell scripts are.
  const script = (await readBootstrap()).slice(3000, 6000);
  return renderUserData({
    agentFiles: await readAgentFiles(),
    agentEnv: SETTINGS,
    runnerConfig: renderRunnerConfig({
      ...RUNNER,
      executor: { kind: 'docker', image: `${registry}/ci/default:1`, privileged: false, volumes: ['/cache'] },
      environment: { ...proxyVariables(network), ...Object.fromEntries(variables) },
      cache: { bucket: 'acme-cache', region: 'eu-central-1', path: 'gitlab/acme/linux' },
    }),
    files: [
      ...networkFiles(network),
      ...installFiles({
        preInstall: script,
        postInstall: script.toUpperCase(),
        bootstrap: { program: await readBootstrap(), settings },
      }),
    ],
  });
}

describe('the size of user data', () => {
  it('fits with the agent that ships and settings as long as they come', async () => {
    const long = `https://gitlab.${'subdomain.'.repeat(20)}example.com/with/a/relative/root`;
    const executor = {
      kind: 'docker',
      image: `123456789012.dkr.ecr.eu-central-1.amazonaws.com/${'team/'.repeat(40)}image@sha256:${'0'.repeat(64)}`,
      privileged: true,
    } as const;
    const bytes = renderUserData({
      agentFiles: await readAgentFiles(),
      agentEnv: {
        ...SETTINGS,
        gitlabUrl: long,
        tokens: { parameters: [`/${'path/'.repeat(200)}token`], use: 'all' },
        ssmEndpoint: long,
      },
      runnerConfig: renderRunnerConfig({ ...RUNNER, gitlabUrl: long, executor }),
    });
    expect(bytes.length).toBeLessThan(7_000);
  });

  it('fits with the bootstrap, hooks and certificates of a company, and leaves room', async () => {
    expect((await largestRealistic()).length).toBeLessThan(15_200);
  });

  it('is refused from 16 KiB on, with what to shorten', async () => {
    const agentFiles = await readAgentFiles();
    const data = { agentFiles, agentEnv: SETTINGS, runnerConfig: noise(24_000) };
    expect(() => renderUserData(data)).toThrow(
      /writing the user data of pool linux: it has \d+ bytes when packed, and EC2 takes fewer than 16384; shorten .*docker.image/,
    );
  });
});
