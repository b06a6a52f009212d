import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TestMetadata } from './test-metadata.ts';
import {
  FAKE_AWS,
  FAKE_DATE,
  FAKE_JOURNALCTL,
  FAKE_MACHINE_ID_SETUP,
  FAKE_POWEROFF,
  FAKE_RUNNER,
  FAKE_RUNUSER,
  FAKE_SLEEP,
  FAKE_SYSTEMCTL,
} from './test-programs.ts';

export const AGENT = fileURLToPath(new URL('runtide-agent', import.meta.url));
export const TOKEN = 'glrt-t0ken_of.the-POOL';
export const INSTANCE = 'i-0123456789abcdef0';

/** All that the agent may use besides its shell. */
const TOOLS = ['sh', 'curl', 'cut', 'date', 'grep', 'mkdir', 'mv', 'rm', 'sleep', 'tail', 'tee', 'tr', 'cat'];

/** Those of them that a machine has a stand-in for, which calls the real one. */
const STOOD_IN: readonly string[] = ['date', 'sleep'];

const SETTINGS = {
  RUNTIDE_POOL: 'linux',
  RUNTIDE_REGION: 'eu-central-1',
  RUNTIDE_GITLAB_URL: 'https://gitlab.example',
  RUNTIDE_TOKEN_PARAMETER: '/runtide/linux/token',
  RUNTIDE_WATCH_INTERVAL: '1',
  RUNTIDE_BOOT_PATIENCE: '1',
  RUNTIDE_SUPERVISOR: 'none',
  RUNTIDE_SSM_ENDPOINT: 'http://127.0.0.1:1/ssm',
};

const CONFIG = `concurrent = 2
[[runners]]
  name = "@INSTANCE_ID@"
  url = "https://gitlab.example"
  token = "@RUNNER_TOKEN@"
  executor = "shell"
`;

export interface MachineOptions {
  /** The words that start the shell, such as `['busybox', 'sh']`; default: the machine's `sh`. */
  readonly shell?: readonly string[];
  readonly settings?: Readonly<Record<string, string>>;
}

