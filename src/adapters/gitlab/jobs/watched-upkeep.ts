import type { Upkeep } from '../../../controller/upkeep.ts';
import { minutes } from '../../../engine/time.ts';
import type { GitLabJobs } from './jobs.ts';

/**
 * Raises an alarm while a project or a group that the configuration names cannot be read: until it can, nothing is
 * scaled in, because its jobs are not known.
 */
export function watchedUpkeep(jobs: Pick<GitLabJobs, 'problem'>): Upkeep {
  return {
    name: 'watched projects',
    every: () => minutes(1),
    async tend() {
      const problem = jobs.problem();
      if (problem === undefined) return [];
      return [
        { about: 'watched projects', why: `${problem.message}; nothing is scaled in until it can be read` },
      ];
    },
  };
}
