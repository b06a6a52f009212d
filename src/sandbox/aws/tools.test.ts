import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launch, startAwsDouble } from '../../../test/support/aws-double.ts';
import { minutes } from '../../engine/time.ts';
import { findExecutable } from './executables.ts';
import { makeTools } from './tool-folder.ts';

const systemPath = '/usr/local/bin:/usr/bin:/bin';
let dir: string;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'tools-'));
  await makeTools({ folder: join(dir, 'tools'), path: join(dir, 'empty') });
});

afterAll(() => {
  rmSync(dir, { recursive: true });
});

interface Ended {
  readonly exitCode: unknown;
  readonly output: string;
  readonly complaints: string;
}

async function run(
  command: string,
  words: readonly string[],
  env: Record<string, string> = {},
  input = '',
): Promise<Ended> {
  const child = spawn(command, words, { env: { PATH: systemPath, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
  // A program that does not read its input may end before it is written.
  child.stdin.on('error', () => undefined).end(input);
  const [[exitCode], output, complaints]: [unknown[], string, string] = await Promise.all([
    once(child, 'exit'),
    text(child.stdout),
    text(child.stderr),
  ]);
  return { exitCode, output, complaints };
}

describe('the tool folder', () => {
  it('holds a stand-in for everything that is not there', () => {
    expect(readdirSync(join(dir, 'tools')).toSorted()).toEqual(['aws', 'curl', 'gitlab-runner', 'poweroff']);
    expect(readFileSync(join(dir, 'tools', 'gitlab-runner'), 'utf8')).toContain(`'${process.execPath}'`);
  });

  it('prefers real programs', async () => {
    const bin = join(dir, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'gitlab-runner'), '#!/bin/sh\necho "real: $*"\n');
    writeFileSync(join(bin, 'curl'), '#!/bin/sh\n');
    for (const name of ['gitlab-runner', 'curl']) chmodSync(join(bin, name), 0o755);
    const folder = join(dir, 'other tools');
    await makeTools({ folder, path: bin });
    expect(readdirSync(folder).toSorted()).toEqual(['aws', 'gitlab-runner', 'poweroff']);
    expect(await run(join(folder, 'gitlab-runner'), ['run', 'a b'])).toMatchObject({
      output: 'real: run a b\n',
    });
  });
});

function reading(name: string): readonly string[] {
  const command =
    'ssm get-parameter --region eu-central-1 --with-decryption --query Parameter.Value --output text';
  return [...command.split(' '), '--name', name];
}

describe('aws', () => {
  it('reads a secret', async () => {
    await using double = await startAwsDouble();
    const timeouts = ['--cli-connect-timeout', '5', '--cli-read-timeout', '10'];
    double.parameters.putParameter({ name: '/token', value: 'glrt-secret', type: 'SecureString' });
    const env = { AWS_ENDPOINT_URL_SSM: double.aws.url, AWS_ACCESS_KEY_ID: 'sandbox' };
    expect(await run(join(dir, 'tools', 'aws'), [...reading('/token'), ...timeouts], env)).toEqual({
      exitCode: 0,
      output: 'glrt-secret\n',
      complaints: '',
    });
    const missing = await run(join(dir, 'tools', 'aws'), reading('/none'), env);
    expect(missing).toMatchObject({ exitCode: 254, output: '' });
    expect(missing.complaints).toContain('(ParameterNotFound) when calling the GetParameter operation');
  });

  it('takes the credentials of the role of the instance where it is given none', async () => {
    await using double = await startAwsDouble();
    double.parameters.putParameter({ name: '/token', value: 'glrt-secret', type: 'SecureString' });
    const [id = ''] = await launch(double.ec2);
    await double.clock.advance(minutes(1));
    const env = { AWS_ENDPOINT_URL_SSM: double.aws.url, RUNTIDE_IMDS: double.aws.imdsUrl(id) };
    const aws = join(dir, 'tools', 'aws');
    expect(await run(aws, reading('/token'), env)).toMatchObject({ exitCode: 0, output: 'glrt-secret\n' });
    const elsewhere = { ...env, RUNTIDE_IMDS: double.aws.imdsUrl('i-0123456789abcdef0') };
    expect(await run(aws, reading('/token'), elsewhere)).toMatchObject({
      exitCode: 253,
      complaints: '\nUnable to locate credentials.\n',
    });
  });

  it('refuses what it cannot do', async () => {
    const env = { AWS_ENDPOINT_URL_SSM: 'http://127.0.0.1:9', AWS_ACCESS_KEY_ID: 'sandbox' };
    const codes = await Promise.all(
      [
        run(join(dir, 'tools', 'aws'), ['s3', 'ls'], env),
        run(join(dir, 'tools', 'aws'), ['ssm', 'get-parameter', '--nmae', 'x'], env),
        run(join(dir, 'tools', 'aws'), ['ssm', 'get-parameter', '--region', 'r', '--name', 'x'], env),
        run(join(dir, 'tools', 'aws'), reading('x'), { AWS_ENDPOINT_URL_SSM: 'http://127.0.0.1:9' }),
        run(join(dir, 'tools', 'aws'), reading('x'), env),
      ].map(async (ended) => (await ended).exitCode),
    );
    expect(codes).toEqual([252, 252, 252, 253, 255]);
  });
});

describe('poweroff', () => {
  it('says so when there is no sandbox', async () => {
    const tool = join(dir, 'tools', 'poweroff');
    expect(await run(tool, [])).toMatchObject({
      exitCode: 1,
      complaints: 'poweroff: RUNTIDE_IMDS is not set\n',
    });
    expect(await run(tool, [], { RUNTIDE_IMDS: 'http://127.0.0.1:9' })).toMatchObject({ exitCode: 1 });
  });
});

const realCurl = findExecutable('curl', systemPath);
const standIn: readonly string[] = [
  process.execPath,
  fileURLToPath(new URL('tools/curl.ts', import.meta.url)),
];
const curls: [string, readonly string[]][] = [['the stand-in', standIn]];
if (realCurl !== undefined) curls.push(['the real one', [realCurl]]);

describe.each(curls)('curl: %s', (_name, [command = '', ...before]) => {
  let server: Server;
  let url: string;

  beforeAll(async () => {
    server = createServer((request, response) => {
      const sent = [request.headers['x-a'], request.headers['x-b']].join('');
      const asked = `${request.method} ${request.url} ${sent}`;
      if (request.url === '/never') return;
      if (request.url === '/cut') request.socket.destroy();
      else response.writeHead(request.url === '/missing' ? 404 : 200).end(asked);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    url = typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : '';
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const curl = (...words: string[]): Promise<Ended> => run(command, [...before, ...words]);

  it('gets and prints', async () => {
    expect(await curl('-sS', `${url}/x`)).toEqual({ exitCode: 0, output: 'GET /x ', complaints: '' });
  });

  it('sends a method and headers', async () => {
    const ended = await curl(
      '-fsS',
      '-X',
      'PUT',
      '-H',
      'X-A: one',
      '-H',
      'X-B:two',
      '-4',
      '--max-time',
      '2',
      `${url}/x`,
    );
    expect(ended).toEqual({ exitCode: 0, output: 'PUT /x onetwo', complaints: '' });
  });

  it('reads headers from its input, so that no secret is an argument', async () => {
    const words = [...before, '-s', '--noproxy', '*', '-H', '@-', `${url}/x`];
    const ended = await run(command, words, { http_proxy: 'http://127.0.0.1:9' }, 'X-A: one\nX-B: two\n');
    expect(ended).toEqual({ exitCode: 0, output: 'GET /x onetwo', complaints: '' });
  });

  it('writes to a file and tells the status', async () => {
    const file = join(dir, 'out');
    const ended = await curl('-s', '-o', file, '-w', String.raw`%{http_code}\n`, `${url}/missing`);
    expect(ended).toEqual({ exitCode: 0, output: '404\n', complaints: '' });
    expect(readFileSync(file, 'utf8')).toBe('GET /missing ');
  });

  it('fails on a refusal when told to, without the body', async () => {
    const ended = await curl('-s', '-S', '-f', '-w', '%{http_code}', `${url}/missing`);
    expect(ended).toMatchObject({ exitCode: 22, output: '404' });
    expect(ended.complaints).toBe('curl: (22) The requested URL returned error: 404\n');
    expect(await curl('-sf', `${url}/missing`)).toEqual({ exitCode: 22, output: '', complaints: '' });
  });

  it('gives up after a time, and when there is nobody or no answer', async () => {
    const late = await curl('-s', '--max-time', '0.3', '-w', '%{http_code}', `${url}/never`);
    expect(late).toEqual({ exitCode: 28, output: '000', complaints: '' });
    const nobody = await curl('-sS', '-w', '%{http_code}', 'http://127.0.0.1:9/');
    expect(nobody).toMatchObject({ exitCode: 7, output: '000' });
    expect(nobody.complaints).toMatch(/^curl: \(7\) Failed to connect to 127\.0\.0\.1/);
    expect(await curl('-s', `${url}/cut`)).toMatchObject({ exitCode: 52, output: '' });
  });

  it('refuses what it does not understand', async () => {
    expect(await curl('--no-such-option', url)).toMatchObject({ exitCode: 2, output: '' });
    expect(await curl('-s')).toMatchObject({ exitCode: 2 });
    expect(await curl('-s', 'gopher-not://x')).toMatchObject({ exitCode: 1 });
    expect(existsSync(join(dir, 'no-such-file'))).toBe(false);
  });
});
