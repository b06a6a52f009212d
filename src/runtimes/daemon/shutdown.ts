import process from 'node:process';

/** How a process is told to end. */
export interface Shutdown {
  /** Aborts at the first SIGINT or SIGTERM: finish the step that was begun, begin no other. */
  readonly signal: AbortSignal;
  /** Calls `reload` at each SIGHUP. */
  onHangup(reload: () => void): void;
}

/**
 * One Ctrl-C may arrive twice: from the terminal, and again from npm, which passes it on. What comes this
 * soon after the first is the same wish, in milliseconds.
 */
const SAME_WISH = 1000;

/** Signals in two stages: the first ends gracefully, a later one at once with the status a shell expects. */
export function listenForShutdown(announce: (message: string) => void): Shutdown {
  const controller = new AbortController();
  let first = 0;
  const end = (name: 'SIGINT' | 'SIGTERM', number: number) => () => {
    if (controller.signal.aborted) {
      if (performance.now() - first > SAME_WISH) process.exit(128 + number);
      return;
    }
    first = performance.now();
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
