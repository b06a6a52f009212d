import { after, type Instant, seconds } from '../../../engine/time.ts';
import type { DescribedGroup } from './described-group.ts';

/** How long a description may lag behind what a group was told. */
const LAG = seconds(60);

/** What this process has told groups of late: descriptions may not show it yet. */
export class ExpectedDesired {
  readonly #told = new Map<string, { readonly value: number; readonly until: Instant }>();

  /** Remembers that the group was told. */
  tell(group: string, value: number, now: Instant): void {
    this.#told.set(group, { value, until: after(now, LAG) });
  }

  /** The capacity that the group was asked for last. */
  of({ name, desired }: DescribedGroup, now: Instant): number {
    const told = this.#told.get(name);
    if (told === undefined) return desired;
    if (now < told.until) return told.value;
    this.#told.delete(name);
    return desired;
  }
}