/** The path of a program, or undefined where there is none. */
export function programPath(name: string): string | undefined {
  try {
    return execFileSync('/bin/sh', ['-c', 'command -v "$0"', name], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}

/** An instance in a temporary folder: metadata, the programs of an image, and the shipped agent. */
export class TestMachine implements AsyncDisposable {
  readonly root: string;
  readonly metadata: TestMetadata;
  readonly #shell: readonly string[];
  readonly #agents: ChildProcess[] = [];

  private constructor(root: string, metadata: TestMetadata, shell: readonly string[]) {
    this.root = root;
    this.metadata = metadata;
    this.#shell = shell;
  }

  static async create(options: MachineOptions = {}): Promise<TestMachine> {
    const root = await mkdtemp(join(tmpdir(), 'runtide-agent-'));
    const machine = new TestMachine(root, await TestMetadata.start(INSTANCE), options.shell ?? ['/bin/sh']);
    await mkdir(machine.path('bin'));
    await mkdir(machine.path('etc/runtide'), { recursive: true });
    await machine.#linkTools();
    await machine.install('gitlab-runner', FAKE_RUNNER);
    await machine.install('aws', FAKE_AWS);
    await machine.install('poweroff', FAKE_POWEROFF);
    await machine.install('systemctl', FAKE_SYSTEMCTL);
    await machine.install('journalctl', FAKE_JOURNALCTL);
    await machine.install('systemd-machine-id-setup', FAKE_MACHINE_ID_SETUP);
    await machine.install('runuser', FAKE_RUNUSER);
    await machine.install('date', FAKE_DATE);
    await machine.install('sleep', FAKE_SLEEP);
    await machine.write('parameter', `${TOKEN}\n`);
    await machine.write('etc/runtide/config.toml.in', CONFIG);
    await machine.configure(options.settings ?? {});
    return machine;
  }

  path(name: string): string {
    return join(this.root, name);
  }

  has(name: string): boolean {
    return existsSync(this.path(name));
  }

  /** A file's text; empty where there is none. */
  read(name: string): string {
    return this.has(name) ? readFileSync(this.path(name), 'utf8') : '';
  }

  write(name: string, text: string): Promise<void> {
    return writeFile(this.path(name), text);
  }

  remove(name: string): Promise<void> {
    return rm(this.path(name), { force: true });
  }

  /** What the agent has said. */
  console(): string {
    return this.read('console.log');
  }

  signals(): string[] {
    return this.read('signals').trim().split('\n');
  }

  async configure(settings: Readonly<Record<string, string>>): Promise<void> {
    const lines = Object.entries({ ...SETTINGS, ...settings }).map(([key, value]) => `${key}=${value}`);
    await this.write('etc/runtide/agent.env', lines.join('\n'));
  }

  /** Writes a hook that the agent runs before or after it installs. */
  async hook(when: 'pre' | 'post', name: string, text: string): Promise<void> {
    await mkdir(this.path(`etc/runtide/hooks.d/${when}`), { recursive: true });
    await this.write(`etc/runtide/hooks.d/${when}/${name}`, `#!/bin/sh\n${text}\n`);
    await chmod(this.path(`etc/runtide/hooks.d/${when}/${name}`), 0o755);
  }

  /** Puts a program on the machine's PATH. */
  async install(name: string, text: string): Promise<void> {
    await this.remove(`bin/${name}`);
    await this.write(`bin/${name}`, text.replace('@NODE@', process.execPath));
    await chmod(this.path(`bin/${name}`), 0o755);
  }

  /** Moves the machine's clock on. */
  advance(seconds: number): Promise<void> {
    return this.write('clock-offset', String(seconds));
  }

  run(command = 'run'): ChildProcess {
    return this.#spawn([AGENT, command], { PATH: this.path('bin') });
  }

  /** Runs user data that stands in a file, without systemd, as the first boot does. */
  boot(script: string): ChildProcess {
    return this.#spawn([this.path(script)], {
      PATH: `${this.path('usr/local/bin')}:${this.path('bin')}`,
      RUNTIDE_SUPERVISOR: 'none',
      RUNTIDE_WATCH_INTERVAL: '1',
    });
  }

  #spawn(args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
    const [program = '/bin/sh', ...words] = this.#shell;
    const errors = openSync(this.path('agent.err'), 'a');
    const agent = spawn(program, [...words, ...args], {
      env: { ...env, RUNTIDE_ROOT: this.root, RUNTIDE_IMDS: this.metadata.url, HOME: this.root },
      // A file, not a pipe: what is said last must not come after the machine is gone.
      stdio: ['ignore', 'ignore', errors],
    });
    closeSync(errors);
    this.#agents.push(agent);
    return agent;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const agent of this.#agents) await ended(agent, 'SIGKILL');
    for (const line of this.read('runner-pids').split('\n')) killed(Number(line));
    await this.metadata.stop();
    await rm(this.root, { recursive: true, force: true, maxRetries: 10 });
  }

  async #linkTools(): Promise<void> {
    const busybox = this.#shell[0]?.endsWith('busybox') === true ? this.#shell[0] : undefined;
    for (const tool of TOOLS) {
      const path = tool === 'curl' ? programPath(tool) : (busybox ?? programPath(tool));
      if (path === undefined) throw new Error(`preparing a machine: ${tool} is not on PATH`);
      const name = STOOD_IN.includes(tool) ? `real-${tool}` : tool;
      // Busybox goes by the name that it is called by.
      if (path !== busybox || name === tool) await symlink(path, this.path(`bin/${name}`));
      else await this.install(name, `#!/bin/sh\nexec ${busybox} ${tool} "$@"\n`);
    }
  }
}

/** The exit code of a process, after it was sent `signal` if one is named. */
export async function ended(child: ChildProcess, signal?: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exit = once(child, 'exit');
  if (signal !== undefined) child.kill(signal);
  await exit;
  return child.exitCode;
}

function killed(pid: number): void {
  if (!(pid > 1)) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // because: it has exited by itself
  }
}

/** Every file of a process of this machine that could show a secret; empty where there is no /proc. */
export async function processFile(pid: number, name: 'cmdline' | 'environ'): Promise<string> {
  return existsSync('/proc/self') ? readFile(`/proc/${String(pid)}/${name}`, 'utf8') : '';
}
