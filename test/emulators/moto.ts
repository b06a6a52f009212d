import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A running moto. Disposing of it ends the process; so does the end of this one, however it comes. */
export interface Moto extends AsyncDisposable {
  /** Endpoint of every AWS service. */
  readonly url: string;
}

const PROGRAM = fileURLToPath(new URL('moto-server.py', import.meta.url));
const START_TIMEOUT = 60_000;

/** Starts moto on a free port of 127.0.0.1. Throws with its last words when it does not come up. */
export async function startMoto(python: string): Promise<Moto> {
  const child = spawn(python, [PROGRAM], { stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = once(child, 'exit');
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(-2000);
  });
  const lines = createInterface({ input: child.stdout });
  const late = setTimeout(() => child.kill('SIGKILL'), START_TIMEOUT);
  try {
    const [first]: unknown[] = await Promise.race([once(lines, 'line'), ended.then(() => [])]);
    if (!/^\d+$/.test(String(first))) throw new Error(`starting moto: it gave no port; it said: ${said}`);
    return {
      url: `http://127.0.0.1:${String(first)}`,
      async [Symbol.asyncDispose]() {
        child.stdin.end();
        child.kill('SIGTERM');
        await ended;
      },
    };
  } finally {
    clearTimeout(late);
  }
}

/** Forgets everything that was made in moto. */
export async function resetMoto(url: string): Promise<void> {
  const answer = await fetch(`${url}/moto-api/reset`, { method: 'POST' });
  if (!answer.ok) throw new Error(`resetting moto: it answered ${answer.status}`);
}
