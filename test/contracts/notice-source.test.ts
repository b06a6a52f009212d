import { EventQueue } from '../../src/adapters/aws/interruptions.ts';
import { VirtualClock } from '../../src/adapters/memory/clock.ts';
import { MemoryNotices } from '../../src/adapters/memory/notices.ts';
import { seconds } from '../../src/engine/time.ts';
import { startAwsDouble } from '../support/aws-double.ts';
import { eventOf } from '../support/cloud-events.ts';
import { noticeSourceContract } from './notice-source.contract.ts';

noticeSourceContract('memory', async () => {
  const clock = new VirtualClock();
  const source = new MemoryNotices(clock, 7);
  return {
    source,
    reopen: () => source,
    announce: async (notice) => void source.queue.send(notice),
    pass: (duration) => clock.advance(duration),
    breakDown: async () => {
      source.outage = true;
    },
    async [Symbol.asyncDispose]() {},
  };
});

noticeSourceContract('events of EC2 in a queue of the AWS double', async () => {
  const double = await startAwsDouble();
  const open = () =>
    new EventQueue({
      sqs: double.sqs,
      queue: double.queueUrl,
      timeout: () => seconds(10),
      note: () => undefined,
    });
  return {
    source: open(),
    reopen: open,
    announce: async (notice) => void double.queue.send(eventOf(notice)),
    disturb: async () => void double.queue.send('nonsense'),
    pass: (duration) => double.clock.advance(duration),
    breakDown: () => double.aws.close(),
    [Symbol.asyncDispose]: () => double[Symbol.asyncDispose](),
  };
});
