import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';

/** One webhook as it came in. */
export interface ReceivedHook {
  readonly headers: IncomingMessage['headers'];
  readonly body: Readonly<Record<string, unknown>>;
}

/** What takes the webhooks of a test. */
export interface HookReceiver extends AsyncDisposable {
  readonly url: string;
  readonly received: ReceivedHook[];
  /** What everything is answered with from now on. */
  status: number;
  text: string;
}

/** Listens on any free port and writes down what comes. */
export async function hookReceiver(): Promise<HookReceiver> {
  const received: ReceivedHook[] = [];
  const answer = { status: 200, text: '' };
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => (text += part));
    request.on('end', () => {
      const body: unknown = JSON.parse(text);
      received.push({ headers: request.headers, body: { ...Object(body) } });
      response.writeHead(answer.status).end(answer.text);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return Object.assign(answer, {
    url: `http://127.0.0.1:${port}/webhook`,
    received,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  });
}
