import { readEvent } from '../../src/adapters/aws/cloud-event.ts';
import type { VirtualClock } from '../../src/adapters/memory/clock.ts';
import type { Ec2 } from '../../src/adapters/memory/ec2/ec2.ts';
import type { AutoScaling } from '../../src/adapters/memory/auto-scaling/auto-scaling.ts';
import {
  handOnLifecycleEvents,
  LIFECYCLE_EVENTS,
} from '../../src/adapters/memory/auto-scaling/event-bridge.ts';
import { EVENT_TYPES, handOnEvents } from '../../src/adapters/memory/ec2/event-bridge.ts';
import { Queue } from '../../src/adapters/memory/sqs/queue.ts';
import { PortError } from '../../src/controller/errors.ts';
import type { Delivery, Notice, NoticeSource } from '../../src/controller/ports.ts';
import { seconds } from '../../src/engine/time.ts';

const TYPES = {
  interruption: EVENT_TYPES.interruption,
  rebalance: EVENT_TYPES.rebalance,
  hook: LIFECYCLE_EVENTS['autoscaling:EC2_INSTANCE_TERMINATING'].type,
  end: EVENT_TYPES.state,
} as const;

const MORE = {
  interruption: { 'instance-action': 'terminate' },
  rebalance: {},
  hook: { AutoScalingGroupName: 'runtide-acme-linux', LifecycleHookName: 'runtide-terminate' },
  end: { state: 'terminated' },
} as const;

/** The key by which each service names the instance. */
function namedIn(kind: Notice['kind']): string {
  return kind === 'hook' ? 'EC2InstanceId' : 'instance-id';
}

/** For tests: the event by which AWS announces something, as a rule of EventBridge writes it into a queue. */
export function eventOf({ instance, kind, at }: Notice): string {
  return JSON.stringify({
    version: '0',
    id: '12345678-1234-1234-1234-123456789012',
    'detail-type': TYPES[kind],
    source: kind === 'hook' ? 'aws.autoscaling' : 'aws.ec2',
    account: '123456789012',
    time: new Date(at).toISOString().replace(/\.\d+Z$/, 'Z'),
    region: 'eu-central-1',
    resources: [`arn:aws:ec2:eu-central-1:123456789012:instance/${instance}`],
    detail: { [namedIn(kind)]: instance, ...MORE[kind] },
  });
}

/** For tests: EventBridge, a queue and its reader in virtual time; only the wire of SQS is left out. */
export class EventsInMemory implements NoticeSource {
  readonly queue: Queue<string>;
  /** While true the queue does not answer; what is written into it meanwhile stays. */
  outage = false;
  receives = 0;

  constructor({
    ec2,
    autoScaling,
    clock,
  }: {
    readonly ec2: Ec2;
    readonly autoScaling: AutoScaling;
    readonly clock: VirtualClock;
  }) {
    this.queue = new Queue({ timers: clock, seed: 1, name: 'events', visibility: seconds(60) });
    const hand = (event: object): void => void this.queue.send(JSON.stringify(event));
    handOnEvents(ec2, { timers: clock, seed: 1 }, hand);
    handOnLifecycleEvents(autoScaling, { timers: clock, seed: 1, place: ec2.place }, hand);
  }

  async receive(signal: AbortSignal): Promise<readonly Delivery[]> {
    this.#answerOrFail();
    this.receives += 1;
    const messages = await this.queue.receive({ max: 10, wait: seconds(20) }, signal);
    return messages.map(({ body, receipt }) => {
      const event = readEvent(body);
      return 'notice' in event ? { notice: event.notice, receipt } : { receipt };
    });
  }

  async settle(receipts: readonly string[]): Promise<void> {
    this.#answerOrFail();
    for (const receipt of receipts) this.queue.delete(receipt);
  }

  #answerOrFail(): void {
    if (!this.outage) return;
    throw new PortError({ kind: 'unreachable', system: 'sqs', doing: 'scripted', why: 'the queue is down' });
  }
}
