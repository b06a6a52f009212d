import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll } from 'vitest';

import { MemoryLease } from '../../src/adapters/memory/lease.ts';
import { MemoryDisk, MemoryStore } from '../../src/adapters/memory/store.ts';
import { SqliteLease } from '../../src/adapters/sqlite/lease.ts';
import { thisProcess } from '../../src/adapters/sqlite/owner.ts';
import { openStore } from '../../src/adapters/sqlite/store.ts';
import { storeContract } from './store.contract.ts';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'runtide-store-'));
});
afterAll(() => rm(directory, { recursive: true }));

storeContract('memory', async () => {
  const disk = new MemoryDisk();
  return {
    store: new MemoryStore(disk),
    another: () => new MemoryStore(disk),
    reopen: () => new MemoryStore(disk),
    lease: (owner) => new MemoryLease(disk, { owner }),
    end: () => undefined,
  };
});

storeContract('sqlite', async () => {
  const file = join(directory, `${crypto.randomUUID()}.db`);
  const opened = new DisposableStack();
  const open = () => opened.use(openStore(file));
  return {
    store: open(),
    another: open,
    reopen: open,
    lease: (owner) => new SqliteLease(open().database, { owner: { ...thisProcess(), id: owner } }),
    end: () => opened.dispose(),
  };
});
