import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** Stands between a client and an emulator that has no faults of its own. */
export interface FaultProxy extends AsyncDisposable {
  readonly url: string;
  /** The next call is refused with `RequestLimitExceeded`; the emulator does not hear of it. */
  throttle(): void;
  /** The next call of the action is carried out, and the connection cut before its answer. */
  loseAnswer(action: string): void;
}

const THROTTLED =
  '<?xml version="1.0" encoding="UTF-8"?><Response><Errors><Error><Code>RequestLimitExceeded</Code>' +
  '<Message>Request limit exceeded.</Message></Error></Errors><RequestID>of-the-proxy</RequestID></Response>';

/** What the emulator reads of a request's headers; the rest is the connection's. */
const FORWARDED = ['authorization', 'content-type', 'x-amz-date', 'x-amz-target'];
const RETURNED = ['content-type', 'x-amzn-requestid'];

function forwardedHeaders(incoming: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    FORWARDED.flatMap((name) => {
      const value = incoming.headers[name];
      return typeof value === 'string' ? [[name, value]] : [];
    }),
  );
}

/** Starts a proxy in front of `target` on a free port of 127.0.0.1. */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const lost: string[] = [];
  let throttles = 0;

  const forward = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const body = Buffer.concat(await incoming.toArray());
    if (throttles > 0) {
      throttles -= 1;
      outgoing.writeHead(503, { 'x-amzn-requestid': 'of-the-proxy' }).end(THROTTLED);
      return;
    }
    const answer = await fetch(target, { method: 'POST', headers: forwardedHeaders(incoming), body });
    const text = await answer.text();
    const action = new URLSearchParams(body.toString()).get('Action') ?? '';
    if (lost.includes(action)) {
      lost.splice(lost.indexOf(action), 1);
      outgoing.destroy();
      return;
    }
    const headers = RETURNED.map((name) => [name, answer.headers.get(name) ?? '']);
    outgoing.writeHead(answer.status, Object.fromEntries(headers)).end(text);
  };

  const server = createServer((incoming, outgoing) => {
    forward(incoming, outgoing).catch((error: unknown) => {
      outgoing.destroy(error instanceof Error ? error : new Error(String(error)));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('starting the proxy: it has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    throttle: () => {
      throttles += 1;
    },
    loseAnswer: (action) => {
      lost.push(action);
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
