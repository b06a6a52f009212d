import type { HeldJob, JobKind, JobSnapshot, PendingJob } from '../../engine/job.ts';
import type { NamedKind, PipelineReading } from './job-reading.ts';

/** When a reading began, in the order of beginnings. */
export type Beginning = number;

interface Dated {
  readonly began: Beginning;
  readonly reading: PipelineReading;
}

interface ProjectPicture {
  /** When the last sweep of the project began. */
  readonly swept: Beginning;
  readonly pipelines: Map<number, Dated>;
}

/** A sweep's reading of one project: its pipelines with pending or running jobs. */
export interface ProjectReading {
  readonly project: string;
  readonly began: Beginning;
  readonly pipelines: ReadonlyMap<number, PipelineReading>;
}

interface Demand {
  readonly kind: JobKind;
  readonly pending: PendingJob[];
}

const NOTHING: PipelineReading = { pending: [], held: [], later: 0 };

/**
 * The jobs of all watched projects, put together from sweeps of projects and readings of single
 * pipelines. Readings may overlap: of two, the one that began later stands, whenever they end.
 */
export class JobPicture {
  #beginnings: Beginning = 0;
  #swept = false;
  readonly #projects = new Map<string, ProjectPicture>();

  /** To be called before a reading's first request. */
  begin(): Beginning {
    this.#beginnings += 1;
    return this.#beginnings;
  }

  /** Whether there has been a sweep; before it the picture is unknown, not empty. */
  get known(): boolean {
    return this.#swept;
  }

  /** Replaces everything of the projects, except pipelines whose own reading began later. */
  sweep(readings: readonly ProjectReading[]): void {
    for (const reading of readings) {
      const before = this.#projects.get(reading.project);
      if (before !== undefined && before.swept > reading.began) continue;
      this.#projects.set(reading.project, swept(reading, before));
    }
    this.#swept = true;
  }

  /** Replaces one pipeline's jobs, unless a later reading has; undefined when the pipeline is gone. */
  refresh(project: string, pipeline: number, began: Beginning, reading: PipelineReading | undefined): void {
    const picture = this.#projects.get(project);
    if (picture === undefined || picture.swept > began) return;
    const before = picture.pipelines.get(pipeline);
    if (before !== undefined && before.began > began) return;
    // What is empty is kept until the next sweep: an older sweep that is under way must not bring it back.
    picture.pipelines.set(pipeline, { began, reading: reading ?? NOTHING });
  }

  snapshot(): JobSnapshot {
    const demand = new Map<string, Demand>();
    const held: HeldJob[] = [];
    let later = 0;
    for (const reading of this.#readings()) {
      for (const { of, job } of reading.pending) demandOf(demand, of).pending.push(job);
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

function swept(reading: ProjectReading, before: ProjectPicture | undefined): ProjectPicture {
  const pipelines = new Map<number, Dated>();
  for (const [pipeline, jobs] of reading.pipelines) {
    // A sweep does not read later stages: what the pipeline's own reading counted is the best there is.
    const later = jobs.later ?? before?.pipelines.get(pipeline)?.reading.later;
    pipelines.set(pipeline, { began: reading.began, reading: { ...jobs, later } });
  }
  for (const [pipeline, dated] of before?.pipelines ?? []) {
    if (dated.began > reading.began) pipelines.set(pipeline, dated);
  }
  return { swept: reading.began, pipelines };
}

function demandOf(demand: Map<string, Demand>, { name, kind }: NamedKind): Demand {
  const known = demand.get(name);
  if (known !== undefined) return known;
  const fresh = { kind, pending: [] };
  demand.set(name, fresh);
  return fresh;
}
