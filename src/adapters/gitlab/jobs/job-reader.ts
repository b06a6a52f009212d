import { isPortError, type PortError } from '../../../controller/errors.ts';
import type { Beginning, ProjectReading } from './job-picture.ts';
import type { WatchedProject } from './watched-project.ts';

/** Numbers readings in the order of their beginnings. */
export type Beginnings = () => Beginning;

/** Whether a list is read on beyond what was read of it so far. */
export type MayGoOn = (reading: ProjectReading) => boolean;

/** A project that alone could not be read. */
export interface UnreadableProject {
  readonly project: number;
  readonly failure: PortError;
}

export type ProjectOutcome = ProjectReading | UnreadableProject;

/** One way to read the pending and held jobs of projects, project by project. */
export interface ProjectJobReader {
  /** For people: "REST by project". */
  readonly name: string;
  /** How many projects one request reads, at most. */
  readonly batch: number;
  /**
   * Reads these projects. What concerns one of them alone is its outcome; everything else is thrown. A project whose
   * list is left before its end answers with what was read of it.
   */
  read(
    projects: readonly WatchedProject[],
    mayGoOn: MayGoOn,
    signal: AbortSignal,
  ): Promise<readonly ProjectOutcome[]>;
}

export function isUnreadable(outcome: ProjectOutcome): outcome is UnreadableProject {
  return 'failure' in outcome;
}

/** The outcome of a failure that concerns the project alone; throws every other. */
export function failureOf({ id }: WatchedProject, error: unknown): UnreadableProject {
  if (!concernsOnlyOne(error)) throw error;
  return { project: id, failure: error };
}

/** Whether only the thing asked for is out of reach, and not all of GitLab, as with a token that has expired. */
export function concernsOnlyOne(error: unknown): error is PortError {
  if (isPortError(error, 'not-found')) return true;
  return isPortError(error, 'unauthorized') && !isAboutToken(error);
}

function isAboutToken({ details, message }: PortError): boolean {
  return details.why.includes('answered 401') || message.includes('the token is too narrow');
}
