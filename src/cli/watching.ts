import process from 'node:process';
import type { Config } from '../config/schema.ts';
import { type Duration, seconds } from '../engine/time.ts';
import { systemClock } from '../runtimes/system-clock.ts';
import type { Status } from '../status/model.ts';
import { readDeciding } from './daemon-status.ts';
import { complain } from './options.ts';

const LOOK_EVERY: Duration = seconds(1);
/** The status that a shell expects of what Ctrl-C has ended. */
const INTERRUPTED = 130;

export interface Watching {
  readonly config: Config;
  /** What goes on when nobody watches it, and how to watch it again. */
  readonly goesOn: string;
  /** Looks once, with the status where there is one; answers whether there is nothing left to see. */
  readonly look: (status: Status | undefined) => Promise<boolean>;
}

/** Looks every second until there is nothing left to see. Ctrl-C ends the watching alone, and says so. */
export async function watching({ config, goesOn, look }: Watching): Promise<'seen' | 'left'> {
  const abort = new AbortController();
  const leave = (): void => abort.abort();
  process.once('SIGINT', leave);
  let said = '';
  try {
    while (!abort.signal.aborted) {
      let failure = '';
      const status = await readDeciding(config).catch((error: unknown) => {
        failure = error instanceof Error ? error.message : String(error);
        return undefined;
      });
      if (failure !== '' && failure !== said) complain(failure);
      said = failure;
      if (await look(status)) return 'seen';
      await systemClock.sleep(LOOK_EVERY, abort.signal);
    }
  } finally {
    process.off('SIGINT', leave);
  }
  complain(goesOn);
  process.exitCode = INTERRUPTED;
  return 'left';
}
