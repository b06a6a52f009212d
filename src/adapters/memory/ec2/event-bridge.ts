import type { Timers } from '../clock.ts';
import { hex, type Random, seededRandom } from '../random.ts';
import type { Ec2 } from './ec2.ts';

/** An event as EventBridge hands it on. */
export interface CloudEvent {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: 'aws.ec2';
  readonly account: string;
  /** Whole seconds, in UTC. */
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, string>>;
}

/** What the rules of the account hand on. */
export const EVENT_TYPES = {
  interruption: 'EC2 Spot Instance Interruption Warning',
  rebalance: 'EC2 Instance Rebalance Recommendation',
  state: 'EC2 Instance State-change Notification',
} as const;

function uuid(random: Random): string {
  return [8, 4, 4, 4, 12].map((length) => hex(random, length)).join('-');
}

/** Hands EC2's events on, as rules of EventBridge without a filter for instances do; the answer ends it. */
export function handOnEvents(
  ec2: Ec2,
  { timers, seed }: { readonly timers: Timers; readonly seed: number },
  hand: (event: CloudEvent) => void,
): () => void {
  const random = seededRandom(seed);
  const { account, region } = ec2.place;
  const tell = (type: string, id: string, more: Readonly<Record<string, string>>): void =>
    hand({
      version: '0',
      id: uuid(random),
      'detail-type': type,
      source: 'aws.ec2',
      account,
      time: new Date(timers.now()).toISOString().replace(/\.\d+Z$/, 'Z'),
      region,
      resources: [`arn:aws:ec2:${region}:${account}:instance/${id}`],
      detail: { 'instance-id': id, ...more },
    });
  const noNotices = ec2.onNotice(({ id, notice }) =>
    tell(EVENT_TYPES[notice], id, notice === 'interruption' ? { 'instance-action': 'terminate' } : {}),
  );
  const noStates = ec2.onStateChange(({ id, to }) => tell(EVENT_TYPES.state, id, { state: to }));
  return () => {
    noNotices();
    noStates();
  };
}
