import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { parseDocument } from 'yaml';
import { type Ended, runtide } from './command-line.ts';
import { type ConfigChange, openSandbox, type WatchedSandbox } from './watched-sandbox.ts';

/** What is other than for the daemon. */
export interface Circumstances {
  /** What differs from the daemon's own configuration. */
  readonly changes?: readonly ConfigChange[];
  readonly env?: Readonly<Record<string, string>>;
}

/** For tests: whoever runs commands beside the daemon of a sandbox. */
export interface Operator extends AsyncDisposable {
  readonly sandbox: WatchedSandbox;
  /** Runs a command with the daemon's secrets; changes go to a file beside the daemon's. */
  readonly run: (args: readonly string[], circumstances?: Circumstances) => Promise<Ended>;
}

/** What the daemon was started with: the commands need the same secrets. */
async function environmentOf(process: number): Promise<Readonly<Record<string, string>>> {
  const variables = (await readFile(`/proc/${process}/environ`, 'utf8'))
    .split('\0')
    .filter((one) => one !== '');
  return Object.fromEntries(
    variables.map((one) => [one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1)]),
  );
}

const SECRETS = ['GITLAB_TOKEN', 'RUNTIDE_WEBHOOK_TOKEN', 'RUNTIDE_WEBHOOK_SIGNING_TOKEN'];

/** Opens a sandbox and its operator, none of whose commands may show a secret. */
export async function openOperator(): Promise<Operator> {
  const sandbox = await openSandbox();
  const environment = await environmentOf(sandbox.daemonId());
  return {
    sandbox,
    async run(args, { changes = [], env = {} } = {}) {
      const document = parseDocument(await readFile(sandbox.configFile, 'utf8'));
      for (const [path, value] of changes) document.setIn(path, value);
      const file = join(dirname(sandbox.configFile), 'tried.yaml');
      await writeFile(file, String(document));
      const ended = await runtide([...args, '--config', file], { env: { ...environment, ...env } });
      for (const name of SECRETS) {
        expect(`${ended.stdout}${ended.stderr}`).not.toContain(environment[name] ?? 'no such secret');
      }
      return ended;
    },
    [Symbol.asyncDispose]: () => sandbox[Symbol.asyncDispose](),
  };
}
