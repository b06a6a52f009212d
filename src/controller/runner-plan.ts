import type { Concern } from '../engine/concern.ts';
import { type Duration, elapsed, type Instant, instant, minutes } from '../engine/time.ts';
import type { RegisteredRunner, RunnerSettings } from './registrations.ts';

/** When a token was issued and when it ends. */
export interface Validity {
  readonly from: Instant;
  readonly until: Instant;
}

/** A runner of the pool, as it was found. */
export interface FoundRunner extends RegisteredRunner {
  /** Counted from 1. */
  readonly shard: number;
  /** Whether its token is kept. */
  readonly stored: boolean;
  /** Absent: its token never ends, or is not kept. */
  readonly validity?: Validity;
  /** How many of its managers run, or may run. */
  readonly living: number;
}

/** What the runners of a pool should be. */
export interface WantedRunners {
  readonly pool: string;
  /** How many there should be. */
  readonly shards: number;
  readonly settingsOf: (shard: number) => RunnerSettings;
  /** Ids of the projects that each serves, the one that owns it first; none for groups and the whole GitLab. */
  readonly projects: readonly number[];
}

/** One thing to do in GitLab. */
export type RunnerStep =
  | { readonly do: 'create'; readonly shard: number; readonly because: string }
  | { readonly do: 'reset'; readonly runner: number; readonly because: string }
  | { readonly do: 'update'; readonly runner: number; readonly change: Partial<RunnerSettings> }
  | { readonly do: 'enable'; readonly runner: number; readonly project: number }
  | { readonly do: 'disable'; readonly runner: number; readonly project: number }
  | { readonly do: 'remove'; readonly runner: number; readonly because: string };

/** What is to be done, in this order, and what only a person can. */
export interface RunnerPlan {
  /** The runner of each shard that new instances serve; absent where there is none yet. */
  readonly current: readonly (FoundRunner | undefined)[];
  readonly steps: readonly RunnerStep[];
  readonly concerns: readonly Concern[];
}

/** A token is replaced so long before its end, or in the last quarter of its life where that begins later. */
const BEFORE_THE_END: Duration = minutes(14 * 24 * 60);

/** When a token is to be replaced by a successor's. */
export function rotatesAt({ from, until }: Validity): Instant {
  const quarter = Math.max(0, elapsed(from, until)) / 4;
  return instant(until - Math.min(quarter, BEFORE_THE_END));
}

function sameTags(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((tag) => other.includes(tag));
}

/** What differs from what is wanted. What is not wanted either way stays as it is. */
function changeOf(has: RunnerSettings, wanted: RunnerSettings): Partial<RunnerSettings> {
  const { description, tags, runUntagged, protectedOnly, locked, maximumTimeout, maintenanceNote } = wanted;
  return {
    ...(description !== has.description && { description }),
    ...(!sameTags([...new Set(tags)], has.tags) && { tags }),
    ...(runUntagged !== has.runUntagged && { runUntagged }),
    ...(protectedOnly !== has.protectedOnly && { protectedOnly }),
    ...(locked !== undefined && locked !== has.locked && { locked }),
    ...(maximumTimeout !== undefined && maximumTimeout !== has.maximumTimeout && { maximumTimeout }),
    ...(maintenanceNote !== undefined && maintenanceNote !== has.maintenanceNote && { maintenanceNote }),
  };
}

function update(runner: number, change: Partial<RunnerSettings>): readonly RunnerStep[] {
  return Object.keys(change).length === 0 ? [] : [{ do: 'update', runner, change }];
}

/** What makes a runner as it should be. A locked one is open for as long as it is enabled for projects. */
function corrections(runner: FoundRunner, wanted: WantedRunners): readonly RunnerStep[] {
  const { id, projects, settings } = runner;
  const asWanted = wanted.settingsOf(runner.shard);
  const change = changeOf(settings, asWanted);
  const missing = wanted.projects.filter((project) => !projects.includes(project));
  const extra = projects.filter((project) => !wanted.projects.includes(project));
  const { locked: _, ...rest } = change;
  const opening = settings.locked === true ? { ...rest, locked: false } : rest;
  return [
    ...update(id, missing.length === 0 ? change : opening),
    ...missing.map((project): RunnerStep => ({ do: 'enable', runner: id, project })),
    ...extra.map((project): RunnerStep => ({ do: 'disable', runner: id, project })),
    ...update(id, missing.length > 0 && asWanted.locked === true ? { locked: true } : {}),
  ];
}

/** GitLab removes a runner that serves several projects only for administrators. */
function removal(
  { id, projects }: FoundRunner,
  wanted: WantedRunners,
  because: string,
): readonly RunnerStep[] {
  const owner = wanted.projects.find((project) => projects.includes(project)) ?? projects[0];
  return [
    ...projects
      .filter((project) => project !== owner)
      .map((project): RunnerStep => ({ do: 'disable', runner: id, project })),
    { do: 'remove', runner: id, because },
  ];
}

