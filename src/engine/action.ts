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
  /** Make the instance a runner of its own. */
  | { readonly do: 'enrol'; readonly pool: string; readonly instance: string }
  | { readonly do: 'drain'; readonly pool: string; readonly instance: string; readonly because: DrainReason }
  | {
      readonly do: 'terminate';
      readonly pool: string;
      readonly instance: string;
      readonly because: DrainReason;
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
  enrol: 1,
  drain: 2,
  terminate: 3,
  retry: 4,
  dismiss: 5,
  forget: 6,
};

/** The actions in the order in which they are carried out; those of one kind keep theirs. */
export function inOrder(actions: readonly Action[]): readonly Action[] {
  return actions.toSorted((a, b) => ACTION_ORDER[a.do] - ACTION_ORDER[b.do]);
}
