import { emptyHistory } from '../engine/history.ts';
import type { Observation } from '../engine/observation.ts';
import { afterwards, type Outcome } from '../engine/outcome.ts';
import { type Plan, plan } from '../engine/plan.ts';
import type { FleetPolicy } from '../engine/pool.ts';
import { remember } from '../engine/remember.ts';
import type { Duration } from '../engine/time.ts';
import { act } from './act.ts';
import { Decisions } from './decisions.ts';
import { isPortError } from './errors.ts';
import type { Recorder } from './events.ts';
import { replayOpenIntents } from './launch.ts';
import { retractDone } from './instructions-done.ts';
import type { HookEvidence } from './hook-evidence.ts';
import { Notices } from './notices.ts';
import { Observer, type Wake } from './observe.ts';
import type {
  Clock,
  Enrolment,
  Fleet,
  Groups,
  JobRetrier,
  JobSource,
  Lease,
  RunnerRegistry,
  Store,
} from './ports.ts';
import { Term } from './term.ts';
import type { Concerns } from './upkeep.ts';

/** Everything a controller stands on. Functions are asked at every pass, so that a reload applies at the next. */
export interface ControllerOptions {
  readonly clock: Clock;
  readonly jobs: JobSource;
  readonly runners: RunnerRegistry;
  readonly fleet: Fleet;
  readonly store: Store;
  readonly lease: Lease;
  readonly recorder: Recorder;
  readonly policy: () => FleetPolicy;
  readonly freshFor: () => Duration;
  /** How long the lease is taken for; several times `callTimeout`. */
  readonly leaseFor: () => Duration;
  /** The longest that one call to the cloud may take. */
  readonly callTimeout: () => Duration;
  /** What the cloud has announced, where something listens to it; outlives the controller at a reload. */
  readonly notices?: Notices;
  /** Tells groups what no other fleet is told; absent: no pool has a group. */
  readonly groups?: Groups;
  /** Absent: no instance has a runner of its own. */
  readonly enrolment?: Enrolment;
  /** Absent: no project wants jobs retried whose instance is lost. */
  readonly retrier?: JobRetrier;
  /** Whether webhooks tell what is read, where there are any; outlives the controller at a reload. */
  readonly hooks?: HookEvidence;
  /** How often the jobs are read although webhooks tell of all of them; absent: at every sweep. */
  readonly jobsEvery?: () => Duration;
  /** What is not as it should be beside the instances, where something looks after that; outlives the controller. */
  readonly concerns?: Concerns;
  /** Whether a pool drains instances that are likely to be taken; absent: every pool does. */
  readonly heedsRebalance?: (pool: string) => boolean;
}

/** What one pass saw, decided and did. */
export type PassReport =
  | {
      readonly pass: 'acted';
      readonly observation: Observation;
      readonly plan: Plan;
      readonly outcomes: readonly Outcome[];
    }
  | { readonly pass: 'stood by'; readonly holder: string }
  | { readonly pass: 'failed'; readonly why: string };

/** The one reconcile function: observe → plan → act → record. */
export class Controller {
  readonly #options: ControllerOptions;
  readonly #observer: Observer;
  readonly #decisions: Decisions;
  readonly #notices: Notices;
  #fence: number | undefined;
  #holder: string | undefined;

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#notices = options.notices ?? new Notices();
    this.#observer = new Observer({ ...options, notices: this.#notices });
    this.#decisions = new Decisions(options.recorder);
  }

  /** One pass. Never throws: what fails is in the report and in the events, and the next pass tries again. */
  async pass(wake: Wake, signal: AbortSignal): Promise<PassReport> {
    try {
      const term = await this.#begin();
      if (!(term instanceof Term)) return { pass: 'stood by', holder: term.holder };
      return await this.#reconcile(term, wake, signal);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const event = isPortError(error, 'fenced') ? 'lease lost' : 'pass failed';
      this.#options.recorder.record({ event, why });
      return { pass: 'failed', why };
    }
  }

  /** A pass without *act*: what would be done now. Needs no lease and changes nothing. */
  async preview(signal: AbortSignal): Promise<{ readonly observation: Observation; readonly plan: Plan }> {
    const observation = await this.#observe({ sweep: true, pipelines: [] }, signal);
    return { observation, plan: plan(observation, this.#options.policy()) };
  }

  async #begin(): Promise<Term | { readonly holder: string }> {
    const { lease, clock, leaseFor, recorder } = this.#options;
    const term = await Term.begin({ lease, clock, duration: leaseFor() });
    if (term instanceof Term) {
      if (this.#fence !== term.fence) recorder.record({ event: 'lease taken', fence: term.fence });
      this.#fence = term.fence;
      this.#holder = undefined;
      return term;
    }
    if (this.#holder !== term.holder) recorder.record({ event: 'standing by', holder: term.holder });
    this.#holder = term.holder;
    this.#fence = undefined;
    return term;
  }

  async #reconcile(term: Term, wake: Wake, signal: AbortSignal): Promise<PassReport> {
    const { clock, store, policy, callTimeout } = this.#options;
    const launching = { ...this.#options, term, callTimeout: callTimeout(), signal };
    this.#observer.foldReplayed(await replayOpenIntents(launching));
    const observation = await this.#observe(wake, signal);
    // Asked for now: what has been read may have told which generation is wanted.
    const acting = { ...launching, policy: policy() };
    const decided = plan(observation, acting.policy);
    const decisions = this.#decisions.record(decided);
    // A retry cancels first: what is interrupted between is then known to wait for its retry.
    if (decided.actions.some((action) => action.do === 'retry'))
      await store.saveHistory(decided.history, term.fence);
    const { lost = [] } = observation.history;
    const outcomes = await act(decided.actions, { ...acting, lost });
    this.#observer.fold(outcomes);
    for (const outcome of outcomes) this.#options.recorder.record({ event: 'acted', outcome });
    await store.saveHistory(afterwards(decided.history, outcomes, clock.now(), acting.policy), term.fence);
    if (decisions.length > 0) await store.addDecisions(decisions, term.fence);
    await retractDone(observation, this.#options);
    // Last: what a pass could not write down is to be announced again.
    this.#notices.settle(observation.instances, outcomes);
    return { pass: 'acted', observation, plan: decided, outcomes };
  }

  async #observe(wake: Wake, signal: AbortSignal): Promise<Observation> {
    const { store, policy, clock, concerns } = this.#options;
    const history = (await store.history()) ?? emptyHistory(clock.now());
    const unserved = new Set(history.unserved.map(({ id }) => id));
    const readings = await this.#observer.observe(wake, signal, unserved);
    const known = concerns?.all() ?? [];
    return {
      ...readings,
      ...(known.length > 0 && { concerns: known }),
      history: remember(history, readings, policy()),
    };
  }
}
