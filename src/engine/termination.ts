import type { Action } from './action.ts';
import { type Duration, elapsed, type Instant, seconds } from './time.ts';

/** Everything that the end of one member of an Auto Scaling group depends on. */
export interface TerminationFacts {
  readonly now: Instant;
  /** EC2 has ended the machine. */
  readonly gone: boolean;
  /** Its group has let go of it, and waits no more. */
  readonly retained: boolean;
  /** When it was asked to drain; absent: it was not. */
  readonly drainedAt: Instant | undefined;
  /** Whether managers and jobs are freshly read. */
  readonly certain: boolean;
  /** Its runner was in contact with GitLab, or held a job, at some time. */
  readonly wasReady: boolean;
  /** GitLab knows its manager no more. */
  readonly managerGone: boolean;
  readonly busySlots: number;
  /** When the group was last told to wait on; absent: never. */
  readonly beatAt: Instant | undefined;
  /** How long the group waits for a word. */
  readonly heartbeat: Duration;
}

/** Why its group may go on. */
export type TerminationEnd = Extract<Action, { do: 'complete' }>['because'];

/** What to do for it now. */
export type TerminationStep =
  | { readonly do: 'complete'; readonly because: TerminationEnd }
  | { readonly do: 'drain' }
  | { readonly do: 'heartbeat' }
  | { readonly do: 'wait' };

/** A machine that boots reads its tags before its runner asks for a job: by then it has. */
const UNHEARD: Duration = seconds(60);
/** Told so often within the time for which the group waits, two lost words end nothing. */
const BEATS = 3;

/** Whether the group must be told again to wait on. */
export function isBeatDue(beatAt: Instant | undefined, heartbeat: Duration, now: Instant): boolean {
  return beatAt === undefined || elapsed(beatAt, now) * BEATS >= heartbeat;
}

interface Transition {
  readonly step: TerminationStep;
  applies(facts: TerminationFacts): boolean;
}

const isFree = ({ certain, busySlots }: TerminationFacts): boolean => certain && busySlots === 0;

/** The first that applies. A job is never cut off: in doubt, and while one runs, the group waits on. */
const TABLE: readonly Transition[] = [
  { step: { do: 'complete', because: 'machine gone' }, applies: ({ gone }) => gone },
  { step: { do: 'drain' }, applies: ({ drainedAt }) => drainedAt === undefined },
  {
    step: { do: 'complete', because: 'drained' },
    applies: (facts) => isFree(facts) && facts.wasReady && facts.managerGone,
  },
  {
    step: { do: 'complete', because: 'never ready' },
    applies: (facts) =>
      isFree(facts) &&
      !facts.wasReady &&
      facts.drainedAt !== undefined &&
      elapsed(facts.drainedAt, facts.now) >= UNHEARD,
  },
  {
    step: { do: 'heartbeat' },
    applies: ({ retained, beatAt, heartbeat, now }) => !retained && isBeatDue(beatAt, heartbeat, now),
  },
];

/** The next step for a member that its group ends, whoever carries it out. */
export function terminationStep(facts: TerminationFacts): TerminationStep {
  return TABLE.find((transition) => transition.applies(facts))?.step ?? { do: 'wait' };
}
