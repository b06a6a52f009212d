import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteQueueCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { inject } from 'vitest';
import { EventQueue } from '../../src/adapters/aws/interruptions.ts';
import type { NoticeSource } from '../../src/controller/ports.ts';
import { seconds } from '../../src/engine/time.ts';
import { noticeSourceContract } from '../contracts/notice-source.contract.ts';
import { clientSettings } from '../support/aws-double.ts';
import { eventOf } from '../support/cloud-events.ts';
import { resetMoto } from './moto.ts';

/** A queue of moto, in which time passes as the contract says: what is hidden becomes visible when it is told to. */
async function motoQueue() {
  const url = inject('motoUrl');
  await resetMoto(url);
  const sqs = new SQSClient(clientSettings(url));
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'events' }));
  const received = new Set<string>();
  const open = (): NoticeSource => {
    const queue = new EventQueue({
      sqs,
      queue: QueueUrl,
      timeout: () => seconds(10),
      note: () => undefined,
    });
    return {
      async receive(signal) {
        const deliveries = await queue.receive(signal);
        for (const { receipt } of deliveries) received.add(receipt);
        return deliveries;
      },
      settle: (receipts, signal) => queue.settle(receipts, signal),
    };
  };
  const send = async (MessageBody: string): Promise<void> => {
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
  };
  const show = async (ReceiptHandle: string): Promise<void> => {
    const shown = new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 });
    // Of those that are deleted there is nothing to show.
    await sqs.send(shown).catch(() => undefined);
  };
  return { sqs, QueueUrl, received, open, send, show };
}

noticeSourceContract("events of EC2 in a queue of moto's SQS", async () => {
  const { sqs, QueueUrl, received, open, send, show } = await motoQueue();
  return {
    source: open(),
    reopen: open,
    announce: (notice) => send(eventOf(notice)),
    disturb: () => send('nonsense'),
    pass: async () => {
      for (const receipt of received) await show(receipt);
    },
    breakDown: async () => {
      await sqs.send(new DeleteQueueCommand({ QueueUrl }));
    },
    async [Symbol.asyncDispose]() {
      sqs.destroy();
    },
  };
});
