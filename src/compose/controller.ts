import { existsSync } from 'node:fs';
import { MemoryLease } from '../adapters/memory/lease.ts';
import { MemoryDisk, MemoryStore } from '../adapters/memory/store.ts';
import type { Config } from '../config/schema.ts';
import type { Recorder } from '../controller/events.ts';
import type { HookEvidence } from '../controller/hook-evidence.ts';
import type { Notices } from '../controller/notices.ts';
import type { Clock, Lease, Store } from '../controller/ports.ts';
import { Controller } from '../controller/reconcile.ts';
import type { Concerns } from '../controller/upkeep.ts';
import { milliseconds } from '../engine/time.ts';
import type { Adapters } from './adapters.ts';
import { openStateReadOnly } from './state.ts';

/** The lease outlasts this many calls to the cloud, so that a slow pass need not extend it at every step. */
const LEASE_CALLS = 4;
/** It also outlasts this many planned sweeps, so that a quiet holder keeps it. */
const LEASE_SWEEPS = 3;

/** What a process has learned, and keeps when the configuration is loaded again. */
export interface Kept {
  readonly notices: Notices;
  readonly concerns: Concerns;
  readonly hooks: HookEvidence;
}

/** Wires one controller. */
export function composeController(
  config: Config,
  adapters: Adapters,
  parts: {
    clock: Clock;
    store: Store;
    lease: Lease;
    recorder: Recorder;
  } & Partial<Kept>,
): Controller {
  return new Controller({
    ...adapters,
    ...parts,
    freshFor: () => adapters.freshFor,
    leaseFor: () =>
      milliseconds(Math.max(config.aws.timeout * LEASE_CALLS, config.pollInterval * LEASE_SWEEPS)),
    callTimeout: () => config.aws.timeout,
    jobsEvery: () => config.webhook?.pollInterval ?? config.pollInterval,
  });
}

/** A controller that only looks: over the daemon's state where there is one, else over an empty memory. */
export function composePreview(
  config: Config,
  adapters: Adapters,
  clock: Clock,
): Disposable & { readonly controller: Controller } {
  const disk = new MemoryDisk();
  const stack = new DisposableStack();
  const store = existsSync(config.state) ? stack.use(openStateReadOnly(config.state)) : new MemoryStore(disk);
  const lease = new MemoryLease(disk, { owner: 'preview' });
  const controller = composeController(config, adapters, {
    clock,
    store,
    lease,
    recorder: { record: () => undefined },
  });
  return { controller, [Symbol.dispose]: () => stack.dispose() };
}
