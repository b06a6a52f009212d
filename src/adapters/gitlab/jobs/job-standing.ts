import type { PortError } from '../../../controller/errors.ts';
import type { JobReading } from '../../../controller/ports.ts';
import { type Instant, instant } from '../../../engine/time.ts';
import type { JobPicture } from './job-picture.ts';
import type { SweepReport } from './project-sweep.ts';

/** What is known beside the jobs since the last sweep. */
export interface Standing extends Pick<JobReading, 'readAt' | 'round'> {
  readonly partial?: string;
}

/** After a sweep of projects, some of which may still have to be read. */
export function standingOfProjects(
  picture: JobPicture,
  watched: readonly number[],
  { read, isEnough, round }: SweepReport,
  problem: PortError | undefined,
): Standing {
  const times = watched.flatMap((project) => picture.readAt(project) ?? []);
  const oldest = times.reduce<number>((before, at) => Math.min(before, at), Infinity);
  const enoughAfter = isEnough ? read : undefined;
  const partial = wordsOf(problem) ?? partialOf(picture, watched.length, times.length, enoughAfter);
  return {
    readAt: instant(times.length === 0 ? 0 : oldest),
    ...(round !== undefined && { round }),
    ...(partial !== undefined && { partial }),
  };
}

/** After all jobs of runners were asked for; `isCut`: their lists were left before their ends. */
export function standingOfRunners(
  readAt: Instant,
  isCut: boolean,
  isEnough: boolean,
  problem: PortError | undefined,
): Standing {
  const cut = isEnough ? 'every pool is full: not all pending jobs read' : 'not all pending jobs read';
  const partial = wordsOf(problem) ?? (isCut ? cut : undefined);
  return { readAt, ...(partial !== undefined && { partial }) };
}

function partialOf(
  picture: JobPicture,
  all: number,
  known: number,
  enoughAfter: number | undefined,
): string | undefined {
  if (enoughAfter !== undefined && enoughAfter < all) {
    return `every pool is full: ${enoughAfter} of ${all} projects read`;
  }
  if (known < all) return `${known} of ${all} projects read`;
  const cut = picture.cut();
  return cut === 0 ? undefined : `not all jobs of ${cut} of ${all} projects read`;
}

function wordsOf(problem: PortError | undefined): string | undefined {
  return problem && `${problem.details.doing}: ${problem.details.why}`;
}
