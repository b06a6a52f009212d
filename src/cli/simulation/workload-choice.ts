import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { closest } from '../../config/spelling.ts';
import { ADVERSARIAL, isAdversarial } from '../../simulator/adversarial.ts';
import type { OwnContender } from '../../simulator/autoscalers.ts';
import { generateWorkload } from '../../simulator/generator.ts';
import { readHistory } from '../../simulator/history-file.ts';
import type { Workload } from '../../simulator/workload.ts';
import { complain } from '../options.ts';
import { servedBy, taggedFor } from './served-jobs.ts';

/** A size in thousands of jobs a week, such as 20k. */
const SIZE = /^([1-9]\d{0,2})k$/;
const NAMES = ['2k', '20k', '100k', ...Object.keys(ADVERSARIAL)];

/** For `--workload`: refuses what stands for none. */
export function workloadName(text: string): string {
  if (SIZE.test(text) || isAdversarial(text)) return text;
  const near = closest(text, NAMES);
  const meant = near === undefined ? '.' : `, did you mean ${near}?`;
  throw new InvalidArgumentError(
    `There is no "${text}"${meant} There are ${NAMES.join(', ')}, and other thousands of jobs a week.`,
  );
}

/** Which jobs are asked for: those of a file where there is one, else generated ones. */
export interface WorkloadChoice {
  readonly history?: string;
  /** One that `workloadName` takes. */
  readonly workload: string;
  readonly seed: number;
}

/** The workload that is asked for, as far as the operator's policies serve its jobs; what is left out is said. */
export async function chosenWorkload(
  { history, workload, seed }: WorkloadChoice,
  own: readonly OwnContender[],
): Promise<Workload> {
  if (history === undefined) return taggedFor(own, generated(workload, seed));
  const served = servedBy(own, await recorded(history));
  for (const [tags, count] of served.leftOut)
    complain(`left out: ${count} of jobs ${tags}, which a policy of yours has no pool for`);
  if (served.workload.pipelines.length > 0) return served.workload;
  throw new Error(
    `simulating ${history}: your policies have no pool for any of its jobs; give one the tags of the jobs`,
  );
}

function generated(name: string, seed: number): Workload {
  if (isAdversarial(name)) return ADVERSARIAL[name](seed);
  const jobsPerWeek = Number(SIZE.exec(name)?.[1]) * 1000;
  return { ...generateWorkload({ jobsPerWeek, weeks: 1, seed }), name };
}

async function recorded(file: string): Promise<Workload> {
  const { workload, leftOut } = readHistory(basename(file), await textOf(file));
  for (const { why, count } of leftOut) complain(`left out: ${count} ${why}`);
  return workload;
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`reading the history in ${file}: ${why}; name a file with --history`, { cause: error });
  }
}
