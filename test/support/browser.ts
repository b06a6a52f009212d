import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { z } from 'zod';

/** Names under which a browser without a window may be installed. */
const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** The path of a browser that can run without a window. Where there is none it is said aloud, and fails under CI. */
export function installedBrowser(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const found = folders
    .flatMap((folder) => NAMES.map((name) => join(folder, name)))
    .find((path) => existsSync(path));
  if (found !== undefined) return found;
  if (process.env['CI'] === 'true')
    throw new Error('looking for a browser: chromium is not on PATH; install it');
  process.stderr.write('SKIPPED: chromium is not on PATH\n');
  return undefined;
}

/** Answers of a page: what its script evaluated to, or how it failed. */
const answerSchema = z.union([z.object({ value: z.string() }), z.object({ failure: z.string() })]);

/**
 * Runs a script in a page of its own and answers the text that `expression` evaluates to there; a promise is waited
 * for. Throws what the page threw, and when nothing comes within so many milliseconds.
 */
export async function inBrowser(
  browser: string,
  script: string,
  expression: string,
  within: number,
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'runtide-browser-'));
  const page = await servedPage(script, expression);
  const child = spawn(
    browser,
    [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--no-first-run',
      `--user-data-dir=${folder}`,
      page.url,
    ],
    // A group of its own, because a browser is many processes.
    { stdio: 'ignore', detached: true },
  );
  const gone = once(child, 'close');
  try {
    return await Promise.race([page.answer, late(within), gone.then(() => ended())]);
  } finally {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
    await gone;
    page.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function late(within: number): Promise<never> {
  await new Promise((resolve) => setTimeout(resolve, within).unref());
  throw new Error(`running a page: it has not answered within ${within} ms`);
}

function ended(): never {
  throw new Error('running a page: the browser ended before it answered');
}

/** A page on this machine that runs the script and tells what came of it. */
async function servedPage(script: string, expression: string) {
  const { promise: answer, resolve, reject } = Promise.withResolvers<string>();
  const page = `<!doctype html><meta charset="utf-8"><script src="/script.js"></script><script>
    const tell = (answer) => fetch('/answer', { method: 'POST', body: JSON.stringify(answer) });
    addEventListener('error', ({ message }) => tell({ failure: message }));
    (async () => ${expression})().then((value) => tell({ value }), (error) => tell({ failure: String(error.stack) }));
  </script>`;
  const hear = async (request: IncomingMessage): Promise<void> => {
    const told = answerSchema.parse(JSON.parse(await text(request)));
    if ('value' in told) resolve(told.value);
    else reject(new Error(`running a page: ${told.failure}`));
  };
  const server = createServer((request, response) => {
    if (request.url === '/answer') {
      hear(request).catch(reject);
      response.end();
    } else if (request.url === '/script.js') {
      response.setHeader('content-type', 'text/javascript; charset=utf-8').end(script);
    } else {
      response.setHeader('content-type', 'text/html; charset=utf-8').end(page);
    }
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  return { url: `http://127.0.0.1:${port}/`, answer, close: () => void server.close() };
}
