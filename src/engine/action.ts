import type { OrderFailure, Transition } from './group.ts';
import type { DrainReason } from './instance.ts';
import type { Offering } from './pool.ts';

/** One thing to do. */
export type Action =
  | {
      readonly do: 'launch';
      readonly pool: string;
      readonly count: number;
      readonly offerings: readonly Offering[];
    }
  /** Take back what the pool's group was asked for and has not launched. */
  | {
      readonly do: 'cancel';
      readonly pool: string;
      readonly count: number;
      /** Why the group could not launch it; absent: it is not needed any more. */
      readonly failure?: OrderFailure;
    }
  /** Make the instance a runner of its own. */
  | { readonly do: 'enrol'; readonly pool: string; readonly instance: string }
  /** Have the instance's group wait on at the hook. */
  | {
      readonly do: 'heartbeat';
      readonly pool: string;
      readonly instance: string;
      readonly hook: Transition;
    }
  | { readonly do: 'drain'; readonly pool: string; readonly instance: string; readonly because: DrainReason }
  | {
      readonly do: 'terminate';
      readonly pool: string;
      readonly instance: string;
      readonly because: DrainReason;
    }
  /** Have the instance's group go on after the hook. */
  | {
      readonly do: 'complete';
      readonly pool: string;
      readonly instance: string;
      readonly hook: Transition;
      readonly because: 'ready' | 'drained' | 'never ready' | 'machine gone';
    }
  /** Remove the runner that the instance had for itself. */
  | {
      readonly do: 'dismiss';
      readonly pool: string;
      readonly instance: string;
      readonly because: 'instance gone';
    }
  | {
      readonly do: 'forget';
      readonly pool: string;
      readonly manager: string;
      readonly because: 'instance gone';
    }
  | {
      readonly do: 'retry';
      readonly pool: string;
      readonly project: number;
      readonly job: number;
      /** The instance that held it. */
      readonly instance: string;
      readonly because: 'instance gone';
    };

const ACTION_ORDER: Readonly<Record<Action['do'], number>> = {
  launch: 0,
  cancel: 1,
  enrol: 2,
  heartbeat: 3,
  drain: 4,
  complete: 5,
  terminate: 6,
  retry: 7,
  dismiss: 8,
  forget: 9,
};

/** The actions in the order in which they are carried out; those of one kind keep theirs. */
export function inOrder(actions: readonly Action[]): readonly Action[] {
  return actions.toSorted((a, b) => ACTION_ORDER[a.do] - ACTION_ORDER[b.do]);
}
