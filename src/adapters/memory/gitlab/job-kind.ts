import type { JobFit } from './runner.ts';

/** The same for all jobs that the same runners may take. */
export function kindOf(job: JobFit): string {
  return `${job.project.id} ${job.protected ? 'protected' : ''} ${job.tags.join(',')}`;
}
