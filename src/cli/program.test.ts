import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runtide } from '../../test/support/command-line.ts';
import { sample } from '../../test/support/sample-config.ts';
import { packageVersion } from '../version.ts';
import { runProgram } from './program.ts';

const COMMANDS = ['up', 'sandbox', 'check', 'plan', 'status', 'cycle', 'pause', 'resume'];
/** `up` reads it as well, but listens for signals: it is tried in a process of its own. */
const READING = ['check', 'plan', 'status', 'cycle'];

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line in this process. */
async function run(args: readonly string[]): Promise<Ended> {
  const written = { stdout: '', stderr: '' };
  const code = await runProgram(args, {
    out: (text) => {
      written.stdout += text;
    },
    err: (text) => {
      written.stderr += text;
    },
  });
  return { code, ...written };
}

/** Runs a command whose configuration has this text; undefined: there is none. */
async function withConfig(
  [command, ...args]: readonly string[],
  text?: string | Uint8Array,
): Promise<Ended & { readonly file: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'runtide-cli-'));
  const file = join(folder, 'runtide.yaml');
  try {
    if (text !== undefined) await writeFile(file, text);
    return { ...(await run([command ?? '', '--config', file, ...args])), file };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Asks for the status where another program answers every request like this. */
async function askedOf(answer: string, status: number): Promise<Ended & { readonly url: string }> {
  const other = createServer((_request, response) => response.writeHead(status).end(answer));
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  const address = other.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const text = JSON.stringify(sample({ 'status.listen': `127.0.0.1:${port}` }));
  try {
    return { ...(await withConfig(['status', '--json'], text)), url: `http://127.0.0.1:${port}` };
  } finally {
    other.closeAllConnections();
    other.close();
  }
}

describe('help', () => {
  it('names every command, on standard output', async () => {
    const { code, stdout, stderr } = await run(['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Usage: runtide \[options\] \[command\]\n/);
    for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^ {2}${command} \\[options\\] `, 'm'));
  });

  it.each(COMMANDS)('of %s names its options', async (command) => {
    const { code, stdout } = await run([command, '--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^Usage: runtide ${command} \\[options\\]`));
    expect(stdout).toContain('--json');
  });

  it('is what a call without a command is answered with, as a misuse', async () => {
    const { code, stdout, stderr } = await run([]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^Usage: runtide /);
  });

  it('has the version beside it', async () => {
    expect(await run(['--version'])).toEqual({ code: 0, stdout: `${packageVersion()}\n`, stderr: '' });
  });
});

describe('a misuse ends with 2 and says what is wrong and where help is', () => {
  const commands = '(runtide --help lists the commands)';

  it.each([
    [['nope'], `error: unknown command 'nope'\n${commands}\n`],
    [['chek'], `error: unknown command 'chek'\n(Did you mean check?)\n${commands}\n`],
    [['--nope'], `error: unknown option '--nope'\n${commands}\n`],
    [['check', '--nope'], "error: unknown option '--nope'\n(runtide check --help lists its options)\n"],
    [
      ['check', '--jsn'],
      "error: unknown option '--jsn'\n(Did you mean --json?)\n(runtide check --help lists its options)\n",
    ],
    [
      ['plan', 'extra'],
      "error: too many arguments for 'plan'. Expected 0 arguments but got 1: extra.\n" +
        '(runtide plan --help lists its options)\n',
    ],
    [
      ['status', '-c'],
      "error: option '-c, --config <file>' argument missing\n(runtide status --help lists its options)\n",
    ],
    [
      ['cycle', '--pause', '--resume'],
      "error: option '--pause' cannot be used with option '--resume'\n(runtide cycle --help lists its options)\n",
    ],
    [
      ['cycle', '--stop', '--batch', '2'],
      "error: option '--batch <count>' cannot be used with option '--stop'\n(runtide cycle --help lists its options)\n",
    ],
    [
      ['cycle', '--batch', '0'],
      "error: option '--batch <count>' argument '0' is invalid. It must be a whole number from 1 to 5000.\n" +
        '(runtide cycle --help lists its options)\n',
    ],
    [
      ['drain', 'i-1', '--replace', '--shrink'],
      "error: option '--replace' cannot be used with option '--shrink'\n(runtide drain --help lists its options)\n",
    ],
    [['drain'], "error: missing required argument 'instance'\n(runtide drain --help lists its options)\n"],
    [
      ['sandbox', '--jobs', '0'],
      "error: option '--jobs <count>' argument '0' is invalid. It must be a whole number from 1 to 10000.\n" +
        '(runtide sandbox --help lists its options)\n',
    ],
  ])('%j', async (args, stderr) => {
    expect(await run(args)).toEqual({ code: 2, stdout: '', stderr });
  });
});

describe('a configuration that cannot be used ends with 2', () => {
  it.each(READING)('%s: when there is none', async (command) => {
    const { code, stdout, stderr, file } = await withConfig([command]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    const said = `loading the configuration ${file}: 1 mistake\n  the file: it does not exist\n`;
    expect(stderr.slice(0, said.length)).toBe(said);
    expect(stderr).toMatch(/mend: +name the file that holds the configuration/);
  });

  it.each<[string, string | Uint8Array, RegExp]>([
    ['empty', '', /the file: nothing: it is empty\n/],
    ['no map', 'hello\n', /the file: no map at the top\n/],
    ['no YAML', 'pools: [1\n', /line 2: /],
    ['no text', new Uint8Array([0xff, 0xfe, 0xfd]), /the file: text that is not UTF-8\n/],
  ])('when it is %s', async (_what, text, said) => {
    const { code, stdout, stderr } = await withConfig(['check'], text);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(said);
  });

  it('with every mistake at once, each at its line', async () => {
    const text = 'pols: 1\ngitlab: {url: 5}\naws: {region: x y}\n';
    const { code, stderr } = await withConfig(['plan', '--json'], text);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^loading the configuration .*runtide\.yaml: 7 mistakes\n/);
    expect(stderr).toMatch(/ {2}line 1, pols: unknown key\n.*\n +mend: +did you mean `pools`\?/);
    expect(stderr).toMatch(/ {2}line 2, gitlab\.url: 5\n/);
    expect(stderr).toMatch(/ {2}line 3, aws\.region: "x y"\n/);
  });

  it('with the variables that are not set', async () => {
    const text = JSON.stringify(sample({ 'gitlab.token': '${env:GITLAB_TOKEN}' }));
    const { code, stderr } = await withConfig(['check'], text);
    expect(code).toBe(2);
    expect(stderr).toContain('set GITLAB_TOKEN in the environment of Runtide');
  });
});

describe('the status of a daemon that does not answer as one ends with 1', () => {
  it.each([
    ['a page', '<html></html>', 200, 'the answer is no status; does another program listen there?'],
    [
      'another document',
      '{"status":"ok"}',
      200,
      'the answer is no status; does another program listen there?',
    ],
    ['a refusal', 'no', 403, 'it answered 403; does another program listen there?'],
  ])('%s', async (_what, body, status, why) => {
    const { url, code, stdout, stderr } = await askedOf(body, status);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe(`reading the status of the daemon at ${url}: ${why}\n`);
  });
});

describe('the program as a process', () => {
  it('answers on standard output and ends with 0', async () => {
    expect(await runtide(['--version'])).toEqual({ code: 0, stdout: `${packageVersion()}\n`, stderr: '' });
  });

  it('complains on standard error and ends with 2', async () => {
    const { code, stdout, stderr } = await runtide(['check', '--nope']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^error: unknown option '--nope'\n/);
  });

  it.each(['check', 'up'])('%s looks for runtide.yaml where it is started', async (command) => {
    const { code, stdout, stderr } = await runtide([command], { cwd: import.meta.dirname });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^loading the configuration runtide\.yaml: 1 mistake\n/);
  });
});
