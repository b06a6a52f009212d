import {
  type AutoScalingClient,
  DescribePoliciesCommand,
  type LifecycleHook,
  type ScalingPolicy,
} from '@aws-sdk/client-auto-scaling';
import type { CallLimits } from '../aws-call.ts';
import { TAG } from '../instance-tags.ts';
import { type DescribedGroup, ownerOf } from './described-group.ts';
import { groupCall, refusedGroup } from './group-call.ts';
import type { GroupPool, Ownership } from './group-pool.ts';
import { describeHooks, isHook, wantedHooks } from './lifecycle-hooks.ts';
import { hasWeights, templateOf } from './market-policy.ts';
import { REBALANCING } from './own-group.ts';

/** Something that a group must have and does not, and the command that mends it. */
export interface Lack {
  readonly what: string;
  readonly mend: string;
}

/** A group with what its description does not say. */
export interface WholeGroup {
  readonly group: DescribedGroup;
  readonly hooks: readonly LifecycleHook[];
  readonly policies: readonly ScalingPolicy[];
}

/** The group with its hooks and scaling policies. Throws `PortError`. */
export async function describeWhole(
  client: AutoScalingClient,
  group: DescribedGroup,
  limits: () => CallLimits,
): Promise<WholeGroup> {
  const hooks = await describeHooks(client, group.name, limits());
  return { group, hooks, policies: await describePolicies(client, group.name, limits()) };
}

/** The scaling policies of a group that are in force. Throws `PortError`. */
export async function describePolicies(
  client: AutoScalingClient,
  group: string,
  limits: CallLimits,
): Promise<readonly ScalingPolicy[]> {
  const answer = await groupCall(`looking at the scaling policies of group ${group}`, limits, (options) =>
    client.send(new DescribePoliciesCommand({ AutoScalingGroupName: group }), options),
  );
  return (answer.ScalingPolicies ?? []).filter(({ Enabled }) => Enabled !== false);
}

/** Throws `refused` for a group that another has taken, or that nobody has given to Runtide. */
export function checkOwner(
  pool: string,
  group: DescribedGroup,
  { attached }: GroupPool,
  { installation }: Pick<Ownership, 'installation'>,
): void {
  const doing = `using group ${group.name} for pool ${pool}`;
  const owner = ownerOf(group);
  if (owner === installation) return;
  if (owner !== undefined) {
    const next =
      'give the pool another group, or take the runtide: tags off that group once the other has let go';
    throw refusedGroup(doing, `installation ${owner} has it`, next);
  }
  if (attached)
    throw refusedGroup(doing, 'no installation has been given it', giving(group.name, installation));
  const next = `delete it, or write instances.group.name: ${group.name} to attach it`;
  throw refusedGroup(doing, 'somebody else has made it', next);
}

/** The command by which an operator gives a group to an installation. */
function giving(group: string, installation: string): string {
  return `aws autoscaling create-or-update-tags --tags ResourceId=${group},ResourceType=auto-scaling-group,Key=${TAG.installation},Value=${installation},PropagateAtLaunch=true`;
}

/** Throws `refused` for a group whose types have weights: its capacity is no number of instances. */
export function checkWeights(pool: string, group: DescribedGroup): void {
  if (!hasWeights(group)) return;
  const doing = `using group ${group.name} for pool ${pool}`;
  throw refusedGroup(doing, 'its instance types have weights', 'remove WeightedCapacity from its overrides');
}

/** Throws `refused` for a group that scales by itself: two would decide. */
export function checkPolicies(pool: string, group: string, policies: readonly ScalingPolicy[]): void {
  const [first] = policies;
  if (first === undefined) return;
  const name = first.PolicyName ?? '';
  const doing = `using group ${group} for pool ${pool}`;
  const next = `aws autoscaling delete-policy --auto-scaling-group-name ${group} --policy-name ${name}`;
  throw refusedGroup(doing, `it scales by itself, by policy ${name}`, next);
}

const cli = (action: string, group: string, options: string): string =>
  `aws autoscaling ${action} --auto-scaling-group-name ${group} ${options}`;

