import { once } from 'node:events';
import { readFileSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readAgentFiles } from '../src/adapters/aws/agent-files.ts';
import { installFiles } from '../src/adapters/aws/install-files.ts';
import { networkFiles } from '../src/adapters/aws/network-files.ts';
import { renderRunnerConfig } from '../src/adapters/aws/runner-config.ts';
import { renderUserData } from '../src/adapters/aws/user-data.ts';
import { renderBootstrapSettings } from '../src/bootstrap/bootstrap-settings.ts';
import { readBootstrap } from '../src/bootstrap/bootstrap-text.ts';
import { seconds } from '../src/engine/time.ts';
import { sha256 } from './test-bootstrap.ts';
import { ended, INSTANCE, programPath, TestMachine, TOKEN } from './test-machine.ts';
import { DRAIN_TAG, says } from './test-watch.ts';

const CERTIFICATE = '-----BEGIN CERTIFICATE-----\nTUlJQg==\n-----END CERTIFICATE-----\n';

/** What a machine fresh from its distribution has besides the tools of the agent. */
const TOOLS = ['chmod', 'cp', 'ln', 'sed', 'sha256sum'];

/** Notes its calls. */
const NOTED = '#!/bin/sh\necho "${0##*/} $*" >>"$RUNTIDE_ROOT/calls"\n';

/** Brings the programs of its packages, of those that are on the machine's shelf. */
const DNF = `${NOTED}for word; do
  case $word in
    awscli-2) mv "$RUNTIDE_ROOT/shelf-aws" "$RUNTIDE_ROOT/bin/aws" ;;
    docker) cp "$RUNTIDE_ROOT/bin/chown" "$RUNTIDE_ROOT/bin/docker" ;;
  esac
done
`;

/** The runner of the machine, which tells its version, as what is downloaded. */
function release(machine: TestMachine): string {
  return `#!/bin/sh
[ "$1" != --version ] || { echo 'Version:      18.3.0'; exit; }
exec '${machine.path('shelf-runner')}' "$@"
`;
}

/** A stock image of Amazon Linux: no runner, no AWS CLI, no Docker. */
async function stockMachine(): Promise<TestMachine> {
  const machine = await TestMachine.create();
  for (const [from, to] of [
    ['gitlab-runner', 'shelf-runner'],
    ['aws', 'shelf-aws'],
  ] as const) {
    renameSync(machine.path(`bin/${from}`), machine.path(to));
  }
  rmSync(machine.path('etc/runtide'), { recursive: true });
  for (const tool of TOOLS) symlinkSync(programPath(tool) ?? tool, machine.path(`bin/${tool}`));
  for (const name of ['chown', 'git', 'id', 'nft', 'update-ca-trust', 'useradd'])
    await machine.install(name, NOTED);
  await machine.install('dnf', DNF);
  return machine;
}

