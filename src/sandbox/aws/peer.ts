import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';

/** Where Linux lists the connections of this machine, over IPv4 and over IPv6. */
const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'];

/**
 * The id of the user who is at the other end of a connection within this machine. Undefined where nobody can
 * tell: the other end is closed already, or this is no Linux.
 */
export async function userOfPeer({ remotePort, localPort }: Socket): Promise<number | undefined> {
  const ends = [remotePort, localPort].map((port = 0) => port.toString(16).toUpperCase().padStart(4, '0'));
  for (const table of TABLES) {
    const user = userIn(await readFile(table, 'utf8').catch(() => ''), ends);
    if (user !== undefined) return user;
  }
  return undefined;
}

/** The columns are: number, own end, other end, state, queues, timer, retransmissions, user, time-out, inode. */
function userIn(table: string, [own, other]: readonly (string | undefined)[]): number | undefined {
  for (const line of table.split('\n').slice(1)) {
    const [, from = '', to = '', , , , , user, , inode] = line.trim().split(/\s+/);
    // A socket that its process has closed has no inode, and shows root as its user.
    if (from.endsWith(`:${own}`) && to.endsWith(`:${other}`) && inode !== '0') return Number(user);
  }
  return undefined;
}
