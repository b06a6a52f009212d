import { backoff, elapsed, milliseconds, minutes, seconds } from '../engine/time.ts';
import type { Recorder } from './events.ts';
import type { Notices } from './notices.ts';
import type { Clock, NoticeSource } from './ports.ts';
import type { Wakes } from './wakes.ts';

export interface ListenOptions {
  readonly clock: Clock;
  readonly source: NoticeSource;
  readonly notices: Notices;
  readonly wakes: Wakes;
  readonly recorder: Recorder;
  /** Whether this process decides: one that stands by leaves the notices to the one that does. */
  readonly deciding: () => boolean;
  /** Hears of every answer of the source, and why one failed. */
  readonly heard: (failure?: string) => void;
  readonly signal: AbortSignal;
}

/** The name of the source in events and in the status. */
export const NOTICES = 'events';

const STANDBY_PAUSE = seconds(5);
const FIRST_PAUSE = seconds(1);
const LONGEST_PAUSE = minutes(1);
/** A source that answers at once with nothing does not wait, and is not asked more often than this. */
const SHORTEST_WAIT = seconds(1);

async function hear({ clock, source, notices, wakes, signal }: ListenOptions): Promise<void> {
  const askedAt = clock.now();
  const deliveries = await source.receive(signal);
  const asked = notices.take(deliveries, clock.now());
  if (asked === 'instances') wakes.addInstances();
  if (asked === 'pass') wakes.addNotice();
  const finished = notices.finished();
  if (finished.length > 0) await source.settle(finished, signal);
  const waited = elapsed(askedAt, clock.now());
  if (deliveries.length === 0 && waited < SHORTEST_WAIT) {
    await clock.sleep(milliseconds(SHORTEST_WAIT - waited), signal);
  }
}

/**
 * Listens to what the cloud announces until the signal aborts, and wakes passes for it. A source that fails is
 * tried again after growing pauses; nothing else waits for it.
 */
export async function listen(options: ListenOptions): Promise<void> {
  const { clock, recorder, deciding, heard, signal } = options;
  let failures = 0;
  while (!signal.aborted) {
    if (!deciding()) {
      await clock.sleep(STANDBY_PAUSE, signal);
      continue;
    }
    try {
      await hear(options);
      if (failures > 0) recorder.record({ event: 'read recovered', source: NOTICES });
      failures = 0;
      heard();
    } catch (error) {
      if (signal.aborted) return;
      const why = error instanceof Error ? error.message : String(error);
      if (failures === 0) recorder.record({ event: 'read failed', source: NOTICES, why });
      failures += 1;
      heard(why);
      await clock.sleep(backoff(FIRST_PAUSE, failures, LONGEST_PAUSE), signal);
    }
  }
}
