import type { SessionDifference } from './session-differences.ts';

const EMPTY = 'describe the empty group';
const SUSPENDED = 'describe what is suspended';
const MEMBERS = 'describe its instances';
const REST = 'describe the rest';
const WITHOUT = 'describe the group without it';
const CHANGED = 'describe it with all changes';
const GROUP = 'AutoScalingGroups[]';

/** An answer of moto that is a page of HTML: it does not know the action, or fails in it. */
const FAILURE = [
  '~ error.Code: "ValidationError" | "Error"',
  '~ error.HttpStatus: 400 | 500',
  '~ request id: string | undefined',
];

/** Everything in which the two differ. What is not written here must be the same. */
export const GROUP_SESSION_DIFFERENCES: readonly SessionDifference[] = [
  {
    because: 'Auto Scaling refuses the name of a group that does not exist; moto fails over it',
    steps: ['set the size of a group that does not exist'],
    lines: FAILURE,
  },
  {
    because: 'Auto Scaling refuses an instance that no group has; moto fails over it',
    steps: ['terminate one that is in no group'],
    lines: FAILURE,
  },
  {
    because: 'moto knows no CompleteLifecycleAction',
    steps: ['complete an action that nobody waits for'],
    lines: FAILURE,
  },
  {
    because: 'moto knows neither heartbeats nor CompleteLifecycleAction',
    steps: ['say that it still needs time', 'let it end'],
    lines: ['+ error', '~ request id: string | undefined'],
  },
  {
    because: 'the name of a group is taken once for good in Auto Scaling; moto makes it again',
    steps: ['create it once more'],
    lines: ['- error'],
  },
  {
    because: 'Auto Scaling knows the names of its processes; moto suspends anything',
    steps: ['suspend a process that there is not'],
    lines: ['- error'],
  },
  {
    because: 'Auto Scaling refuses a desired capacity beyond MaxSize; moto launches that many',
    steps: ['order more than the group may have'],
    lines: ['- error'],
  },
  {
    because: 'Auto Scaling protects only what the group has; moto takes any id',
    steps: ['end the protection of one that is in no group'],
    lines: ['- error'],
  },
  {
    because:
      'Auto Scaling deletes a group with instances by force alone; moto always, and then there is none',
    steps: ['delete the group while it has instances'],
    lines: ['- error'],
  },
  {
    because: 'moto has deleted the group already',
    steps: ['delete it by force'],
    lines: ['+ error'],
  },
  {
    because: 'Auto Scaling answers a template by id and name, as moto does; the double as it was named',
    steps: [EMPTY, SUSPENDED, MEMBERS, REST, WITHOUT, CHANGED],
    lines: [`+ ${GROUP}.MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.LaunchTemplateName`],
  },
  {
    because: 'moto knows neither retention after a hook nor traffic sources',
    steps: [EMPTY, SUSPENDED, MEMBERS, REST, WITHOUT, CHANGED],
    lines: [`- ${GROUP}.InstanceLifecyclePolicy`, `- ${GROUP}.TrafficSources`],
  },
  {
    because: 'Auto Scaling says who suspended a process, and when; moto gives an empty reason',
    steps: [SUSPENDED, MEMBERS, REST, WITHOUT],
    lines: [`~ ${GROUP}.SuspendedProcesses[].SuspensionReason: string | empty text`],
  },
  {
    because: 'Auto Scaling writes the health in capitals where it describes instances; moto does not',
    steps: ['describe one of them'],
    lines: ['~ AutoScalingInstances[].HealthStatus: "HEALTHY" | "Healthy"'],
  },
  {
    because: 'moto remembers no activities',
    steps: ['describe what the group has done'],
    lines: ['~ Activities: list | empty list'],
  },
  {
    because: 'moto gives every hook the same role and target, whatever was put',
    steps: ['describe the hooks'],
    lines: ['+ LifecycleHooks[].NotificationTargetARN', '+ LifecycleHooks[].RoleARN'],
  },
  {
    because: 'an activity that goes on has no end; one of moto has ended at once, and says less',
    steps: ['terminate one of them, and order one less'],
    lines: ['+ Activity.EndTime', '- Activity.AutoScalingGroupARN', '- Activity.Details'],
  },
  {
    because: 'a hook holds an instance of Auto Scaling; hooks of moto are records, and the instance is gone',
    steps: [REST],
    lines: [`~ ${GROUP}.Instances[].LifecycleState: "InService" or "Terminating:Wait" | "InService"`],
  },
  {
    because:
      'an update of Auto Scaling keeps of a distribution what it does not name; one of moto forgets it',
    steps: [CHANGED],
    lines: [
      `- ${GROUP}.MixedInstancesPolicy.InstancesDistribution.OnDemandAllocationStrategy`,
      `- ${GROUP}.MixedInstancesPolicy.InstancesDistribution.OnDemandBaseCapacity`,
      `- ${GROUP}.MixedInstancesPolicy.InstancesDistribution.SpotAllocationStrategy`,
    ],
  },
];
