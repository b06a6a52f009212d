import { instanceIdOf } from '../../controller/system-id.ts';
import type { HeldJob, JobKind, PendingJob } from '../../engine/job.ts';
import { type Instant, instant } from '../../engine/time.ts';
import type { GitLabJob } from './schemas.ts';

/** A kind and a name that equal kinds share. */
export interface NamedKind {
  readonly name: string;
  readonly kind: JobKind;
}

interface Waiting {
  readonly of: NamedKind;
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

  of(project: number, tags: readonly string[]): NamedKind {
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

/**
 * Adds one of GitLab's jobs as it was read at `now`: waiting for a runner, held by one (in handover,
 * running, or ending after a cancellation), created for later, or none of our business.
 */
export function addJob(draft: PipelineDraft, job: GitLabJob, kinds: Kinds, now: Instant): void {
  if (isWaiting(job)) {
    draft.pending.push({
      of: kinds.of(job.pipeline.project_id, job.tag_list),
      job: { id: job.id, queuedAt: queuedAt(job, now) },
    });
  } else if (isHeld(job)) {
    draft.held.push(heldJob(job));
  } else if (job.status === 'created') {
    draft.later = (draft.later ?? 0) + 1;
  }
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
