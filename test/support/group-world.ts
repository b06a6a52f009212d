import { AutoScaling } from '../../src/adapters/memory/auto-scaling/auto-scaling.ts';
import type { AutoScalingOptions } from '../../src/adapters/memory/auto-scaling/auto-scaling-options.ts';
import type {
  CreateGroupRequest,
  GroupDescription,
  GroupInstance,
  LifecycleActionEvent,
} from '../../src/adapters/memory/auto-scaling/group-requests.ts';
import { VirtualClock } from '../../src/adapters/memory/clock.ts';
import { Ec2 } from '../../src/adapters/memory/ec2/ec2.ts';
import type { Ec2Options } from '../../src/adapters/memory/ec2/ec2-options.ts';
import { Ec2Error } from '../../src/adapters/memory/ec2/error.ts';
import type { LaunchTemplateData } from '../../src/adapters/memory/ec2/launch-template.ts';
import { defaultPlace } from '../../src/adapters/memory/ec2/place.ts';
import { seconds } from '../../src/engine/time.ts';

/** A group named `pool` of m7i.large in three zones, over an EC2 whose machines take 5 s for everything. */
export function groupWorld(
  change: Partial<CreateGroupRequest> = {},
  options: Partial<AutoScalingOptions> & { readonly ec2Options?: Partial<Ec2Options> } = {},
  data: LaunchTemplateData = {},
) {
  const clock = new VirtualClock();
  const { ec2Options, ...rest } = options;
  const times = { pendingFor: seconds(5), shutdownFor: seconds(5) };
  const ec2 = new Ec2({ timers: clock, seed: 7, ...times, ...ec2Options });
  const { id: template } = ec2.createLaunchTemplate({
    name: 'pool',
    data: { imageId: 'ami-0a000000000000001', instanceType: 'm7i.large', ...data },
  });
  const groups = new AutoScaling({ timers: clock, ec2, seed: 11, ...rest });
  groups.createAutoScalingGroup({
    name: 'pool',
    minSize: 0,
    maxSize: 10,
    subnets: defaultPlace.subnets.map(({ id }) => id),
    ...(change.mixedInstancesPolicy === undefined && { template: { id: template, version: '$Latest' } }),
    ...change,
  });
  const actions: LifecycleActionEvent[] = [];
  groups.onLifecycleAction((event) => actions.push(event));
  const group = (): GroupDescription => {
    const known = groups.group('pool');
    if (known === undefined) throw new Error('the group is gone');
    return known;
  };
  const member = (index = 0): GroupInstance => {
    const found = group().instances[index];
    if (found === undefined) throw new Error(`the group has no member ${index}`);
    return found;
  };
  return {
    clock,
    ec2,
    template,
    groups,
    actions,
    group,
    member,
    /** The states of the members, in the order in which they came. */
    states: (): readonly string[] => group().instances.map((one) => one.lifecycleState),
    desire: (desiredCapacity: number): void => groups.setDesiredCapacity({ group: 'pool', desiredCapacity }),
    /** Descriptions and messages of all activities, newest first. */
    said: (): readonly string[] =>
      groups
        .describeScalingActivities({ group: 'pool' })
        .items.map(({ status, description, statusMessage }) => `${status}: ${statusMessage ?? description}`),
  };
}

/** The refusal's code and message. */
export function refusalOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return error instanceof Ec2Error ? `${error.code}: ${error.message}` : String(error);
  }
  return 'no error';
}