/** The runners of one shard, oldest first. */
interface Sorted {
  /** The newest whose token is kept. */
  readonly current: FoundRunner | undefined;
  /** Without a kept token, and nobody uses them. */
  readonly vacant: readonly FoundRunner[];
  /** Without a kept token, and somebody may use them. */
  readonly lost: readonly FoundRunner[];
}

interface ShardPlan {
  readonly current: FoundRunner | undefined;
  readonly steps: readonly RunnerStep[];
  readonly concerns: readonly Concern[];
}

function lostToken(pool: string, { id }: FoundRunner): Concern {
  return {
    about: `runner ${id} of pool ${pool}`,
    why: 'its token is not kept, and it has managers, so that no other token may be made for it',
    next: 'put its token back, or delete the runner in GitLab once its instances are gone: Runtide then makes another',
  };
}

/** Who takes the place of what is missing or ends soon: what an interrupted round has made already, or a new one. */
function succession(
  shard: number,
  { current, vacant, lost }: Sorted,
  wanted: WantedRunners,
  now: Instant,
): {
  readonly successor?: FoundRunner;
  readonly steps: readonly RunnerStep[];
  readonly concerns: readonly Concern[];
} {
  const ends = current?.validity;
  const due = ends !== undefined && elapsed(rotatesAt(ends), now) >= 0;
  if (current !== undefined && !due) return { steps: [], concerns: [] };
  const successor = vacant.at(-1);
  if (successor !== undefined) {
    const because = due ? 'the token of its predecessor ends soon' : 'its token is not kept';
    const reset: RunnerStep = { do: 'reset', runner: successor.id, because };
    return { successor, steps: [reset, ...corrections(successor, wanted)], concerns: [] };
  }
  if (current === undefined && lost.length > 0) {
    return { steps: [], concerns: lost.map((runner) => lostToken(wanted.pool, runner)) };
  }
  const because = current === undefined ? 'there is none' : `the token of runner ${current.id} ends soon`;
  return { steps: [{ do: 'create', shard, because }], concerns: [] };
}

/** What becomes of a runner that new instances do not serve. */
function leaving(runner: FoundRunner, wanted: WantedRunners, because: string): readonly RunnerStep[] {
  return runner.living === 0 ? removal(runner, wanted, because) : corrections(runner, wanted);
}

function planShard(
  shard: number,
  found: readonly FoundRunner[],
  wanted: WantedRunners,
  now: Instant,
): ShardPlan {
  const current = found.findLast(({ stored }) => stored);
  const vacant = found.filter(({ stored, managers }) => !stored && managers.length === 0);
  const lost = found.filter(({ stored, managers }) => !stored && managers.length > 0);
  const { successor, steps, concerns } = succession(shard, { current, vacant, lost }, wanted, now);
  const others = found
    .filter((runner) => runner !== current && runner !== successor)
    // Whose token is lost stays as it is until another has taken its place.
    .filter((runner) => current !== undefined || !lost.includes(runner));
  return {
    current,
    steps: [
      ...steps,
      ...(current === undefined ? [] : corrections(current, wanted)),
      ...others.flatMap((runner) => leaving(runner, wanted, 'another has taken its place')),
    ],
    concerns,
  };
}

/**
 * Compares the runners that GitLab has of a pool with those that there should be. Nothing that may still run a job is
 * removed, and no token that may be in use is replaced: a successor takes its place, and the old runner goes once it
 * has no managers any more. Carried out, the next plan is empty.
 */
export function planRunners(found: readonly FoundRunner[], wanted: WantedRunners, now: Instant): RunnerPlan {
  const ordered = found.toSorted((one, other) => one.id - other.id);
  const shards = Array.from({ length: wanted.shards }, (_, index) => {
    const shard = index + 1;
    return planShard(
      shard,
      ordered.filter((runner) => runner.shard === shard),
      wanted,
      now,
    );
  });
  const beyond = ordered.filter(({ shard }) => shard > wanted.shards);
  const left = beyond.flatMap((runner) => leaving(runner, wanted, `there are ${wanted.shards} now`));
  return {
    current: shards.map(({ current }) => current),
    steps: [...shards.flatMap(({ steps }) => steps), ...left],
    concerns: shards.flatMap(({ concerns }) => concerns),
  };
}

/** One step in words: "make a runner: there is none". */
export function explainStep(step: RunnerStep): string {
  switch (step.do) {
    case 'create':
      return `make a runner${step.shard === 1 ? '' : ` (number ${step.shard})`}: ${step.because}`;
    case 'reset':
      return `give runner ${step.runner} another token: ${step.because}`;
    case 'update':
      return `change ${Object.keys(step.change).join(', ')} of runner ${step.runner}`;
    case 'enable':
      return `enable runner ${step.runner} for project ${step.project}`;
    case 'disable':
      return `disable runner ${step.runner} for project ${step.project}`;
    case 'remove':
      return `remove runner ${step.runner}: ${step.because}`;
  }
}
