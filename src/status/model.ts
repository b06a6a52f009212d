import type { ControllerEvent } from '../controller/events.ts';
import { NOTICES } from '../controller/listen.ts';
import type { PassReport } from '../controller/reconcile.ts';
import type { InstanceView } from '../engine/capacity.ts';
import { explainAlarm, explainPool } from '../engine/explain.ts';
import type { Phase } from '../engine/instance.ts';
import { type DrainRequest, drainRequestOf, type Instruction } from '../engine/instruction.ts';
import { isFresh, lastKnown, type Observation, type Part } from '../engine/observation.ts';
import type { Outcome } from '../engine/outcome.ts';
import type { Plan } from '../engine/plan.ts';
import type { CycleProgress, PoolPlan } from '../engine/pool-plan.ts';
import { type Duration, elapsed, type Instant, seconds } from '../engine/time.ts';
import { type GroupStatus, groupStatus } from './group-status.ts';
import { type BudgetStatus, fleetBudgets, type LimitsStatus, limitsStatus } from './limits-status.ts';

/** Whoever listens hears something, or nothing, every 20 seconds. */
const NOTICES_FRESH_FOR = seconds(90);

/** One source and how old its last answer is. */
export interface SourceStatus {
  readonly source: string;
  readonly fresh: boolean;
  /** Seconds since it was read; absent when it never was. */
  readonly ageSeconds?: number;
  readonly failure?: string;
}

export interface InstanceStatus {
  readonly id: string;
  readonly phase: Phase;
  readonly instanceType: string;
  readonly market: string;
  readonly slots: number;
  readonly busySlots: number;
  /** Seconds since launch. */
  readonly ageSeconds: number;
  readonly idleSeconds?: number;
  readonly drain?: string;
  /** Seconds since it was asked to drain. */
  readonly drainSeconds?: number;
  /** What an operator wants of it by command. */
  readonly asked?: DrainRequest['how'];
}

/** How far the replacement of a pool's instances by command has come. */
export interface CycleStatus extends Omit<CycleProgress, 'startedAt'> {
  /** ISO 8601. */
  readonly startedAt: string;
}

export interface PoolStatus extends LimitsStatus {
  readonly pool: string;
  readonly pending: number;
  /** Seconds that the oldest pending job has waited. */
  readonly oldestPendingSeconds?: number;
  readonly unserved: readonly number[];
  readonly slots: PoolPlan['capacity'];
  readonly desired: PoolPlan['desired'];
  /** What `desired` stays between. */
  readonly limits: PoolPlan['limits'];
  /** Absent: none goes on. */
  readonly cycle?: CycleStatus;
  readonly holds: readonly string[];
  /** Launches that gave less than was asked and boots that failed, in a row. */
  readonly setbacks: number;
  /** Seconds until it buys again after setbacks; absent: it may buy now. */
  readonly backoffSeconds?: number;
  readonly decision: string;
  readonly instances: readonly InstanceStatus[];
  /** Absent: its instances are in no Auto Scaling group. */
  readonly group?: GroupStatus;
}

/** What happened since the process started. */
export interface Totals {
  readonly passes: number;
  readonly failedPasses: number;
  readonly launched: number;
  readonly drained: number;
  readonly terminated: number;
  /** Jobs that were retried because their instance was lost. */
  readonly retried: number;
  readonly failedActions: number;
  /** Instances that were not ready in time, by pool. */
  readonly bootFailures: Readonly<Record<string, number>>;
  /** Instances that EC2 took, or was likely to take, by which of both was heard. */
  readonly interruptions: Readonly<Record<string, number>>;
  readonly webhooks: Readonly<Record<string, number>>;
}

/** Everything that the page, the CLI and the metrics show. */
export interface Status {
  readonly installation: string;
  readonly startedAt: string;
  /** When the last pass ended; absent before the first one. */
  readonly passedAt?: string;
  readonly role: 'starting' | 'deciding' | 'standing by' | 'failing';
  /** Who holds the lease, or why the last pass failed. */
  readonly detail?: string;
  readonly lastPassSeconds?: number;
  readonly sources: readonly SourceStatus[];
  readonly pools: readonly PoolStatus[];
  /** Of all pools together; absent: they have none. */
  readonly budgets?: readonly BudgetStatus[];
  readonly alarms: readonly string[];
  readonly totals: Totals;
}

