import { once } from 'node:events';
import { createServer } from 'node:net';

/** `count` ports of 127.0.0.1 that were free a moment ago: all are held at once, so that they differ. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const held = Array.from({ length: count }, () => createServer());
  const ports: number[] = [];
  for (const server of held) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address !== null && typeof address === 'object') ports.push(address.port);
  }
  for (const server of held) {
    server.close();
    await once(server, 'close');
  }
  return ports;
}
