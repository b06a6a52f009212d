import type { JobSnapshot } from '../engine/job.ts';
import { elapsed, type Instant, instant, minutes, seconds } from '../engine/time.ts';
import type { PipelineRef } from './ports.ts';

/** A webhook may take so long: a job that waits for less proves nothing against them. */
const DELIVERY_TIME = seconds(10);
/** How long one finding counts. */
const AGREEMENT_LASTS = minutes(24 * 60);
const SILENCE_LASTS = minutes(60);
/** Announcements older than any job that a sweep may find for the first time. */
const ANNOUNCEMENT_LASTS = minutes(60);

/**
 * Whether webhooks tell what sweeps find. GitLab drops deliveries without a word where an installation has too many,
 * and disables webhooks that failed: only the comparison shows it.
 */
export class HookEvidence {
  readonly #announced = new Map<number, Instant>();
  /** Projects of which a sweep found a job that no webhook had announced, and when. */
  readonly #silent = new Map<number, Instant>();
  #agreedAt: Instant | undefined;
  /** Ids grow with time: of the jobs up to this one it is decided whether a webhook told of them. */
  #judgedUpTo: number | undefined;

  /** Webhooks have named these pipelines. */
  announced(pipelines: readonly PipelineRef[], now: Instant): void {
    for (const { project } of pipelines) this.#announced.set(project, now);
  }

  /** The jobs were read: by a sweep, or because webhooks named their pipelines. */
  read({ demand }: JobSnapshot, now: Instant): void {
    const before = this.#judgedUpTo;
    let newest = before ?? 0;
    let undecided = Infinity;
    for (const { kind, pending } of demand) {
      for (const { id, queuedAt } of pending) {
        if (before !== undefined && id <= before) continue;
        newest = Math.max(newest, id);
        // What waits at the first reading may have been announced before anybody listened.
        if (before !== undefined && !this.#judge(kind.project, queuedAt, now))
          undecided = Math.min(undecided, id);
      }
    }
    this.#judgedUpTo = Math.min(newest, undecided - 1);
  }

  /** Undefined while there is nothing to compare. */
  agree(now: Instant): boolean | undefined {
    this.#forgetOld(now);
    if (this.#silent.size > 0) return false;
    return this.#agreedAt === undefined ? undefined : true;
  }

  /** Projects whose webhooks have not told what a sweep found. */
  silent(now: Instant): readonly number[] {
    this.#forgetOld(now);
    return [...this.#silent.keys()].toSorted((a, b) => a - b);
  }

  /** Whether it is decided if a webhook has told of the job. */
  #judge(project: number, queuedAt: Instant, now: Instant): boolean {
    const announcedAt = this.#announced.get(project);
    // GitLab's clock, by which it says since when a job waits, may be a little ahead of ours.
    if (announcedAt !== undefined && announcedAt >= instant(queuedAt - DELIVERY_TIME)) {
      this.#silent.delete(project);
      this.#agreedAt = now;
      return true;
    }
    if (elapsed(queuedAt, now) <= DELIVERY_TIME) return false;
    this.#silent.set(project, now);
    return true;
  }

  #forgetOld(now: Instant): void {
    for (const [project, at] of this.#announced) {
      if (elapsed(at, now) > ANNOUNCEMENT_LASTS) this.#announced.delete(project);
    }
    for (const [project, at] of this.#silent) {
      if (elapsed(at, now) > SILENCE_LASTS) this.#silent.delete(project);
    }
    if (this.#agreedAt !== undefined && elapsed(this.#agreedAt, now) > AGREEMENT_LASTS)
      this.#agreedAt = undefined;
  }
}