/** Whether a JSON document is a status, as far as its readers rely on it. */
export function isStatus(value: unknown): value is Status {
  if (typeof value !== 'object' || value === null) return false;
  if (!('installation' in value && 'role' in value && 'totals' in value)) return false;
  if (!hasLists(value)) return false;
  const { totals } = value;
  return (
    typeof totals === 'object' && totals !== null && 'passes' in totals && typeof totals.passes === 'number'
  );
}

function hasLists(value: object): boolean {
  const { sources, pools, alarms }: Partial<Record<string, unknown>> = { ...value };
  return [sources, pools, alarms].every((list) => Array.isArray(list));
}

const inSeconds = (duration: Duration): number => Math.max(0, Math.round(duration / 100) / 10);

function sourceStatus(source: string, part: Part<unknown> | undefined, now: Instant): SourceStatus {
  const failure = part?.failure;
  return {
    source,
    fresh: isFresh(part, now),
    ...(part?.known === true && { ageSeconds: inSeconds(elapsed(part.readAt, now)) }),
    ...(failure !== undefined && { failure }),
  };
}

function sourcesOf(observation: Observation, now: Instant): readonly SourceStatus[] {
  return [
    sourceStatus('jobs', observation.jobs, now),
    sourceStatus('instances', observation.instances, now),
    ...Object.entries(observation.unlisted ?? {}).map(([pool, part]) =>
      sourceStatus(`instances of ${pool}`, part, now),
    ),
    ...Object.entries(observation.managers).map(([pool, part]) =>
      sourceStatus(`managers of ${pool}`, part, now),
    ),
  ];
}

function instanceStatus(
  view: InstanceView,
  instructions: readonly Instruction[],
  now: Instant,
): InstanceStatus {
  const { instance, phase, busySlots, idleSince } = view;
  const { drain } = instance;
  const asked = drainRequestOf(instructions, instance.id)?.how;
  return {
    id: instance.id,
    phase,
    instanceType: instance.offering.instanceType,
    market: instance.offering.market,
    slots: instance.slots,
    busySlots,
    ageSeconds: inSeconds(elapsed(instance.launchedAt, now)),
    ...(phase === 'idle' && idleSince !== undefined && { idleSeconds: inSeconds(elapsed(idleSince, now)) }),
    ...(drain !== undefined && {
      drain: drain.because,
      drainSeconds: inSeconds(elapsed(drain.at, now)),
    }),
    ...(asked !== undefined && { asked }),
  };
}

function cycleStatus({ startedAt, ...rest }: CycleProgress): CycleStatus {
  return { startedAt: new Date(startedAt).toISOString(), ...rest };
}

function poolStatus(
  plan: PoolPlan,
  { plan: { history: past }, observation }: Acted,
  now: Instant,
): PoolStatus {
  const { oldestSince } = plan.demand;
  const { instructions = [] } = observation;
  const { setbacks = 0, retryAt } = past.pools[plan.pool] ?? {};
  const reading = observation.groups?.[plan.pool];
  const instances = lastKnown(observation.instances, []).filter(({ pool }) => pool === plan.pool);
  return {
    pool: plan.pool,
    pending: plan.demand.pending,
    ...(oldestSince !== undefined && { oldestPendingSeconds: inSeconds(elapsed(oldestSince, now)) }),
    unserved: plan.demand.unserved.map(({ id }) => id),
    slots: plan.capacity,
    desired: plan.desired,
    limits: plan.limits,
    ...limitsStatus(plan),
    setbacks,
    ...(retryAt !== undefined && now < retryAt && { backoffSeconds: inSeconds(elapsed(now, retryAt)) }),
    ...(reading !== undefined && { group: groupStatus(reading, instances) }),
    ...(plan.cycle !== undefined && { cycle: cycleStatus(plan.cycle) }),
    holds: plan.holds.map(({ what, because }) => `no ${what}: ${because}`),
    decision: explainPool(plan),
    instances: plan.views.map((view) => instanceStatus(view, instructions, now)),
  };
}

/** The last pass that decided. */
interface Acted {
  readonly observation: Observation;
  readonly plan: Plan;
}

interface LastPass {
  readonly report: PassReport;
  readonly startedAt: Instant;
  readonly endedAt: Instant;
}

