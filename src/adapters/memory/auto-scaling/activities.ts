import type { Timers } from '../clock.ts';
import { type Random, uuid } from '../random.ts';
import type { ActivityStatus, ScalingActivity } from './group-requests.ts';

/** What an activity is about. */
export interface ActivityStart {
  readonly description: string;
  readonly cause: string;
  readonly status: ActivityStatus;
  /** 0 to 100. */
  readonly progress: number;
  readonly subnet?: string;
  readonly zone?: string;
}

/** How many are kept for each group; AWS keeps six weeks. */
const KEPT = 1000;

/** What one group has done and is doing. */
export class Activities {
  readonly #group: { readonly name: string; readonly arn: string };
  readonly #timers: Timers;
  readonly #random: Random;
  readonly #all = new Map<string, ScalingActivity>();

  constructor(group: { readonly name: string; readonly arn: string }, timers: Timers, random: Random) {
    this.#group = group;
    this.#timers = timers;
    this.#random = random;
  }

  begin({ subnet, zone, ...start }: ActivityStart): ScalingActivity {
    const activity = {
      ...start,
      id: uuid(this.#random),
      group: this.#group.name,
      groupArn: this.#group.arn,
      startedAt: this.#timers.now(),
      details: JSON.stringify(zone === undefined ? {} : { 'Subnet ID': subnet, 'Availability Zone': zone }),
    };
    this.#all.set(activity.id, activity);
    this.#forgetOld();
    return activity;
  }

  get(id: string): ScalingActivity | undefined {
    return this.#all.get(id);
  }

  /** An activity goes on; without effect on one that has ended. */
  progress(id: string, status: ActivityStatus, progress: number): void {
    this.#change(id, { status, progress });
  }

  /** An activity ends; without effect on one that has ended. */
  end(id: string, status: 'Successful' | 'Failed' | 'Cancelled', statusMessage?: string): void {
    this.#change(id, { status, progress: 100, statusMessage, endedAt: this.#timers.now() });
  }

  /** Newest first, those that go on before all others. */
  list(): readonly ScalingActivity[] {
    const all = [...this.#all.values()].toReversed();
    return [...all.filter(goesOn), ...all.filter((one) => !goesOn(one))];
  }

  anyGoesOn(): boolean {
    return [...this.#all.values()].some(goesOn);
  }

  #change(id: string, change: Partial<ScalingActivity>): void {
    const activity = this.#all.get(id);
    if (activity !== undefined && goesOn(activity)) this.#all.set(id, { ...activity, ...change });
  }

  #forgetOld(): void {
    if (this.#all.size <= KEPT) return;
    const oldest = [...this.#all.values()].find((one) => !goesOn(one));
    if (oldest !== undefined) this.#all.delete(oldest.id);
  }
}

function goesOn({ endedAt }: ScalingActivity): boolean {
  return endedAt === undefined;
}
