import type { ScalingActivity } from '../../../adapters/memory/auto-scaling/group-requests.ts';
import type { XmlTree } from '../xml.ts';

/** One activity, wherever it is answered. */
export function activityXml(activity: ScalingActivity): XmlTree {
  return {
    ActivityId: activity.id,
    AutoScalingGroupName: activity.group,
    AutoScalingGroupARN: activity.groupArn,
    Description: activity.description,
    Cause: activity.cause,
    StartTime: new Date(activity.startedAt),
    EndTime: activity.endedAt === undefined ? undefined : new Date(activity.endedAt),
    StatusCode: activity.status,
    StatusMessage: activity.statusMessage,
    Progress: activity.progress,
    Details: activity.details,
  };
}
