import type { Timers } from '../clock.ts';
import { seededRandom, uuid } from '../random.ts';
import type { Ec2 } from './ec2.ts';
import type { Place } from './place.ts';

/** An event as EventBridge hands it on. */
export interface CloudEvent {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: 'aws.ec2' | 'aws.autoscaling';
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

/** Writes the events of one service in one account and hands them on. */
export function cloudEvents(
  source: CloudEvent['source'],
  { timers, seed, place }: { readonly timers: Timers; readonly seed: number; readonly place: Place },
  hand: (event: CloudEvent) => void,
): (type: string, resources: readonly string[], detail: CloudEvent['detail']) => void {
  const random = seededRandom(seed);
  const { account, region } = place;
  return (type, resources, detail) =>
    hand({
      version: '0',
      id: uuid(random),
      'detail-type': type,
      source,
      account,
      time: new Date(timers.now()).toISOString().replace(/\.\d+Z$/, 'Z'),
      region,
      resources,
      detail,
    });
}

/** Hands EC2's events on, as rules of EventBridge without a filter for instances do; the answer ends it. */
export function handOnEvents(
  ec2: Ec2,
  { timers, seed }: { readonly timers: Timers; readonly seed: number },
  hand: (event: CloudEvent) => void,
): () => void {
  const { place } = ec2;
  const told = cloudEvents('aws.ec2', { timers, seed, place }, hand);
  const tell = (type: string, id: string, more: Readonly<Record<string, string>>): void =>
    told(type, [`arn:aws:ec2:${place.region}:${place.account}:instance/${id}`], {
      'instance-id': id,
      ...more,
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
