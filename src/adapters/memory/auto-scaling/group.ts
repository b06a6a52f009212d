import { after, type Duration, elapsed, type Instant } from '../../../engine/time.ts';
import type { Timers } from '../clock.ts';
import { type Random, uuid } from '../random.ts';
import type { Place } from '../ec2/place.ts';
import { Activities } from './activities.ts';
import type {
  GroupDescription,
  GroupSettings,
  GroupTag,
  LifecycleHook,
  LifecycleTransition,
  Process,
  ScalingPolicy,
} from './group-requests.ts';
import type { Refresh } from './refresh.ts';
import { Lagged } from './lagged.ts';
import { isLeaving, type Member } from './member.ts';

export interface GroupStart {
  readonly name: string;
  readonly settings: GroupSettings;
  readonly timers: Timers;
  readonly random: Random;
  readonly place: Place;
  readonly listingLag: Duration;
}

/** The truth about one group. Whoever changes it says so with `changed`. */
export class Group {
  readonly name: string;
  readonly arn: string;
  readonly createdAt: Instant;
  readonly activities: Activities;
  settings: GroupSettings;
  readonly tags = new Map<string, GroupTag>();
  readonly hooks = new Map<string, LifecycleHook>();
  readonly policies = new Map<string, ScalingPolicy>();
  readonly suspended = new Map<Process, string>();
  readonly members = new Map<string, Member>();
  /** Newest last. */
  readonly refreshes: Refresh[] = [];
  /** Members that go once others have come for them, and why. */
  readonly replacements = new Map<string, string>();
  /** Zones where a launch failed, and until when nobody tries to balance by them. */
  readonly shortZones = new Map<string, Instant>();
  /** What led to the present desired capacity, in AWS's words; the next activities name it. */
  cause = '';
  /** Launches that failed in a row, and when the next may be. */
  failures = 0;
  retryAt: Instant | undefined;
  deleting = false;
  /** Whether members may be on other markets than the policy says since it was changed. */
  marketsChanged = false;
  /** Whether it was said already that all instances are protected. */
  saidProtected = false;
  lastScaledAt: Instant | undefined;
  readonly #place: Place;
  readonly #timers: Timers;
  readonly #listingLag: Duration;
  readonly #shown: Lagged<GroupDescription | undefined>;
  #gone = false;
  #settling: { readonly at: Instant; readonly cancel: () => void } | undefined;

  constructor({ name, settings, timers, random, place, listingLag }: GroupStart) {
    this.name = name;
    this.arn = `arn:aws:autoscaling:${place.region}:${place.account}:autoScalingGroup:${uuid(random)}:autoScalingGroupName/${name}`;
    this.createdAt = timers.now();
    this.settings = settings;
    this.#place = place;
    this.#timers = timers;
    this.#listingLag = listingLag;
    this.#shown = new Lagged(listingLag);
    this.activities = new Activities(this, timers, random);
  }

  /** Says that something is other than before. */
  changed(): void {
    if (this.#listingLag > 0) this.#shown.set(this.describe(), this.#timers.now());
  }

  /** Says that the group is gone. */
  vanish(): void {
    this.#settling?.cancel();
    this.#gone = true;
    this.#shown.set(undefined, this.#timers.now());
  }

  /** What listings show; undefined where they do not know the group yet, or no more. */
  shown(): GroupDescription | undefined {
    if (this.#listingLag > 0) return this.#shown.seen(this.#timers.now());
    return this.#gone ? undefined : this.describe();
  }

  describe(): GroupDescription {
    const { account } = this.#place;
    return {
      ...this.settings,
      name: this.name,
      arn: this.arn,
      createdAt: this.createdAt,
      zones: this.zones(),
      instances: Array.from(this.members.values(), ({ view }) => view),
      suspendedProcesses: Array.from(this.suspended, ([name, reason]) => ({ name, reason })),
      tags: [...this.tags.values()],
      status: this.deleting ? 'Delete in progress' : undefined,
      serviceLinkedRoleArn: `arn:aws:iam::${account}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling`,
    };
  }

  /** The zones of its subnets, once each. */
  zones(): readonly string[] {
    return [...new Set(this.settings.subnets.map((subnet) => this.zoneOf(subnet)))];
  }

  zoneOf(subnet: string): string {
    return this.#place.subnets.find(({ id }) => id === subnet)?.zone ?? '';
  }

  runs(process: Process): boolean {
    return !this.suspended.has(process);
  }

  hooksOf(transition: LifecycleTransition): readonly LifecycleHook[] {
    return [...this.hooks.values()].filter((hook) => hook.transition === transition);
  }

  /** The members that count towards the desired capacity, in the order in which they came. */
  active(): readonly Member[] {
    return [...this.members.values()].filter((member) => !isLeaving(member));
  }

  /** The active members but for those that go once others have come for them. */
  staying(): readonly Member[] {
    return this.active().filter(({ view }) => !this.replacements.has(view.id));
  }

  /** Changes a member; without effect where there is none. */
  update(
    id: string,
    change: Partial<Omit<Member, 'view'>> & { readonly view?: Partial<Member['view']> },
  ): void {
    const member = this.members.get(id);
    if (member === undefined) return;
    this.members.set(id, { ...member, ...change, view: { ...member.view, ...change.view } });
    this.changed();
  }

  /** Why the desired capacity is other than before. */
  say(why: string): void {
    this.cause = `${this.cause}At ${stamp(this.#timers.now())} ${why}  `;
  }

  /** What led to the activities that begin now. */
  takeCause(): string {
    const { cause } = this;
    this.cause = '';
    return cause;
  }

  /** Whether a scaling activity ended so lately that calls that honour the cooldown are refused. */
  coolsDown(): boolean {
    return (
      this.lastScaledAt !== undefined &&
      elapsed(this.lastScaledAt, this.#timers.now()) < this.settings.defaultCooldown
    );
  }

  /** Calls `settle` once after `delay`, or sooner where that is due already. */
  settleIn(delay: Duration, settle: () => void): void {
    const at = after(this.#timers.now(), delay);
    if (this.#settling !== undefined && this.#settling.at <= at) return;
    this.#settling?.cancel();
    const cancel = this.#timers.after(delay, () => {
      this.#settling = undefined;
      settle();
    });
    this.#settling = { at, cancel };
  }
}

/** A time as AWS's causes write it. */
export function stamp(at: Instant): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
}
