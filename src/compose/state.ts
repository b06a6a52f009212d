import { SqliteLease } from '../adapters/sqlite/lease.ts';
import { isGone, thisProcess } from '../adapters/sqlite/owner.ts';
import { openStore } from '../adapters/sqlite/store.ts';
import type { Lease, Store } from '../controller/ports.ts';

/** Where the state of a daemon lives: a file that one process at a time decides over. */
export interface State extends AsyncDisposable {
  readonly store: Store;
  readonly lease: Lease;
}

/** Opens the SQLite state. The lease of a process that provably died is taken over at once. */
export function openState(file: string): State {
  const store = openStore(file);
  const self = thisProcess();
  const lease = new SqliteLease(store.database, { owner: self, isGone: (holder) => isGone(holder, self) });
  return {
    store,
    lease,
    async [Symbol.asyncDispose]() {
      await lease.release().finally(() => store.close());
    },
  };
}

/** Opens the SQLite state of a daemon, to look only. */
export function openStateReadOnly(file: string): Store & Disposable {
  return openStore(file, { readOnly: true });
}

/** Opens the SQLite state of a daemon, to write down what it is asked for; the file must exist. */
export function openStateBeside(file: string): Store & Disposable {
  return openStore(file, { existing: true });
}
