import { instanceIdOf } from '../../../controller/system-id.ts';
import type { HeldJob, JobKind, PendingJob } from '../../../engine/job.ts';
import { type Instant, instant } from '../../../engine/time.ts';
import type { GitLabJob } from '../client/schemas.ts';

/** A kind and a name that equal kinds share. */
export interface NamedKind {
  readonly name: string;
  readonly kind: JobKind;
}

/** A branch or a tag. */
export interface Ref {
  readonly name: string;
  readonly tag: boolean;
}

/** A waiting job; of its kind only the protection may still be unknown, and `ref` tells what that depends on. */
export interface Waiting {
  readonly of: NamedKind;
  /** Absent where the job is of neither a branch nor a tag, as those of merge requests. */
  readonly ref?: Ref;
  readonly job: PendingJob;
}

/** What matters of one pipeline's jobs. */
export interface PipelineReading {
  readonly pending: readonly Waiting[];
  readonly held: readonly HeldJob[];
  /** Jobs created in later stages; undefined where the reading did not ask for them. */
  readonly later: number | undefined;
}

/** A reading under way. */
export interface PipelineDraft extends PipelineReading {
  readonly pending: Waiting[];
  readonly held: HeldJob[];
  later: number | undefined;
}

/** Keeps equal kinds as one object. */
export class Kinds {
  readonly #known = new Map<string, NamedKind>();
  /** By the tags as they are given: sorting them for every job would take long. */
  readonly #given = new Map<string, NamedKind>();

  of(project: number, tags: readonly string[]): NamedKind {
    const given = `${project}\0${tags.join('\0')}`;
    const seen = this.#given.get(given) ?? this.#sorted(project, tags);
    this.#given.set(given, seen);
    return seen;
  }

  #sorted(project: number, tags: readonly string[]): NamedKind {
    const sorted = [...new Set(tags)].toSorted();
    const name = JSON.stringify([project, sorted]);
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const named = { name, kind: { project, tags: sorted } };
    this.#known.set(name, named);
    return named;
  }
}

/** A reading without jobs yet. */
export function emptyDraft(): PipelineDraft {
  return { pending: [], held: [], later: undefined };
}

/** The draft of a pipeline, made where there is none. */
export function draftOf(pipelines: Map<number, PipelineDraft>, id: number): PipelineDraft {
  const known = pipelines.get(id);
  if (known !== undefined) return known;
  const draft = emptyDraft();
  pipelines.set(id, draft);
  return draft;
}

/**
 * Adds one of GitLab's jobs as it was read at `now`: waiting for a runner, held by one (in handover,
 * running, or ending after a cancellation), created for later, or none of our business.
 */
export function addJob(draft: PipelineDraft, job: GitLabJob, kinds: Kinds, now: Instant): void {
  if (isWaiting(job)) {
    const ref = refOf(job);
    draft.pending.push({
      of: kinds.of(job.pipeline.project_id, job.tag_list),
      ...(ref !== undefined && { ref }),
      job: { id: job.id, queuedAt: queuedAt(job, now) },
    });
  } else if (isHeld(job)) {
    draft.held.push(heldJob(job));
  } else if (job.status === 'created') {
    draft.later = (draft.later ?? 0) + 1;
  }
}

/** Jobs of merge requests have refs of their own kind; whether GitLab takes one for protected is not told. */
function refOf({ ref, tag }: GitLabJob): Ref | undefined {
  if (typeof ref !== 'string' || typeof tag !== 'boolean' || ref.startsWith('refs/')) return undefined;
  return { name: ref, tag };
}

function isWaiting(job: GitLabJob): boolean {
  return job.status === 'pending' && !hasRunner(job);
}

function isHeld(job: GitLabJob): boolean {
  return job.status === 'pending' || job.status === 'running' || job.status === 'canceling';
}

function hasRunner(job: GitLabJob): boolean {
  return (job.runner ?? job.runner_manager ?? undefined) !== undefined;
}

function heldJob(job: GitLabJob): HeldJob {
  const systemId = job.runner_manager?.system_id;
  const instance = systemId === undefined ? undefined : instanceIdOf(systemId);
  const held = { id: job.id, project: job.pipeline.project_id };
  return instance === undefined ? held : { ...held, instance };
}

/** GitLab counts the wait itself, so its clock need not agree with ours. */
function queuedAt(job: GitLabJob, now: Instant): Instant {
  const waited = job.queued_duration;
  if (waited === undefined || waited === null) return job.created_at;
  return instant(Math.round(now - Math.max(waited, 0) * 1000));
}
