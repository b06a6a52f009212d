import type { Fleet } from '../../src/controller/ports.ts';

/** For tests: the fleet with some of its operations replaced. */
export function alteredFleet(fleet: Fleet, over: Partial<Fleet>): Fleet {
  return {
    list: (signal, remarks) => fleet.list(signal, remarks),
    find: (ids, signal) => fleet.find(ids, signal),
    prepare: (pool, signal) => fleet.prepare(pool, signal),
    launch: (request, signal) => fleet.launch(request, signal),
    drain: (ids, because, at, signal) => fleet.drain(ids, because, at, signal),
    terminate: (ids, signal) => fleet.terminate(ids, signal),
    console: (id, signal) => fleet.console(id, signal),
    ...over,
  };
}
