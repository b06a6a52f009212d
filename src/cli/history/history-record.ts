import type { PastProject } from '../../adapters/gitlab/jobs/job-history.ts';
import type { EndedJob } from '../../adapters/gitlab/client/schemas.ts';
import type { Instant } from '../../engine/time.ts';
import type { Naming } from './history-names.ts';

/** One job as a line of the file, named as GitLab's API names it; nothing in it is about a person. */
export function historyLine({ path }: PastProject, job: EndedJob, named: Naming): string {
  const { id, pipeline, name, stage, status, ref, tag_list, duration, queued_duration } = job;
  const record = {
    id,
    pipeline_id: pipeline.id,
    project: named('project', path),
    name: named('job', name),
    stage,
    status,
    tag_list: tag_list ?? [],
    ref: ref === undefined || ref === null ? null : named('ref', ref),
    created_at: text(job.created_at),
    started_at: text(job.started_at),
    finished_at: text(job.finished_at),
    duration: duration ?? null,
    queued_duration: queued_duration ?? null,
  };
  return `${JSON.stringify(record)}\n`;
}

function text(at: Instant | null | undefined): string | null {
  return at === undefined || at === null ? null : new Date(at).toISOString();
}
