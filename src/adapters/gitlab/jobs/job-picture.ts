import type { HeldJob, JobKind, JobSnapshot, PendingJob } from '../../../engine/job.ts';
import type { Instant } from '../../../engine/time.ts';
import type { PipelineReading, Ref, Waiting } from './job-reading.ts';

/** When a reading began, in the order of beginnings. */
export type Beginning = number;

interface Dated {
  readonly began: Beginning;
  readonly reading: PipelineReading;
}

interface ProjectPicture {
  /** When the last reading of the project began. */
  readonly swept: Beginning;
  readonly readAt: Instant;
  /** Whether its list was left before its end. */
  readonly cut: boolean;
  readonly pipelines: Map<number, Dated>;
}

/** A reading of one project: its pipelines with pending or held jobs. */
export interface ProjectReading {
  readonly project: number;
  readonly began: Beginning;
  /** When it was asked for. */
  readonly at: Instant;
  readonly pipelines: ReadonlyMap<number, PipelineReading>;
  /** Present where the list, newest first, was left before its end: jobs below this id were not read. */
  readonly below?: number;
}

/** Whether a ref of a project is protected; undefined: not known. */
export type IsProtected = (project: number, ref: Ref) => boolean | undefined;

interface Demand {
  readonly kind: JobKind;
  readonly pending: PendingJob[];
}

const NOTHING: PipelineReading = { pending: [], held: [], later: 0 };
const NOT_ASKED: IsProtected = () => undefined;

/**
 * The jobs of all watched projects, put together from readings of projects and of single pipelines. Readings may
 * overlap: of two, the one that began later stands, whenever they end.
 */
export class JobPicture {
  #beginnings: Beginning = 0;
  readonly #projects = new Map<number, ProjectPicture>();

  /** To be called before a reading's first request. */
  begin(): Beginning {
    this.#beginnings += 1;
    return this.#beginnings;
  }

  /** When the project was read last; undefined: never, so that what it has is unknown and not nothing. */
  readAt(project: number): Instant | undefined {
    return this.#projects.get(project)?.readAt;
  }

  /** Whether a reading of the project that began after `beginning` stands. */
  isReadSince(project: number, beginning: Beginning): boolean {
    return (this.#projects.get(project)?.swept ?? 0) > beginning;
  }

  /** How many projects have a list that was left before its end. */
  cut(): number {
    return [...this.#projects.values()].filter(({ cut }) => cut).length;
  }

  /** The projects that were read. */
  projects(): readonly number[] {
    return [...this.#projects.keys()];
  }

  /** Whether the project had pending or held jobs when it was read last. */
  isBusy(project: number): boolean {
    const picture = this.#projects.get(project);
    return picture !== undefined && has(picture, ({ pending, held }) => pending.length + held.length > 0);
  }

  /** The projects that were read, and have jobs that wait. */
  waiting(): readonly number[] {
    return [...this.#projects]
      .filter(([, picture]) => has(picture, ({ pending }) => pending.length > 0))
      .map(([project]) => project);
  }

  /** Replaces everything of the project, except pipelines whose own reading began later. */
  sweep(reading: ProjectReading): void {
    const before = this.#projects.get(reading.project);
    if (before !== undefined && before.swept > reading.began) return;
    this.#projects.set(reading.project, swept(reading, before));
  }

  /** Replaces one pipeline's jobs, unless a later reading has; undefined when the pipeline is gone. */
  refresh(project: number, pipeline: number, began: Beginning, reading: PipelineReading | undefined): void {
    const picture = this.#projects.get(project);
    if (picture === undefined || picture.swept > began) return;
    const before = picture.pipelines.get(pipeline);
    if (before !== undefined && before.began > began) return;
    // What is empty is kept until the next sweep: an older sweep that is under way must not bring it back.
    picture.pipelines.set(pipeline, { began, reading: reading ?? NOTHING });
  }

  /** Forgets the projects that are no longer watched. */
  keepOnly(projects: ReadonlySet<number>): void {
    for (const project of this.#projects.keys()) if (!projects.has(project)) this.#projects.delete(project);
  }

  snapshot(isProtected: IsProtected = NOT_ASKED): JobSnapshot {
    const demand = new Map<string, Demand>();
    const held: HeldJob[] = [];
    let later = 0;
    for (const reading of this.#readings()) {
      for (const waiting of reading.pending) demandOf(demand, waiting, isProtected).pending.push(waiting.job);
      for (const job of reading.held) held.push(job);
      later += reading.later ?? 0;
    }
    return { demand: [...demand.values()], held, later };
  }

  *#readings(): Generator<PipelineReading> {
    for (const { pipelines } of this.#projects.values()) {
      for (const { reading } of pipelines.values()) yield reading;
    }
  }
}

function has({ pipelines }: ProjectPicture, what: (reading: PipelineReading) => boolean): boolean {
  for (const { reading } of pipelines.values()) if (what(reading)) return true;
  return false;
}

function swept(reading: ProjectReading, before: ProjectPicture | undefined): ProjectPicture {
  const pipelines = new Map<number, Dated>();
  for (const [pipeline, jobs] of reading.pipelines) {
    // A sweep does not read later stages: what the pipeline's own reading counted is the best there is.
    const later = jobs.later ?? before?.pipelines.get(pipeline)?.reading.later;
    pipelines.set(pipeline, { began: reading.began, reading: { ...jobs, later } });
  }
  if (reading.below !== undefined) keepUnread(pipelines, before, reading, reading.below);
  for (const [pipeline, dated] of before?.pipelines ?? []) {
    if (dated.began > reading.began) pipelines.set(pipeline, dated);
  }
  return { swept: reading.began, readAt: reading.at, cut: reading.below !== undefined, pipelines };
}

/** What was not read again stays as it was known. */
function keepUnread(
  pipelines: Map<number, Dated>,
  before: ProjectPicture | undefined,
  { began }: ProjectReading,
  below: number,
): void {
  for (const [pipeline, { reading }] of before?.pipelines ?? []) {
    const read = pipelines.get(pipeline)?.reading ?? { ...NOTHING, later: reading.later };
    const known = new Set([...read.held.map(({ id }) => id), ...read.pending.map(({ job }) => job.id)]);
    const isUnread = (id: number): boolean => id < below && !known.has(id);
    const pending = reading.pending.filter(({ job }) => isUnread(job.id));
    const held = reading.held.filter(({ id }) => isUnread(id));
    if (pending.length + held.length === 0) continue;
    const both = { ...read, pending: [...read.pending, ...pending], held: [...read.held, ...held] };
    pipelines.set(pipeline, { began, reading: both });
  }
}

function demandOf(demand: Map<string, Demand>, { of, ref }: Waiting, isProtected: IsProtected): Demand {
  const known = ref === undefined ? undefined : isProtected(of.kind.project, ref);
  const name = known === undefined ? of.name : `${of.name} ${known}`;
  const before = demand.get(name);
  if (before !== undefined) return before;
  const kind = known === undefined ? of.kind : { ...of.kind, protected: known };
  const fresh = { kind, pending: [] };
  demand.set(name, fresh);
  return fresh;
}
