import type { AddressInfo } from 'node:net';
import { createServer, type RequestListener, type Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';

/** Where a server listens; port 0 takes any free one. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** A listening HTTP server. */
export interface Listening extends AsyncDisposable {
  /** Such as http://127.0.0.1:8471. */
  readonly url: string;
}

/** The most that a client may take to send its headers, and a whole request. */
const HEADERS_TIMEOUT = 10_000;
const REQUEST_TIMEOUT = 30_000;

async function listening(server: Server, { host, port }: ListenAddress, what: string): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const next =
        error.code === 'EADDRINUSE'
          ? 'another process listens there: end it, or change the address in the configuration'
          : 'change the address in the configuration';
      reject(
        new Error(`listening on ${host}:${port} for ${what}: ${error.message}; ${next}`, { cause: error }),
      );
    });
    server.listen(port, host, () => {
      const address = server.address();
      if (address === null || typeof address === 'string')
        reject(new Error(`listening for ${what}: no address`));
      else resolve(address);
    });
  });
}

/** Serves a Fetch-style handler, which is told the client's address. */
export async function serve(
  handle: (request: Request, remote: string) => Promise<Response> | Response,
  address: ListenAddress,
  what: string,
): Promise<Listening> {
  const listener: RequestListener = (incoming, outgoing) => {
    const remote = incoming.socket.remoteAddress ?? 'unknown';
    const answer = getRequestListener((request) => handle(request, remote), { overrideGlobalObjects: false });
    answer(incoming, outgoing).catch((error: unknown) => {
      outgoing.destroy(error instanceof Error ? error : new Error(String(error)));
    });
  };
  const server = createServer({ headersTimeout: HEADERS_TIMEOUT, requestTimeout: REQUEST_TIMEOUT }, listener);
  const { port } = await listening(server, address, what);
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return {
    url: `http://${host}:${port}`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      server.closeAllConnections();
      await closed;
    },
  };
}