/** Collects what passes and events say, and answers with the status of now. */
export class StatusBoard {
  readonly #installation: string;
  readonly #startedAt: Instant;
  readonly #webhooks: Record<string, number> = {};
  readonly #interruptions: Record<string, number> = {};
  readonly #bootFailures: Record<string, number> = {};
  #totals = {
    passes: 0,
    failedPasses: 0,
    launched: 0,
    drained: 0,
    terminated: 0,
    retried: 0,
    failedActions: 0,
  };
  #last: LastPass | undefined;
  #soundAt: Instant | undefined;
  #acted: Acted | undefined;
  /** Of the events of AWS, once they were listened to. */
  #notices: Part<undefined> | undefined;

  constructor(installation: string, startedAt: Instant) {
    this.#installation = installation;
    this.#startedAt = startedAt;
  }

  /** Notes one pass. */
  passed(report: PassReport, startedAt: Instant, endedAt: Instant): void {
    this.#last = { report, startedAt, endedAt };
    this.#totals.passes += 1;
    if (report.pass === 'failed') this.#totals.failedPasses += 1;
    else this.#soundAt = endedAt;
    if (report.pass === 'acted') this.#acted = report;
    // Another process decides now: what this one saw last would be counted twice, and grows old.
    if (report.pass === 'stood by') this.#acted = undefined;
  }

  /** Counts what an event says was done. */
  record(event: ControllerEvent): void {
    if (event.event === 'launch replayed') this.#totals.launched += event.launched.length;
    if (event.event === 'boot failed') count(this.#bootFailures, event.pool);
    if (event.event === 'interruption noticed') count(this.#interruptions, event.interruption.kind);
    if (event.event === 'acted') this.#countOutcome(event.outcome);
  }

  #countOutcome(outcome: Outcome): void {
    if (!outcome.done) this.#totals.failedActions += outcome.begun === false ? 0 : 1;
    else if (outcome.action.do === 'launch')
      this.#totals.launched += (outcome.launched?.length ?? 0) + (outcome.ordered ?? 0);
    else if (outcome.action.do === 'drain') this.#totals.drained += 1;
    else if (outcome.action.do === 'terminate') this.#totals.terminated += 1;
    else if (outcome.retried !== undefined) this.#totals.retried += 1;
  }

  /** Counts one webhook delivery by what became of it. */
  webhook(result: string): void {
    count(this.#webhooks, result);
  }

  /** Notes that the source of notices has answered, or why it has not. */
  heardNotices(at: Instant, failure?: string): void {
    if (failure === undefined)
      this.#notices = { known: true, value: undefined, readAt: at, freshFor: NOTICES_FRESH_FOR };
    else this.#notices = { ...(this.#notices ?? { known: false }), failure };
  }

  /** When the last pass that did not fail ended. */
  get lastPassAt(): Instant | undefined {
    return this.#soundAt;
  }

  /** The status at `now`. */
  status(now: Instant): Status {
    const last = this.#last;
    const acted = this.#acted;
    const budgets = fleetBudgets(acted?.plan.pools ?? []);
    return {
      installation: this.#installation,
      startedAt: new Date(this.#startedAt).toISOString(),
      ...(last !== undefined && {
        passedAt: new Date(last.endedAt).toISOString(),
        lastPassSeconds: elapsed(last.startedAt, last.endedAt) / 1000,
      }),
      ...roleOf(last?.report),
      sources:
        acted === undefined
          ? []
          : [
              ...sourcesOf(acted.observation, now),
              ...(this.#notices === undefined ? [] : [sourceStatus(NOTICES, this.#notices, now)]),
            ],
      pools: acted?.plan.pools.map((pool) => poolStatus(pool, acted, now)) ?? [],
      ...(budgets !== undefined && { budgets }),
      alarms: acted?.plan.alarms.map(explainAlarm) ?? [],
      totals: {
        ...this.#totals,
        bootFailures: { ...this.#bootFailures },
        interruptions: { ...this.#interruptions },
        webhooks: { ...this.#webhooks },
      },
    };
  }
}

function count(counts: Record<string, number>, what: string): void {
  counts[what] = (counts[what] ?? 0) + 1;
}

function roleOf(report: PassReport | undefined): Pick<Status, 'role' | 'detail'> {
  if (report === undefined) return { role: 'starting' };
  if (report.pass === 'acted') return { role: 'deciding' };
  if (report.pass === 'stood by') return { role: 'standing by', detail: `${report.holder} holds the lease` };
  return { role: 'failing', detail: report.why };
}
