import { heldByInstance } from '../engine/capacity.ts';
import { heartbeatOf } from '../engine/hooks.ts';
import type { Instance } from '../engine/instance.ts';
import type { FleetPolicy } from '../engine/pool.ts';
import { type TerminationFacts, type TerminationStep, terminationStep } from '../engine/termination.ts';
import { instant, type Instant } from '../engine/time.ts';
import type { Clock, Fleet, Groups, JobSource, RunnerRegistry, Store } from './ports.ts';

/** Where the workflow of one member's end stands: plain JSON, handed from step to step. */
export interface Termination {
  readonly pool: string;
  readonly instance: string;
  /** Its runner was seen in contact with GitLab, or with a job. */
  readonly wasReady?: true;
  /** When its group was last told to wait on, in milliseconds since 1970. */
  readonly beatAt?: number;
}

/** What one step came to; not done: the next one is due after `waitSeconds`. */
export interface TerminationProgress extends Termination {
  readonly done: boolean;
  readonly did: TerminationStep['do'];
  readonly because: string;
  readonly waitSeconds: number;
}

export interface TerminationPorts {
  readonly clock: Clock;
  readonly fleet: Fleet;
  readonly groups: Groups;
  readonly jobs: JobSource;
  readonly runners: RunnerRegistry;
  readonly store: Pick<Store, 'history'>;
  readonly policy: () => FleetPolicy;
}

/** The pace of the steps; one that could not be taken comes again as soon. */
const PACE_SECONDS = 15;

interface Sight {
  readonly certain: boolean;
  readonly hasManager: boolean;
  readonly busySlots: number;
  readonly why?: string;
}

/** What GitLab says of the member now; what cannot be read makes nothing certain. */
async function look(
  { pool, instance }: Termination,
  ports: TerminationPorts,
  signal: AbortSignal,
): Promise<Sight> {
  try {
    // Managers before jobs: a job outranks an older "idle".
    const managers = await ports.runners.managers(pool, signal);
    const { jobs } = await ports.jobs.sweep(signal);
    const manager = managers.find((one) => one.instance === instance);
    const held = heldByInstance(jobs.held).get(instance) ?? 0;
    const busySlots = held > 0 ? held : Number(manager?.active === true);
    const { partial: why } = jobs;
    const certain = why === undefined;
    return { certain, hasManager: manager !== undefined, busySlots, ...(why !== undefined && { why }) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { certain: false, hasManager: true, busySlots: 0, why };
  }
}

function factsOf(
  { pool, beatAt }: Termination,
  found: Instance | undefined,
  {
    sight,
    wasReady,
    now,
    policy,
  }: {
    readonly sight: Sight;
    readonly wasReady: boolean;
    readonly now: Instant;
    readonly policy: FleetPolicy;
  },
): TerminationFacts {
  return {
    now,
    gone: found === undefined || found.state === 'terminated',
    retained: found?.membership?.retained === true,
    drainedAt: found?.drain?.at,
    certain: sight.certain,
    wasReady,
    managerGone: !sight.hasManager,
    busySlots: sight.busySlots,
    beatAt: beatAt === undefined ? undefined : instant(beatAt),
    heartbeat: heartbeatOf(policy, pool),
  };
}

async function take(
  step: TerminationStep,
  { pool, instance }: Termination,
  {
    ports,
    retained,
    signal,
  }: {
    readonly ports: TerminationPorts;
    readonly retained: boolean;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { fleet, groups, clock } = ports;
  if (step.do === 'drain') await fleet.drain([instance], 'asked', clock.now(), signal);
  if (step.do === 'heartbeat') await groups.heartbeat(pool, instance, 'termination', signal);
  if (step.do !== 'complete') return;
  if (retained) await fleet.terminate([instance], signal);
  else await groups.complete(pool, instance, 'termination', signal);
}

/**
 * One step of the workflow that sees a member of a group to its end, by the same table as the passes. Taking it again
 * changes nothing more. Throws `PortError` where EC2 or Auto Scaling cannot be asked or told: the same step is then to
 * be taken again.
 */
export async function stepTermination(
  before: Termination,
  ports: TerminationPorts,
  signal: AbortSignal,
): Promise<TerminationProgress> {
  const [found] = await ports.fleet.find([before.instance], signal);
  const sight = await look(before, ports, signal);
  const wasReady = before.wasReady === true || (await wasEverReady(before.instance, sight, ports));
  const now = ports.clock.now();
  const facts = factsOf(before, found, { sight, wasReady, now, policy: ports.policy() });
  const step = terminationStep(facts);
  await take(step, before, { ports, retained: facts.retained, signal });
  return {
    ...before,
    ...(wasReady && { wasReady }),
    ...(step.do === 'heartbeat' && { beatAt: now }),
    done: step.do === 'complete',
    did: step.do,
    because: step.do === 'complete' ? step.because : (sight.why ?? words(facts)),
    waitSeconds: PACE_SECONDS,
  };
}

/** Whether its runner was ready at some time, by what passes remember and by what is seen now. */
async function wasEverReady(instance: string, sight: Sight, { store }: TerminationPorts): Promise<boolean> {
  const remembered = (await store.history())?.instances[instance];
  if (remembered?.readyAt !== undefined) return true;
  return sight.certain && (sight.hasManager || sight.busySlots > 0);
}

function words({ drainedAt, busySlots, managerGone }: TerminationFacts): string {
  if (drainedAt === undefined) return 'it was not asked to drain yet';
  if (busySlots > 0) return `it runs ${busySlots === 1 ? 'a job' : `${busySlots} jobs`}`;
  return managerGone ? 'its runner was never ready' : 'its runner is still there';
}
