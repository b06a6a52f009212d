import type { Upkeep } from '../../../controller/upkeep.ts';
import { minutes } from '../../../engine/time.ts';
import type { GitLabNamedProjects } from './named-projects.ts';

/** Raises an alarm while a project that a cap names by its path is not known: until then it has no cap of its own. */
export function cappedUpkeep(projects: Pick<GitLabNamedProjects, 'lookUp' | 'unknown'>): Upkeep {
  return {
    name: 'capped projects',
    every: () => minutes(1),
    async tend(signal) {
      await projects.lookUp(signal);
      return Array.from(projects.unknown(), ([path, why]) => ({
        about: `cap of project ${path}`,
        why: `${why}; until it is found it has no cap of its own`,
        next: 'name it as it is in GitLab, or by its id, under projectCaps',
      }));
    },
  };
}
