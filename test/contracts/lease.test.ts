import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll } from 'vitest';

import { MemoryLease } from '../../src/adapters/memory/lease.ts';
import { MemoryDisk, MemoryStore } from '../../src/adapters/memory/store.ts';
import { SqliteLease } from '../../src/adapters/sqlite/lease.ts';
import { thisProcess } from '../../src/adapters/sqlite/owner.ts';
import { openStore } from '../../src/adapters/sqlite/store.ts';
import { leaseContract } from './lease.contract.ts';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'runtide-lease-'));
});
afterAll(() => rm(directory, { recursive: true }));

leaseContract('memory', async () => {
  const disk = new MemoryDisk();
  return {
    store: new MemoryStore(disk),
    lease: (owner, isGone) => new MemoryLease(disk, { owner, ...(isGone && { isGone }) }),
    end: () => undefined,
  };
});

leaseContract('sqlite', async () => {
  const file = join(directory, `${crypto.randomUUID()}.db`);
  const opened = new DisposableStack();
  const stores = new Map<string, ReturnType<typeof openStore>>();
  const storeOf = (owner: string) => {
    const store = stores.get(owner) ?? opened.use(openStore(file));
    stores.set(owner, store);
    return store;
  };
  return {
    store: storeOf('the store'),
    lease: (owner, isGone) =>
      new SqliteLease(storeOf(owner).database, {
        owner: { ...thisProcess(), host: owner, id: owner },
        ...(isGone && { isGone: (holder) => isGone(holder.id) }),
      }),
    end: () => opened.dispose(),
  };
});
