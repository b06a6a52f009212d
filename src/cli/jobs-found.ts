import type { GitLabJobs, JobSourceDescription } from '../adapters/gitlab/jobs/jobs.ts';
import { type Duration, minutes } from '../engine/time.ts';
import { counted } from './options.ts';

/**
 * Reads the jobs once, and says how they are found and what that costs. Throws where a project or a group that the
 * configuration names cannot be read.
 */
export async function jobsFound(
  jobs: GitLabJobs,
  pollInterval: Duration,
  signal: AbortSignal,
): Promise<string> {
  const { demand, held, partial } = (await jobs.sweep(signal)).jobs;
  const problem = jobs.problem();
  if (problem !== undefined) throw problem;
  const pending = demand.reduce((sum, kind) => sum + kind.pending.length, 0);
  const source = jobs.describe();
  const where = source.projects === undefined ? 'the whole instance' : counted(source.projects, 'project');
  const found = `${pending} pending and ${held.length} held in ${where}`;
  const read = partial === undefined ? found : `${found} (${partial})`;
  return `${read}; ${source.source}: ${costOf(source, pollInterval)}`;
}

/** What reading everything costs, and what to do where it does not fit. */
export function costOf(
  { requests, spare, perMinute, projects }: JobSourceDescription,
  pollInterval: Duration,
): string {
  const sweeps = minutes(1) / pollInterval;
  const needed = Math.ceil(requests * sweeps);
  const each = counted(requests, 'request');
  if (needed <= spare) return `${each} a sweep, ${needed} a minute of ${perMinute} allowed`;
  const round = Math.ceil((requests / spare) * 10) / 10;
  return (
    `${each} for all ${counted(projects ?? 0, 'project')}, which would be ${needed} a minute: of ${perMinute} allowed ` +
    `sweeps take ${spare}, so each project is read every ${round} min, those with jobs first; set up webhooks so ` +
    "that new jobs are known at once, or give an administrator's token, watch fewer projects, or raise " +
    '`gitlab.requestsPerMinute`'
  );
}
