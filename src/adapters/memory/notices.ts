import { PortError } from '../../controller/errors.ts';
import type { Delivery, Notice, NoticeSource } from '../../controller/ports.ts';
import { seconds } from '../../engine/time.ts';
import type { Timers } from './clock.ts';
import { Queue } from './sqs/queue.ts';

const LONGEST_WAIT = seconds(20);
const VISIBILITY = seconds(60);
const BATCH = 10;

/** The `NoticeSource` port straight over a model of a queue: no wire, virtual time. */
export class MemoryNotices implements NoticeSource {
  readonly queue: Queue<Notice>;
  /** Scenarios set it while the queue does not answer. */
  outage = false;

  constructor(timers: Timers, seed: number) {
    this.queue = new Queue({ timers, seed, name: 'events', visibility: VISIBILITY });
  }

  async receive(signal: AbortSignal): Promise<readonly Delivery[]> {
    this.#answerOrFail('waiting for notices');
    const messages = await this.queue.receive({ max: BATCH, wait: LONGEST_WAIT }, signal);
    return messages.map(({ body, receipt }) => ({ notice: body, receipt }));
  }

  async settle(receipts: readonly string[]): Promise<void> {
    this.#answerOrFail('settling notices');
    for (const receipt of receipts) this.queue.delete(receipt);
  }

  #answerOrFail(doing: string): void {
    if (!this.outage) return;
    throw new PortError({ kind: 'unreachable', system: 'sqs', doing, why: 'it does not answer' });
  }
}
