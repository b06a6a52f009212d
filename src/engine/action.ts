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
  | { readonly do: 'drain'; readonly pool: string; readonly instance: string; readonly because: DrainReason }
  | {
      readonly do: 'terminate';
      readonly pool: string;
      readonly instance: string;
      readonly because: DrainReason;
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
  drain: 1,
  terminate: 2,
  retry: 3,
  forget: 4,
};

/** The actions in the order in which they are carried out; those of one kind keep theirs. */
export function inOrder(actions: readonly Action[]): readonly Action[] {
  return actions.toSorted((a, b) => ACTION_ORDER[a.do] - ACTION_ORDER[b.do]);
}