function lackingHooks({ group, hooks }: WholeGroup, { heartbeat }: GroupPool): readonly Lack[] {
  return wantedHooks(heartbeat)
    .filter((wanted) => !hooks.some((hook) => isHook(wanted, hook)))
    .map(({ LifecycleHookName: name, LifecycleTransition: transition, HeartbeatTimeout, DefaultResult }) => ({
      what: `lifecycle hook ${name} (${transition}, ${HeartbeatTimeout} s, ${DefaultResult})`,
      mend: cli(
        'put-lifecycle-hook',
        group.name,
        `--lifecycle-hook-name ${name} --lifecycle-transition ${transition} --heartbeat-timeout ${HeartbeatTimeout} --default-result ${DefaultResult}`,
      ),
    }));
}

/** The processes that a group cannot do its work without. */
const NEEDED_PROCESSES = ['Launch', 'Terminate'];

/** Processes of the group that somebody has suspended and that its work needs. */
export function missingProcesses({ said }: DescribedGroup): readonly string[] {
  const suspended = new Set(said.SuspendedProcesses?.map(({ ProcessName }) => ProcessName));
  return NEEDED_PROCESSES.filter((name) => suspended.has(name));
}

/** The command that has a group do again what it was kept from. */
export function resuming(group: string, processes: readonly string[]): string {
  return cli('resume-processes', group, `--scaling-processes ${processes.join(' ')}`);
}

function suspends({ said }: DescribedGroup, process: string): boolean {
  return said.SuspendedProcesses?.some(({ ProcessName }) => ProcessName === process) === true;
}

type Need = readonly [what: string, has: (group: DescribedGroup) => boolean, action: string, options: string];

const NEEDS: readonly Need[] = [
  [
    'a launch template: launch configurations tell no metadata of instances',
    (group) => templateOf(group) !== undefined,
    'update-auto-scaling-group',
    "--launch-template 'LaunchTemplateId=ID,Version=$Default'",
  ],
  [
    'protection of new instances from scale-in',
    ({ said }) => said.NewInstancesProtectedFromScaleIn === true,
    'update-auto-scaling-group',
    '--new-instances-protected-from-scale-in',
  ],
  [
    'no capacity rebalancing: it ends instances that have jobs',
    ({ said }) => said.CapacityRebalance !== true,
    'update-auto-scaling-group',
    '--no-capacity-rebalance',
  ],
  [
    `process ${REBALANCING} suspended: it ends instances that have jobs`,
    (group) => suspends(group, REBALANCING),
    'suspend-processes',
    `--scaling-processes ${REBALANCING}`,
  ],
  [
    'a lifecycle policy that retains instances whose end was not answered',
    ({ said }) => said.InstanceLifecyclePolicy?.RetentionTriggers?.TerminateHookAbandon === 'retain',
    'update-auto-scaling-group',
    "--instance-lifecycle-policy 'RetentionTriggers={TerminateHookAbandon=retain}'",
  ],
  ['no warm pool', ({ said }) => said.WarmPoolConfiguration === undefined, 'delete-warm-pool', ''],
];

/** Everything that an attached group must have and does not. */
export function lacksOf(whole: WholeGroup, settings: GroupPool): readonly Lack[] {
  const { group, policies } = whole;
  const { name } = group;
  const plain = NEEDS.filter(([, has]) => !has(group)).map(([what, , action, options]) => ({
    what,
    mend: cli(action, name, options).trim(),
  }));
  const processes = missingProcesses(group).map((process) => ({
    what: `process ${process}, which is suspended`,
    mend: resuming(name, [process]),
  }));
  const scaling = policies.map(({ PolicyName = '' }) => ({
    what: `no scaling policy, such as ${PolicyName}`,
    mend: cli('delete-policy', name, `--policy-name ${PolicyName}`),
  }));
  const weights = hasWeights(group)
    ? [{ what: 'instance types without weights', mend: 'remove WeightedCapacity from its overrides' }]
    : [];
  const room =
    group.max < settings.max
      ? [
          {
            what: `room for ${settings.max} instances, the pool's max and surge: its maximum is ${group.max}`,
            mend: cli('update-auto-scaling-group', name, `--max-size ${settings.max}`),
          },
        ]
      : [];
  return [...plain, ...processes, ...lackingHooks(whole, settings), ...scaling, ...weights, ...room];
}
