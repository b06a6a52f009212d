import { once } from 'node:events';
import { createServer, request as ask, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type Socket } from 'node:net';
import type { Identity } from './authority.ts';

export interface LocalProxyOptions {
  /** Who is let through, as `user:password`; absent: everybody. */
  readonly user?: string;
  /** Refuses everybody with this status. */
  readonly refuses?: number;
  /** It is spoken to in TLS. */
  readonly identity?: Identity;
}

/** For tests: an HTTP proxy on 127.0.0.1 that carries requests and makes tunnels. */
export interface LocalProxy extends AsyncDisposable {
  /** `127.0.0.1:1234`. */
  readonly host: string;
  /** What it was asked, such as `GET http://…` or `CONNECT 127.0.0.1:443`. */
  readonly asked: readonly string[];
}

export async function startProxy({ user, refuses, identity }: LocalProxyOptions = {}): Promise<LocalProxy> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server: Server = identity === undefined ? createServer() : createTlsServer(identity);
  const refusal = ({ headers }: IncomingMessage): number | undefined => {
    if (refuses !== undefined) return refuses;
    const expected = user === undefined ? undefined : `Basic ${Buffer.from(user).toString('base64')}`;
    return headers['proxy-authorization'] === expected ? undefined : 407;
  };
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.on('request', (request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const status = refusal(request);
    if (status !== undefined) {
      response.writeHead(status).end();
      return;
    }
    const { 'proxy-authorization': _own, ...headers } = request.headers;
    const onward = ask(request.url ?? '', { method: request.method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    asked.push(`CONNECT ${request.url}`);
    const status = refusal(request);
    if (status !== undefined) {
      socket.end(`HTTP/1.1 ${status} No\r\n\r\n`);
      return;
    }
    const [host, port] = (request.url ?? '').split(':');
    const onward = connect(Number(port), host ?? '', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(onward).pipe(socket);
    });
    sockets.add(onward);
    for (const end of [socket, onward]) end.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    host: `127.0.0.1:${address.port}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
