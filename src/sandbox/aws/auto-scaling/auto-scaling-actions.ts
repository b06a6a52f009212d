import type { AutoScaling } from '../../../adapters/memory/auto-scaling/auto-scaling.ts';
import type { QueryParameters } from '../query-parameters.ts';
import type { XmlTree } from '../xml.ts';
import { activityActions } from './activity-actions.ts';
import { groupActions } from './group-actions.ts';
import { groupTagActions } from './group-tag-actions.ts';
import { hookActions } from './hook-actions.ts';
import { memberActions } from './member-actions.ts';
import { policyActions } from './policy-actions.ts';
import { processActions } from './process-actions.ts';
import { refreshActions } from './refresh-actions.ts';

/** Reads a request to its end, carries it out and answers the members of its result, where it has one. */
export type AutoScalingAction = (parameters: QueryParameters, groups: AutoScaling) => XmlTree | undefined;

/** Every action of Auto Scaling that the double knows. */
export const autoScalingActions: ReadonlyMap<string, AutoScalingAction> = new Map(
  Object.entries<AutoScalingAction>({
    ...groupActions,
    ...memberActions,
    ...hookActions,
    ...processActions,
    ...activityActions,
    ...groupTagActions,
    ...policyActions,
    ...refreshActions,
  }),
);
