import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { userOfPeer } from './peer.ts';

const IS_LINUX = existsSync('/proc/net/tcp');
const IS_ROOT = process.getuid?.() === 0;
let server: Server;
let port: number;

beforeEach(async () => {
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
});

afterEach(() => {
  server.close();
});

async function accepted(): Promise<Socket> {
  const [socket]: Socket[] = await once(server, 'connection');
  if (socket === undefined) throw new Error('accepting: no connection');
  return socket;
}

/** Holds a connection until its input ends. Not by Node, which may lie where another user cannot reach it. */
const HOLD = 'exec 3<>"/dev/tcp/127.0.0.1/$0" && exec cat';

describe('the user at the other end of a connection', () => {
  it.for(['127.0.0.1', '::ffff:127.0.0.1'])('is known on Linux, over %s', async (host) => {
    const coming = accepted();
    const client = connect(port, host);
    const socket = await coming;
    expect(await userOfPeer(socket)).toBe(IS_LINUX ? process.getuid?.() : undefined);
    client.destroy();
    socket.destroy();
  });

  it('is that of the process which connected', async () => {
    const uid = IS_LINUX && IS_ROOT ? 4711 : process.getuid?.();
    const coming = accepted();
    const child = spawn('bash', ['-c', HOLD, String(port)], {
      uid,
      cwd: '/',
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    const socket = await coming;
    expect(await userOfPeer(socket)).toBe(IS_LINUX ? uid : undefined);
    const ended = once(child, 'exit');
    child.stdin.end();
    await ended;
    socket.destroy();
  });

  it('is not root because the other end was closed', async () => {
    server.removeAllListeners('connection');
    const coming = accepted();
    const client = connect({ port, host: '127.0.0.1' });
    const socket = await coming;
    client.destroy();
    await once(socket.resume(), 'end');
    // Half closed: the kernel still lists the other end, as one of nobody's, which it shows as root's.
    expect(await userOfPeer(socket)).toBeUndefined();
    socket.destroy();
  });
});
