import { z } from 'zod';
import type { RunnerChange } from '../../adapters/memory/gitlab/runner.ts';
import { seconds } from '../../engine/time.ts';
import { flag } from './parameters.ts';

const LONGEST_NOTE = 1024;

/** Tags as a list or as text with commas. */
export const tagList = z.union([
  z.array(z.string()),
  z.string().transform((text) => text.split(',').filter(Boolean)),
]);

/** What may be said of a runner, at its creation or later. */
export const runnerFields = z.object({
  description: z.string().nullish(),
  paused: flag.nullish(),
  locked: flag.nullish(),
  run_untagged: flag.nullish(),
  tag_list: tagList.nullish(),
  access_level: z.enum(['not_protected', 'ref_protected']).nullish(),
  maximum_timeout: z.coerce.number().int().positive().nullish(),
  maintenance_note: z.string().max(LONGEST_NOTE).nullish(),
});
type RunnerFields = z.output<typeof runnerFields>;

/** The same in the model's words. */
export function changeOf(asked: RunnerFields): RunnerChange {
  return {
    ...(asked.description == null ? {} : { description: asked.description }),
    ...(asked.paused == null ? {} : { paused: asked.paused }),
    ...(asked.locked == null ? {} : { locked: asked.locked }),
    ...(asked.run_untagged == null ? {} : { runUntagged: asked.run_untagged }),
    ...(asked.tag_list == null ? {} : { tags: asked.tag_list }),
    ...(asked.access_level == null ? {} : { accessLevel: asked.access_level }),
    ...(asked.maximum_timeout == null ? {} : { maximumTimeout: seconds(asked.maximum_timeout) }),
    ...(asked.maintenance_note == null ? {} : { maintenanceNote: asked.maintenance_note }),
  };
}

/** Whether a runner of these fields could take no job at all, in GitLab's words. */
export function uselessRunner(tags: readonly string[], runUntagged: boolean): string | undefined {
  return tags.length === 0 && !runUntagged
    ? 'Tags list can not be empty when runner is not allowed to pick untagged jobs'
    : undefined;
}
