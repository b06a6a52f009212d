import type { LaunchRequest } from '../../../controller/ports.ts';
import type { Duration } from '../../../engine/time.ts';
import type { AutoScaling } from '../auto-scaling/auto-scaling.ts';
import type { GroupDescription, PutLifecycleHookRequest } from '../auto-scaling/group-requests.ts';
import type { Ec2 } from '../ec2/ec2.ts';
import { Ec2Error } from '../ec2/error.ts';
import { FLEET_TAG, GROUP_TAG } from '../fleet.ts';
import { countsFor, unfilled } from './membership.ts';

/** The hooks of a group, by what they keep waiting. */
export const HOOK = { launch: 'runtide-launch', termination: 'runtide-terminate' } as const;

/** How a pool's group is to be. */
export interface WantedGroup {
  readonly group: string;
  readonly subnets: readonly string[];
  readonly most: number;
  readonly heartbeat: Duration;
  readonly template: LaunchRequest['template'];
}

function hooksOf(heartbeat: Duration): readonly Omit<PutLifecycleHookRequest, 'group'>[] {
  const settings = { heartbeatTimeout: heartbeat, defaultResult: 'ABANDON' } as const;
  return [
    { name: HOOK.launch, transition: 'autoscaling:EC2_INSTANCE_LAUNCHING', ...settings },
    { name: HOOK.termination, transition: 'autoscaling:EC2_INSTANCE_TERMINATING', ...settings },
  ];
}

/** Keeps groups as they must be: owned, protected, and waiting for a word at both ends of a life. */
export class MemoryGroupSettings {
  readonly #autoScaling: AutoScaling;
  readonly #ec2: Ec2;
  readonly #installation: string;

  constructor(autoScaling: AutoScaling, ec2: Ec2, installation: string) {
    this.#autoScaling = autoScaling;
    this.#ec2 = ec2;
    this.#installation = installation;
  }

  isOurs({ tags }: GroupDescription): boolean {
    return tags.some(({ key, value }) => key === FLEET_TAG.installation && value === this.#installation);
  }

  /** Makes the group, or mends what somebody changed of it; never its desired capacity. */
  ensure(pool: string, wanted: WantedGroup): GroupDescription {
    const found = this.#find(wanted.group) ?? this.#create(pool, wanted);
    this.refuseForeign(found);
    this.#mend(found, wanted);
    return this.#find(wanted.group) ?? found;
  }

  /** Throws where the group is not this installation's. */
  refuseForeign(found: GroupDescription): void {
    if (this.isOurs(found)) return;
    const owner = found.tags.find(({ key }) => key === FLEET_TAG.installation)?.value;
    const why = owner === undefined ? 'somebody else has made it' : `installation ${owner} has it`;
    throw new Ec2Error('AlreadyExists', `group ${found.name} cannot be used: ${why}`);
  }

  /** Has the group launch what the request says, and nothing else. */
  order(described: GroupDescription, request: LaunchRequest): void {
    const { pool, count, offerings, slots, maxJobs, generation, template } = request;
    const { name } = described;
    const [{ market } = { market: 'on-demand' }] = offerings;
    this.#autoScaling.createOrUpdateTags(
      Object.entries({
        [FLEET_TAG.pool]: pool,
        [FLEET_TAG.slots]: String(slots),
        [FLEET_TAG.generation]: generation,
        [GROUP_TAG]: name,
        ...(maxJobs !== undefined && { [FLEET_TAG.maxJobs]: String(maxJobs) }),
      }).map(([key, value]) => ({ group: name, key, value, propagateAtLaunch: true })),
    );
    const [version = ''] = template.version.split('/');
    this.#autoScaling.updateAutoScalingGroup({
      name,
      mixedInstancesPolicy: {
        template: { id: template.id, version },
        overrides: [...new Set(offerings.map(({ instanceType }) => instanceType))].map((instanceType) => ({
          instanceType,
        })),
        distribution: {
          onDemandBaseCapacity: this.#onDemand(described) + (market === 'spot' ? 0 : count),
          // Another share would have the group replace members of the other market.
          onDemandPercentageAboveBaseCapacity: 0,
          spotAllocationStrategy: 'price-capacity-optimized',
        },
      },
    });
  }

  /** On-demand members, and what was ordered as such before. */
  #onDemand(described: GroupDescription): number {
    const { onDemandBaseCapacity: base = 0 } = described.mixedInstancesPolicy?.distribution ?? {};
    const members = described.instances
      .filter(countsFor)
      .filter(({ id }) => this.#ec2.instance(id)?.market === 'on-demand').length;
    return members + Math.min(unfilled(described), Math.max(0, base - members));
  }

  #find(name: string): GroupDescription | undefined {
    return this.#autoScaling.describeAutoScalingGroups({ names: [name] }).items[0];
  }

  #create(pool: string, wanted: WantedGroup): GroupDescription {
    const { group: name, template, subnets, most, heartbeat } = wanted;
    this.#autoScaling.createAutoScalingGroup({
      name,
      minSize: 0,
      maxSize: most,
      desiredCapacity: 0,
      subnets,
      mixedInstancesPolicy: {
        template,
        overrides: [],
        distribution: { onDemandPercentageAboveBaseCapacity: 0 },
      },
      newInstancesProtectedFromScaleIn: true,
      capacityRebalance: false,
      instanceLifecyclePolicy: { terminateHookAbandon: 'retain' },
      lifecycleHooks: hooksOf(heartbeat),
      tags: [
        { key: FLEET_TAG.installation, value: this.#installation, propagateAtLaunch: true },
        { key: FLEET_TAG.pool, value: pool, propagateAtLaunch: true },
      ],
    });
    this.#autoScaling.suspendProcesses({ group: name, processes: ['AZRebalance'] });
    const made = this.#find(name);
    if (made === undefined) throw new Ec2Error('ValidationError', `group ${name} was not made`);
    return made;
  }

  #mendProcesses({ name, suspendedProcesses }: GroupDescription, heartbeat: Duration): void {
    const there = new Set(this.#autoScaling.describeLifecycleHooks(name).map((hook) => hook.name));
    for (const hook of hooksOf(heartbeat)) {
      if (!there.has(hook.name)) this.#autoScaling.putLifecycleHook({ group: name, ...hook });
    }
    if (suspendedProcesses.some((process) => process.name === 'AZRebalance')) return;
    this.#autoScaling.suspendProcesses({ group: name, processes: ['AZRebalance'] });
  }

  #mend(found: GroupDescription, { most, template, heartbeat }: WantedGroup): void {
    this.#mendProcesses(found, heartbeat);
    const { name, maxSize, minSize, newInstancesProtectedFromScaleIn, instances, mixedInstancesPolicy } =
      found;
    const other = mixedInstancesPolicy?.template.version !== template.version;
    if (maxSize !== most || minSize !== 0 || !newInstancesProtectedFromScaleIn || other) {
      this.#autoScaling.updateAutoScalingGroup({
        name,
        minSize: 0,
        maxSize: most,
        newInstancesProtectedFromScaleIn: true,
        mixedInstancesPolicy: { template },
      });
    }
    const bare = instances.filter(
      ({ protectedFromScaleIn, lifecycleState }) => !protectedFromScaleIn && lifecycleState === 'InService',
    );
    if (bare.length === 0) return;
    this.#autoScaling.setInstanceProtection({
      group: name,
      ids: bare.map(({ id }) => id),
      protectedFromScaleIn: true,
    });
  }
}
