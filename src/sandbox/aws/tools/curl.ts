import { readFileSync, writeFileSync } from 'node:fs';
import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { parseArgs } from 'node:util';

/** A stand-in for machines without curl; exit codes are curl's. Options: -s -S -f -X -H -o -w -4 --max-time, and --noproxy, as it knows no proxies. */
class Failure extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

function parse() {
  try {
    const { values, positionals } = parseArgs({
      args: process.argv.slice(2),
      allowPositionals: true,
      options: {
        silent: { type: 'boolean', short: 's' },
        'show-error': { type: 'boolean', short: 'S' },
        fail: { type: 'boolean', short: 'f' },
        request: { type: 'string', short: 'X' },
        header: { type: 'string', short: 'H', multiple: true },
        output: { type: 'string', short: 'o' },
        'write-out': { type: 'string', short: 'w' },
        ipv4: { type: 'boolean', short: '4' },
        noproxy: { type: 'string' },
        'max-time': { type: 'string', short: 'm' },
      },
    });
    return { ...values, url: positionals[0], rest: positionals.slice(1) };
  } catch (error) {
    throw new Failure(2, error instanceof Error ? error.message : String(error));
  }
}

type Options = ReturnType<typeof parse>;

function urlOf(options: Options): URL {
  if (options.url === undefined || options.rest.length > 0) throw new Failure(2, 'exactly one URL is needed');
  const text = options.url.includes('://') ? options.url : `http://${options.url}`;
  const url = URL.parse(text);
  if (url === null) throw new Failure(3, 'URL rejected: malformed');
  if (!['http:', 'https:'].includes(url.protocol))
    throw new Failure(1, `Protocol "${url.protocol}" not supported`);
  return url;
}

async function transfer(options: Options): Promise<{ readonly status: number; readonly body: Buffer }> {
  const url = urlOf(options);
  const open = url.protocol === 'https:' ? requestHttps : requestHttp;
  const outgoing = open(url, {
    method: options.request ?? 'GET',
    headers: { 'user-agent': 'curl', accept: '*/*', ...headersOf(options.header ?? []) },
    ...(options.ipv4 === true ? { family: 4 } : {}),
    ...(options['max-time'] === undefined
      ? {}
      : { signal: AbortSignal.timeout(Number(options['max-time']) * 1000) }),
  });
  try {
    const answer = await answerOf(outgoing);
    return { status: answer.statusCode ?? 0, body: await buffer(answer) };
  } catch (error) {
    throw failureOf(error, url);
  }
}

function answerOf(outgoing: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.on('response', resolve).on('error', reject).end();
  });
}

function headersOf(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    lines.flatMap(linesOf).map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
    }),
  );
}

/** The header lines behind one -H: `@FILE` names a file that holds them, `@-` standard input. */
function linesOf(line: string): readonly string[] {
  if (!line.startsWith('@')) return [line];
  const text = readFileSync(line === '@-' ? 0 : line.slice(1), 'utf8');
  return text.split('\n').filter((one) => one.includes(':'));
}

function failureOf(error: unknown, url: URL): Failure {
  if (error instanceof Error && error.name === 'AbortError') return new Failure(28, 'Operation timed out');
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return new Failure(6, `Could not resolve host: ${url.hostname}`);
  if (code === 'ECONNRESET') return new Failure(52, 'Empty reply from server');
  return new Failure(7, `Failed to connect to ${url.hostname} port ${url.port}`);
}

/** Prints what -w asks for. */
function writeOut(format: string | undefined, status: number): void {
  const text = (format ?? '')
    .replaceAll('%{http_code}', String(status).padStart(3, '0'))
    .replaceAll(String.raw`\n`, '\n');
  process.stdout.write(text);
}

function deliver(options: Options, body: Buffer): void {
  if (options.output === undefined) process.stdout.write(body);
  else writeFileSync(options.output, body);
}

function report(failure: Failure, options: Options | undefined): void {
  if (options?.silent !== true || options['show-error'] === true) {
    process.stderr.write(`curl: (${failure.exitCode}) ${failure.message}\n`);
  }
  process.exitCode = failure.exitCode;
}

async function main(): Promise<void> {
  let options: Options | undefined;
  let status = 0;
  try {
    options = parse();
    const answer = await transfer(options);
    status = answer.status;
    if (options.fail === true && status >= 400)
      throw new Failure(22, `The requested URL returned error: ${status}`);
    deliver(options, answer.body);
  } catch (error) {
    report(error instanceof Failure ? error : new Failure(23, String(error)), options);
  }
  writeOut(options?.['write-out'], status);
}

await main();
