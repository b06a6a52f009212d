import { FLEET_TAG } from '../adapters/memory/fleet.ts';
import { isComplete, type Job } from '../adapters/memory/gitlab/job.ts';
import { after, type Duration, elapsed, later, milliseconds, minutes } from '../engine/time.ts';
import type { Autoscaler } from './autoscaler.ts';
import type { Conditions } from './conditions.ts';
import { failWhatIsCutOff, isCutOff } from './cut-offs.ts';
import { disturb } from './disturbances.ts';
import type { Billed, JobResult, Run } from './result.ts';
import type { Workload, WorkloadPipeline } from './workload.ts';
import { SimulatedWorld } from './world.ts';

/** How far time goes on at once. */
const STRIDE = minutes(60);
/** An autoscaler that has not run every job so long after the last pipeline came never will. */
const PATIENCE = minutes(48 * 60);
/** GitLab ends jobs after an hour where nothing else is said; here nobody does. */
const NO_TIMEOUT = minutes(30 * 24 * 60);
const MINIMUM_BILL = minutes(1);

/** Heard while a simulation goes on: how much of the workload's time is over, 0 to 1. */
export type Progress = (share: number) => void;

/** Runs one autoscaler against a workload. The same arguments give the same run, to the byte. */
export async function simulate(
  workload: Workload,
  autoscaler: Autoscaler,
  conditions: Conditions,
  progress: Progress = () => undefined,
): Promise<Run> {
  const world = new SimulatedWorld(workload, conditions);
  const launches = watchLaunches(world);
  const slotsOf = watchSlots(world);
  failWhatIsCutOff(world);
  for (const { project } of workload.pipelines) world.project(project);
  await autoscaler.start(world);
  disturb(world);
  submitInTurn(world, 0);
  const end = after(workload.start, workload.length);
  const last = after(end, PATIENCE);
  while (world.clock.now() < end || (!isQuiet(world) && world.clock.now() < last)) {
    await world.clock.advance(stride(world, end));
    progress(Math.min(1, elapsed(workload.start, world.clock.now()) / workload.length));
  }
  return resultOf(world, autoscaler, launches, slotsOf);
}

/** To the end of the workload exactly, so that billing ends there where nothing is left to do. */
function stride(world: SimulatedWorld, end: Run['end']): Duration {
  const left = elapsed(world.clock.now(), end);
  return left > 0 ? milliseconds(Math.min(STRIDE, left)) : minutes(1);
}

/** One timer at a time: a hundred thousand at once would slow all others. */
function submitInTurn(world: SimulatedWorld, index: number): void {
  const { clock, gitlab, workload } = world;
  const pipeline = workload.pipelines[index];
  if (pipeline === undefined) return;
  const at = after(workload.start, pipeline.at);
  clock.after(elapsed(clock.now(), later(at, clock.now())), () => {
    gitlab.createPipeline(world.project(pipeline.project), definitionOf(pipeline));
    submitInTurn(world, index + 1);
  });
}

function definitionOf({ stages, jobs }: WorkloadPipeline) {
  return {
    stages,
    jobs: jobs.map(({ fails = false, ...job }) => ({ ...job, fails, timeout: NO_TIMEOUT })),
  };
}

function isQuiet({ gitlab }: SimulatedWorld): boolean {
  const { pending = 0, running = 0 } = gitlab.jobCounts();
  return pending + running === 0;
}

/** How many machines there have been, those included that never ran, and how many at the same time. */
function watchLaunches(world: SimulatedWorld): Pick<Run, 'launched' | 'peak'> {
  const seen = { launched: 0, peak: 0 };
  let alive = 0;
  world.ec2.onStateChange(({ from, to }) => {
    const was = from === 'pending' || from === 'running';
    const is = to === 'pending' || to === 'running';
    alive += Number(is) - Number(was);
    seen.launched += Number(from === undefined);
    seen.peak = Math.max(seen.peak, alive);
  });
  return seen;
}

/** How many jobs a machine runs at once. */
type SlotsOf = (id: string) => number;

/** EC2 forgets machines that have ended, and their tags with them. */
function watchSlots({ ec2, conditions }: SimulatedWorld): SlotsOf {
  const slots = new Map<string, number>();
  ec2.onStateChange(({ id, to }) => {
    const said = ec2.instance(id)?.tags.get(FLEET_TAG.slots);
    if (to === 'running' && said !== undefined) slots.set(id, Number(said));
  });
  return (id) => slots.get(id) ?? conditions.slots;
}

function resultOf(
  world: SimulatedWorld,
  { name, about }: Autoscaler,
  launches: Pick<Run, 'launched' | 'peak'>,
  slotsOf: SlotsOf,
): Run {
  const { workload, ec2, gitlab, conditions, clock } = world;
  const jobs = gitlab.jobsOfInstance().toReversed();
  const calls = ec2.calls();
  return {
    autoscaler: name,
    about,
    workload: workload.name,
    seed: conditions.seed,
    slots: conditions.slots,
    start: workload.start,
    end: clock.now(),
    jobs: jobs.flatMap((job) => jobResult(world, job)),
    unfinished: jobs.filter((job) => isUnfinished(world, job)).length,
    cutOff: jobs.filter((job) => isCutOff(world, job)).length,
    billed: billedOf(world, slotsOf),
    calls,
    throttled: Object.values(ec2.throttled()).reduce((sum, count) => sum + count, 0),
    ...launches,
  };
}

/** A job that its runner gave up without a machine has not run either. */
function isUnfinished(world: SimulatedWorld, { id, status }: Job): boolean {
  return (
    status === 'pending' || status === 'running' || (status === 'failed' && world.scriptOf(id) === undefined)
  );
}

function jobResult(world: SimulatedWorld, job: Job): readonly JobResult[] {
  const { id, queuedAt, finishedAt, pipeline, status } = job;
  const scriptAt = world.scriptOf(id);
  if (!isComplete(job) || queuedAt === undefined || finishedAt === undefined || scriptAt === undefined)
    return [];
  return [{ queuedAt, scriptAt, endedAt: finishedAt, pipeline, succeeded: status === 'success' }];
}

/** By the second from `running`, and a minute at least. */
function billedOf({ ec2, clock, conditions }: SimulatedWorld, slotsOf: SlotsOf): readonly Billed[] {
  return ec2.bills().map(({ id, instanceType, market, zone, runningFrom, endedAt = clock.now() }) => {
    const offering = conditions.offerings.find(
      (one) => one.instanceType === instanceType && one.market === market && one.zone === zone,
    );
    const price = (offering ?? conditions.offerings[0])?.price ?? 0;
    const to = later(endedAt, after(runningFrom, MINIMUM_BILL));
    return { from: runningFrom, to, price, slots: slotsOf(id) };
  });
}
