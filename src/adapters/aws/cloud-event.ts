import { z } from 'zod';
import type { Notice } from '../../controller/ports.ts';
import { instant } from '../../engine/time.ts';

/** What a message says: something about one instance, nothing that matters, or why it cannot be read. */
export type ReadEvent =
  { readonly notice: Notice } | { readonly nothing: true } | { readonly unreadable: string };

const envelope = z.looseObject({
  source: z.string(),
  'detail-type': z.string(),
  time: z.iso.datetime(),
  detail: z.unknown(),
});

const aboutInstance = z.looseObject({
  'instance-id': z.string().regex(/^i-[0-9a-f]{8,17}$/),
  state: z.string().optional(),
});

type Detail = z.output<typeof aboutInstance>;

/** What each kind of event says of its instance; undefined where that changes no decision. */
const KINDS: ReadonlyMap<string, (detail: Detail) => Notice['kind'] | undefined> = new Map<
  string,
  (detail: Detail) => Notice['kind'] | undefined
>([
  ['EC2 Spot Instance Interruption Warning', () => 'interruption'],
  ['EC2 Instance Rebalance Recommendation', () => 'rebalance'],
  [
    'EC2 Instance State-change Notification',
    // That it begins to run, its manager in GitLab tells.
    ({ state }) => (state === 'pending' || state === 'running' ? undefined : 'end'),
  ],
]);

const LONGEST_WORD = 80;

/** As it may stand in a log: strangers may write into a queue. */
function quoted(text: string): string {
  return JSON.stringify(text.slice(0, LONGEST_WORD));
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** Reads the body of one message: an event of EC2 as a rule of EventBridge hands it on. Never throws. */
export function readEvent(body: string): ReadEvent {
  const event = envelope.safeParse(parsed(body));
  if (!event.success) return { unreadable: 'it is no event of EventBridge' };
  const { source, 'detail-type': type, time } = event.data;
  const kindOf = source === 'aws.ec2' ? KINDS.get(type) : undefined;
  if (kindOf === undefined) return { unreadable: `it is ${quoted(type)} of ${quoted(source)}` };
  const detail = aboutInstance.safeParse(event.data.detail);
  if (!detail.success) return { unreadable: `it is ${quoted(type)} and names no instance` };
  const kind = kindOf(detail.data);
  if (kind === undefined) return { nothing: true };
  return { notice: { instance: detail.data['instance-id'], kind, at: instant(Date.parse(time)) } };
}
