import process from 'node:process';

/** How a process is told to end. */
export interface Shutdown {
  /** Aborts at the first SIGINT or SIGTERM: finish the step that was begun, begin no other. */
  readonly signal: AbortSignal;
  /** Calls `reload` at each SIGHUP. */
  onHangup(reload: () => void): void;
}

/** Signals in two stages: the first ends gracefully, a second one at once with the status a shell expects. */
export function listenForShutdown(announce: (message: string) => void): Shutdown {
  const controller = new AbortController();
  const end = (name: 'SIGINT' | 'SIGTERM', number: number) => () => {
    if (controller.signal.aborted) process.exit(128 + number);
    announce(`${name}: finishing what was begun; once more to end at once`);
    controller.abort();
  };
  process.on('SIGINT', end('SIGINT', 2));
  process.on('SIGTERM', end('SIGTERM', 15));
  return {
    signal: controller.signal,
    onHangup(reload) {
      process.on('SIGHUP', reload);
    },
  };
}