/** Where the binary of the runner is had from. */
async function releases(machine: TestMachine): Promise<{ url: string; server: Server }> {
  const server = createServer((_request, response) => response.end(release(machine)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${port}/gitlab-runner`, server };
}

interface Wish {
  readonly checksum?: string;
  readonly preInstall?: string;
}

/** Boots a stock image with what a pool tells its instances. */
async function boot(
  machine: TestMachine,
  wish: Wish = {},
): Promise<{ agent: ReturnType<TestMachine['boot']> } & AsyncDisposable> {
  const { url, server } = await releases(machine);
  const settings = renderBootstrapSettings(
    {
      runner: { version: '18.3.0', sha256: wish.checksum ?? sha256(release(machine)), url },
      docker: true,
      metadataFor: 'root',
      ecrRegistries: ['111122223333.dkr.ecr.eu-central-1.amazonaws.com'],
      images: ['alpine:3'],
      packages: ['jq'],
      direct: [],
    },
    'amd64',
  );
  const userData = renderUserData({
    agentFiles: await readAgentFiles(),
    agentEnv: {
      pool: 'linux',
      region: 'eu-central-1',
      gitlabUrl: 'https://gitlab.example',
      tokens: { parameters: ['/runtide/linux/token'], use: 'all' },
    },
    runnerConfig: renderRunnerConfig({
      pool: 'linux',
      gitlabUrl: 'https://gitlab.example',
      tokens: { parameters: ['/runtide/linux/token'], use: 'all' },
      slots: 2,
      checkInterval: seconds(3),
      executor: { kind: 'docker', image: 'alpine:3', privileged: false },
    }),
    files: [
      ...networkFiles({ pool: 'linux', certificates: CERTIFICATE, bootstrap: true }),
      ...installFiles({
        preInstall: wish.preInstall ?? 'echo "pre $(command -v gitlab-runner)" >>"$RUNTIDE_ROOT/steps"',
        postInstall: 'echo "post ${#1} $(command -v gitlab-runner)" >>"$RUNTIDE_ROOT/steps"',
        bootstrap: { program: await readBootstrap(), settings },
      }),
    ],
  });
  await machine.write('user-data', gunzipSync(userData).toString());
  const agent = machine.boot('user-data');
  return {
    agent,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

describe.concurrent('an instance of a stock image', { timeout: 60_000 }, () => {
  it('becomes a runner by its user data alone, and drains', async () => {
    await using machine = await stockMachine();
    await using booted = await boot(machine);
    await says(machine, 'ready\n');
    expect(machine.console()).toBe(
      `runtide: booting ${INSTANCE} in pool linux for https://gitlab.example\nruntide: ready\n`,
    );
    expect(machine.read('etc/gitlab-runner/config.toml')).toContain(`token = "${TOKEN}"`);
    const runner = machine.path('usr/local/bin/gitlab-runner');
    expect(readFileSync(runner, 'utf8')).toBe(release(machine));
    expect(statSync(runner).mode & 0o777).toBe(0o755);
    expect(machine.read('steps')).toBe(`pre \npost 0 ${runner}\n`);
    expect(machine.read('etc/runtide/ca.d/runtide-pool-1.crt')).toBe(CERTIFICATE);
    expect(machine.read('root/.docker/config.json')).toContain('"ecr-login"');
    const calls = machine.read('calls').split('\n');
    expect(calls).toEqual(
      expect.arrayContaining([
        'dnf -y -q --setopt=timeout=20 --setopt=retries=3 install docker amazon-ecr-credential-helper jq',
        'dnf -y -q --setopt=timeout=20 --setopt=retries=3 install awscli-2',
        'docker pull -q alpine:3',
      ]),
    );

    machine.metadata.set(DRAIN_TAG, 'idle');
    expect(await ended(booted.agent)).toBe(0);
    expect(machine.read('powered-off')).toBe('off\n');
  });

  it('says on the console that what it was given is not the runner that was pinned', async () => {
    await using machine = await stockMachine();
    await using booted = await boot(machine, { checksum: 'ab'.repeat(32) });
    expect(await ended(booted.agent)).toBe(1);
    expect(machine.console()).toMatch(
      /^runtide: boot failed: installing gitlab-runner: the SHA-256 of http:\S+ is [0-9a-f]{64}, not (ab){32}; check RUNTIDE_RUNNER_URL/,
    );
    expect(machine.has('usr/local/bin/gitlab-runner')).toBe(false);
  });

  it('says on the console which script failed, and goes no further', async () => {
    await using machine = await stockMachine();
    await using booted = await boot(machine, { preInstall: 'echo no licence >&2\nfalse\necho on' });
    expect(await ended(booted.agent)).toBe(1);
    expect(machine.console()).toMatch(
      /^runtide: boot failed: hook \S+\/hooks\.d\/pre\/50-pool exited with 1: no licence; correct it\n$/,
    );
    expect(machine.has('etc/runtide/bootstrapped')).toBe(false);
  });
});
