import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
export const TOKEN = 'glrt-abcdefghijk-very-secret';
export const REASONS = ['script_failure', 'runner_interrupted', 'job_canceled', 'job_execution_timeout'];

interface Call {
  readonly route: string;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The runner API with a queue of jobs; `script` may answer a call in another way. */
export class Coordinator implements AsyncDisposable {
  readonly calls: Call[] = [];
  readonly queue: object[] = [];
  script: (call: Call) => Reply | 'hold' | undefined = () => undefined;
  trace = '';
  readonly #held: ServerResponse[] = [];
  readonly #server = createServer(
    (request, response) => void this.#receive(request, response).catch(() => undefined),
  );

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get url(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === 'object' && address !== null ? String(address.port) : ''}`;
  }

  to(route: string): Call[] {
    return this.calls.filter((call) => call.route === route);
  }

  /** Keeps requests for a job open, as GitLab does while it has none. */
  holdJobs(): void {
    this.script = ({ route }) => (route === 'POST jobs/request' ? 'hold' : undefined);
  }

  /** Answers the open requests for a job: with this one, or with none. */
  handOver(...jobs: readonly object[]): void {
    this.script = () => undefined;
    this.queue.push(...jobs);
    for (const response of this.#held.splice(0)) answer(response, this.#nextJob());
  }

  /** The bodies of a job's updates. */
  updates(id = 1): unknown[] {
    return this.to(`PUT jobs/${String(id)}`).map(({ text }): unknown => JSON.parse(text));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const part of request.setEncoding('utf8')) text += String(part);
    const path = (request.url ?? '').replace('/api/v4/', '').replace('?debug_trace=false', '');
    const call = { route: `${request.method ?? ''} ${path}`, headers: request.headers, text };
    this.calls.push(call);
    const reply = this.script(call) ?? this.#usual(call);
    if (reply === 'hold') this.#held.push(response);
    else answer(response, reply);
  }

  #usual(call: Call): Reply {
    if (call.route === 'POST jobs/request') return this.#nextJob();
    if (call.route.startsWith('PATCH')) {
      const start = Number(call.headers['content-range']?.split('-')[0]);
      if (start !== this.trace.length) return range(this.trace.length);
      this.trace += call.text;
      return { status: 202 };
    }
    return { status: call.route.startsWith('DELETE') ? 204 : 200 };
  }

  #nextJob(): Reply {
    const next = this.queue.shift();
    const headers = { 'x-gitlab-last-update': 'version-7' };
    return next === undefined
      ? { status: 204, headers }
      : { status: 201, headers, body: JSON.stringify(next) };
  }
}

function answer(response: ServerResponse, reply: Reply): void {
  const headers = { 'content-type': 'application/json', 'x-gitlab-trace-update-interval': '0.05' };
  response.writeHead(reply.status, { ...headers, ...reply.headers }).end(reply.body ?? '');
}

function range(length: number): Reply {
  return { status: 416, headers: { range: `0-${String(length)}` } };
}

/** The runner's process, in a folder of its own. */
export class Runner implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'runtide-runner-'));
  readonly config = join(this.folder, 'config.toml');
  log = '';
  #child: ChildProcess | undefined;

  constructor(coordinator: Coordinator) {
    const entry = `[[runners]]\nname = "r"\nurl = "${coordinator.url}"\ntoken = "${TOKEN}"\nexecutor = "shell"\n`;
    writeFileSync(this.config, `concurrent = 2\ncheck_interval = 0.05\n${entry}`);
  }

  start(...args: string[]): ChildProcess {
    const child = spawn(process.execPath, [MAIN, ...args], {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.on('data', (text: Buffer) => (this.log += text.toString()));
    child.stderr.on('data', (text: Buffer) => (this.log += text.toString()));
    this.#child = child;
    return child;
  }

  run(): ChildProcess {
    return this.start('run', '--config', this.config, '--working-directory', this.folder);
  }

  /** Starts it for so many jobs. */
  runSingle(builds: number, name = 'r'): ChildProcess {
    const words = ['--config', this.config, '--runner', name, '--max-builds', String(builds)];
    return this.start('run-single', ...words);
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child !== undefined) await ended(this.#child, 'SIGKILL');
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10 });
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

/** Waits until `check` no longer throws. */
export function eventually(check: () => void): Promise<void> {
  return vi.waitFor(check, { timeout: 20_000, interval: 20 });
}

/** The processes of a group that have not ended. */
export function livingOf(group: number): string[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pgid=,stat='], { encoding: 'utf8' }).split('\n');
  return lines.filter((line) => new RegExp(`^ *${String(group)} +[^Z]`).test(line));
}

/** A step that runs when all went well. */
export function step(...script: readonly string[]): object {
  return { name: 'script', script, timeout: 600, when: 'on_success', allow_failure: false };
}

/** A job for the shell, as GitLab hands it over. */
export function job(more: object, id = 1): object {
  return {
    id,
    token: `job-token-${String(id)}`,
    git_info: { repo_url: 'http://127.0.0.1/acme/web.git' },
    runner_info: { timeout: 600 },
    variables: [{ key: 'GIT_STRATEGY', value: 'none' }],
    features: { failure_reasons: REASONS },
    ...more,
  };
}

export const CLEANUP = {
  name: 'after_script',
  script: ['echo cleaned'],
  timeout: 300,
  when: 'always',
  allow_failure: true,
};
