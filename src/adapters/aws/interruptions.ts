import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  type QueueAttributeName,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { PortError } from '../../controller/errors.ts';
import type { Delivery, NoticeSource } from '../../controller/ports.ts';
import { type Duration, milliseconds, seconds } from '../../engine/time.ts';
import { awsCall, limitsOf } from './aws-call.ts';
import { readEvent } from './cloud-event.ts';
import { awsCode } from './errors.ts';

export interface EventQueueOptions {
  readonly sqs: SQSClient;
  /** The URL of the queue. */
  readonly queue: string;
  /** The longest that one call may take, as of now; one that waits for messages may wait besides. */
  readonly timeout: () => Duration;
  /** Hears of messages that cannot be read, once for each kind. */
  readonly note: (message: string) => void;
}

const LONGEST_POLL = seconds(20);
/** How long a message is nobody else's: long enough for the pass that it wakes. */
const VISIBILITY = seconds(60);
const BATCH = 10;
const MOST_NOTED = 20;

/** What SQS says of a receipt that no longer stands for a message. */
const GONE: ReadonlySet<string | undefined> = new Set(['ReceiptHandleIsInvalid', 'InvalidReceiptHandle']);

/** The region that a queue's URL names; undefined where it names none, as behind an endpoint of one's own. */
export function regionOfQueue(url: string): string | undefined {
  return /^https:\/\/(?:[\w-]+\.)?sqs\.([a-z]{2}(?:-[a-z]+)+-\d)\./.exec(url)?.[1];
}

/** The events of EC2 that rules of EventBridge hand on to an SQS queue. */
export class EventQueue implements NoticeSource {
  readonly #options: EventQueueOptions;
  readonly #name: string;
  readonly #noted = new Set<string>();

  constructor(options: EventQueueOptions) {
    this.#options = options;
    this.#name = options.queue.split('/').at(-1) ?? options.queue;
  }

  async receive(signal: AbortSignal): Promise<readonly Delivery[]> {
    const { sqs, queue, timeout } = this.#options;
    const call = { system: 'sqs', doing: `waiting for events in queue ${this.#name}` } as const;
    const input = {
      QueueUrl: queue,
      MaxNumberOfMessages: BATCH,
      WaitTimeSeconds: LONGEST_POLL / 1000,
      VisibilityTimeout: VISIBILITY / 1000,
    };
    const limits = limitsOf(signal, milliseconds(LONGEST_POLL + timeout()));
    const { Messages = [] } = await awsCall(call, limits, (options) =>
      sqs.send(new ReceiveMessageCommand(input), options),
    );
    return Messages.map((message) => this.#read(message));
  }

  async settle(receipts: readonly string[], signal: AbortSignal): Promise<void> {
    for (let start = 0; start < receipts.length; start += BATCH) {
      await Promise.all(receipts.slice(start, start + BATCH).map((receipt) => this.#delete(receipt, signal)));
    }
  }

  /** Tries the queue, takes nothing out of it, and says in words what it found. */
  async check(signal: AbortSignal): Promise<string> {
    const { sqs, queue, timeout } = this.#options;
    const call = { system: 'sqs', doing: `looking at queue ${this.#name}` } as const;
    const names: QueueAttributeName[] = ['ApproximateNumberOfMessages', 'Policy'];
    const { Attributes = {} } = await awsCall(call, limitsOf(signal, timeout()), (options) =>
      sqs.send(new GetQueueAttributesCommand({ QueueUrl: queue, AttributeNames: names }), options),
    );
    const { ApproximateNumberOfMessages: waiting = 'an unknown number', Policy = '' } = Attributes;
    const closed = Policy.includes('events.amazonaws.com')
      ? ''
      : '; its policy does not name events.amazonaws.com, so EventBridge may not be allowed to write into it';
    return `queue ${this.#name} is there; messages waiting: ${waiting}${closed}`;
  }

  async #delete(receipt: string, signal: AbortSignal): Promise<void> {
    const { sqs, queue, timeout } = this.#options;
    const call = { system: 'sqs', doing: `deleting an event from queue ${this.#name}` } as const;
    try {
      await awsCall(call, limitsOf(signal, timeout()), (options) =>
        sqs.send(new DeleteMessageCommand({ QueueUrl: queue, ReceiptHandle: receipt }), options),
      );
    } catch (error) {
      if (!GONE.has(awsCode(error))) throw error;
    }
  }

  #read({ Body = '', ReceiptHandle: receipt }: Message): Delivery {
    if (receipt === undefined) {
      throw new PortError({
        kind: 'invalid-answer',
        system: 'sqs',
        doing: `reading an event of queue ${this.#name}`,
        why: 'the message has no receipt',
        next: 'check what stands between this machine and the AWS endpoint',
      });
    }
    const event = readEvent(Body);
    if ('notice' in event) return { notice: event.notice, receipt };
    if ('unreadable' in event) this.#noteOnce(event.unreadable);
    return { receipt };
  }

  #noteOnce(why: string): void {
    if (this.#noted.has(why) || this.#noted.size >= MOST_NOTED) return;
    this.#noted.add(why);
    this.#options.note(
      `a message in queue ${this.#name} was deleted unread, and others like it will be: ${why}; let only the rules for EC2 write into the queue`,
    );
  }
}
